//! hypha-transport-ws
