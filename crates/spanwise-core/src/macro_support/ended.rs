//! How a function ended: any result ends its operation, and an `Err` fails it.
//!
//! Whether a type is a `Result` is asked of the compiler, not of its name: methods of the type itself win
//! over those of a trait.

use std::fmt::Display;

use super::Instrumented;

/// What a function gave back.
#[derive(Debug)]
pub struct Ended<'a, T: ?Sized>(pub &'a T);

/// An error that an operation can end with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot end an operation: it is not `Display`",
    label = "is not `Display`",
    note = "errors that functions end with are `Display + 'static`, as every `std::error::Error` is"
)]
pub trait Failure: Display + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Display + 'static> Failure for E {}

impl<'a, T, E> Ended<'a, Result<T, E>> {
    pub fn value(&self) -> Option<&'a T> {
        self.0.as_ref().ok()
    }

    pub fn end(&self, operation: impl Instrumented)
    where
        E: Failure,
    {
        match self.0 {
            Ok(_) => operation.finish(),
            Err(error) => operation.fail(error),
        }
    }
}

/// Whatever is no `Result`.
pub trait AnyEnded<'a, T: ?Sized> {
    fn value(&self) -> Option<&'a T>;
    fn end(&self, operation: impl Instrumented);
}

impl<'a, T: ?Sized> AnyEnded<'a, T> for Ended<'a, T> {
    fn value(&self) -> Option<&'a T> {
        Some(self.0)
    }

    fn end(&self, operation: impl Instrumented) {
        operation.finish();
    }
}
