extern crate spanwise_core as spanwise;
use spanwise_macros::tool;

struct Order;

#[tool]
async fn lookup(id: u32) -> Result<Order, std::io::Error> {
    let _ = id;
    Ok(Order)
}

fn main() {}
