extern crate spanwise_core as spanwise;
use spanwise_macros::workflow;

#[workflow]
fn serve() -> ! {
    loop {}
}

fn main() {}
