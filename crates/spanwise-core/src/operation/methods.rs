//! The methods that operations and builders share.

mod builder;
mod call;
mod content;
mod guard;
mod request;

pub(crate) use builder::{builder_methods, run_method};
pub(crate) use call::{attempt_method, call_setters, cost_method, gateway_method, told_setters};
pub(crate) use content::{input_setters, output_setter};
pub(crate) use guard::guard_methods;
pub(crate) use request::{request_method, request_setters};

/// Gives `$Guard` and `$Builder` the life that all operations share.
macro_rules! operation_methods {
    ($Guard:ident, $Builder:ident, $Kind:ident) => {
        $crate::operation::methods::builder_methods!($Guard, $Builder, $Kind);
        $crate::operation::methods::guard_methods!($Guard, $Kind);
    };
}

pub(crate) use operation_methods;
