//! Backends by name.
//!
//! A preset is a destination that knows its product: where it takes OTLP, by which protocol and compression, how
//! it knows who sends, which signals it takes and how large they may be. It is made from the product's own
//! variables or by hand, and everything that it says can be changed:
//! [`TelemetryConfig::preset_with`](crate::TelemetryConfig::preset_with). No variable of OpenTelemetry's changes
//! it, and its keys go to its host alone.
//!
//! ```no_run
//! use spanwise::{Langfuse, TelemetryConfig};
//!
//! # fn main() -> Result<(), spanwise::InitError> {
//! let config = TelemetryConfig::new("support-bot").preset(Langfuse::from_env()?);
//! let telemetry = spanwise::init_telemetry(config)?;
//! # Ok(()) }
//! ```
//!
//! | Product | Preset | Signals |
//! |---|---|---|
//! | Langfuse | [`Langfuse`] | traces |
//! | Phoenix | [`Phoenix`] | traces |

mod backend;
mod host;
mod key;
mod variables;

mod langfuse;
mod phoenix;

pub use backend::{Backend, Variable};
pub use key::ApiKey;
pub use langfuse::{Langfuse, LangfuseRegion};
pub use phoenix::Phoenix;

/// Every backend that there is a preset for, by name.
pub static ALL: [&Backend; 2] = [&langfuse::LANGFUSE, &phoenix::PHOENIX];

/// The backend of this name, such as `langfuse`, in any case.
pub fn by_name(name: &str) -> Option<&'static Backend> {
    ALL.into_iter().find(|backend| backend.name.eq_ignore_ascii_case(name))
}

/// The code of the pages is compiled.
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($page:ident = $name:literal,)*) => {
            $(#[doc = include_str!(concat!("../../../../docs/backends/", $name, ".md"))] struct $page;)*
        };
    }
    pages! {
        All = "README",
        Langfuse = "langfuse",
        Phoenix = "phoenix",
    }
}

#[cfg(test)]
mod tests;
