//! hypha-client
