// Written by `cargo xtask semconv generate`; not edited by hand.

/// The schema that the names follow; every instrumentation scope of ours carries it.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev";
