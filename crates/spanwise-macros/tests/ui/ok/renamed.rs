//! The crate has another name here, and names of the language mean something else.
#![deny(warnings)]
extern crate spanwise_core as telemetry;

use spanwise_macros::tool;

#[allow(dead_code)]
enum Result {}
#[allow(dead_code)]
enum Option {}
mod core {}
mod std {}

#[tool(crate = telemetry, call_id = Call::id(), attributes(app.size = size))]
async fn lookup(id: &str, size: usize) -> ::core::result::Result<usize, ::std::io::Error> {
    let (operation, result) = (id.len(), size);
    Ok(operation + result)
}

struct Call;

impl Call {
    fn id() -> &'static str {
        "call_1"
    }
}

fn main() {
    let _ = lookup("A-17", 1);
}
