//! A Hypha server to embed.
