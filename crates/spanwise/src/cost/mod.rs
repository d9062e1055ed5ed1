//! What calls cost: published prices, and the program's own.
//!
//! ```text
//! call starts ──► Prices ──► unseen model? ──► own thread: reads the table, finds the model's rates
//! call ends   ──► Prices ──► seen: rates × tokens, on the caller's task
//!                              └─ not seen yet: no number, and a counted miss
//! ```
//! Own tables are looked through first, where the call ends, once for each model.

mod prices;
#[cfg(feature = "cost")]
mod published;
mod rates;
mod seen;
mod table;
#[cfg(feature = "tiktoken")]
mod tiktoken;

pub use prices::Prices;
pub use table::{PriceTable, PriceTableError};
#[cfg(feature = "tiktoken")]
pub use tiktoken::TiktokenEstimator;
