//! The README and the guides, so that their examples are compiled, and run where they need no server.

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {$(
        #[doc = include_str!(concat!("../../", $path))]
        mod $name {}
    )*};
}

pages! {
    readme: "README.md",
    index: "docs/guide/README.md",
    bench: "docs/guide/bench.md",
    blocking: "docs/guide/blocking.md",
    callbacks: "docs/guide/callbacks.md",
    calls: "docs/guide/calls.md",
    codecs: "docs/guide/codecs.md",
    connect: "docs/guide/connect.md",
    encryption: "docs/guide/encryption.md",
    events: "docs/guide/events.md",
    embedding_the_codec: "docs/guide/embedding-the-codec.md",
    files: "docs/guide/files.md",
    generators: "docs/guide/generators.md",
    interfaces: "docs/guide/interfaces.md",
    large_data: "docs/guide/large-data.md",
    layers: "docs/guide/layers.md",
    lookup: "docs/guide/lookup.md",
    production: "docs/guide/production.md",
    reconnection: "docs/guide/reconnection.md",
    schemas: "docs/guide/schemas.md",
    typed_services: "docs/guide/typed-services.md",
    server: "docs/guide/server.md",
    services: "docs/guide/services.md",
    tokens_and_login: "docs/guide/tokens-and-login.md",
    transports: "docs/guide/transports.md",
    values: "docs/guide/values.md",
}
