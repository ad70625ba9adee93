//! hypha-rpc-core
