//! hypha-codec
