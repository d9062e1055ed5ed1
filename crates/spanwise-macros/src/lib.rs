//! Attributes that record functions as operations of spanwise.
mod expand;
mod function;
mod kind;
mod options;
mod returns;

use proc_macro::TokenStream;

use crate::kind::Kind;

/// x
#[proc_macro_attribute]
pub fn tool(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Tool, options, item)
}
/// x
#[proc_macro_attribute]
pub fn agent(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Agent, options, item)
}
/// x
#[proc_macro_attribute]
pub fn workflow(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Workflow, options, item)
}
/// x
#[proc_macro_attribute]
pub fn step(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Step, options, item)
}
/// x
#[proc_macro_attribute]
pub fn retrieval(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Retrieval, options, item)
}
/// x
#[proc_macro_attribute]
pub fn generation(options: TokenStream, item: TokenStream) -> TokenStream {
    recorded_as(Kind::Generation, options, item)
}

fn recorded_as(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item);
    match expand::expand(kind, options.into(), original.clone()) {
        Ok(expanded) => expanded.into(),
        Err(error) => {
            // The function stays, so that nothing else complains that it is missing.
            let error = error.into_compile_error();
            quote::quote!(#error #original).into()
        }
    }
}
