//! hypha-transport
