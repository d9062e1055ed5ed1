//! The function that is recorded: which arguments it has, and where its body runs.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Error, Expr, ExprAsync, FnArg, Ident, ItemFn, Pat, Result, ReturnType, Stmt, Type};

use crate::kind::Kind;

/// A function with a body.
pub(crate) struct Function(pub(crate) ItemFn);

impl Function {
    pub(crate) fn parse(kind: Kind, item: TokenStream) -> Result<Self> {
        let name = kind.name();
        let span =
            item.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
        let function: ItemFn = match syn::parse2(item.clone()) {
            Ok(function) => function,
            Err(_) if syn::parse2::<syn::TraitItemFn>(item.clone()).is_ok() => {
                return Err(Error::new(
                    span,
                    format!("this function has no body: `#[{name}]` goes on its implementations"),
                ));
            }
            Err(error) if has_function(&item) => return Err(error),
            Err(_) => {
                return Err(Error::new(span, format!("`#[{name}]` goes on functions and methods")));
            }
        };
        let sig = &function.sig;
        if let Some(constant) = &sig.constness {
            return Err(Error::new(
                constant.span(),
                format!("`#[{name}]` records what happens when the program runs: not a `const fn`"),
            ));
        }
        if let ReturnType::Type(_, written) = &sig.output
            && matches!(**written, Type::Never(_))
        {
            return Err(Error::new(
                written.span(),
                format!("`#[{name}]` ends with its function, and this one never does"),
            ));
        }
        Ok(Self(function))
    }

    /// What the arguments are called inside, without `self`.
    pub(crate) fn arguments(&self) -> Vec<Ident> {
        let mut names = Names(Vec::new());
        for input in &self.0.sig.inputs {
            if let FnArg::Typed(argument) = input {
                names.visit_pat_mut(&mut argument.pat.clone());
            }
        }
        names.0
    }

    /// Its name, as a tool or an agent has it.
    pub(crate) fn name(&self) -> String {
        self.0.sig.ident.unraw().to_string()
    }

    /// The `async` block that is all of its body, boxed or not, as `#[async_trait]` writes it.
    pub(crate) fn async_block(&mut self) -> Option<&mut ExprAsync> {
        let [Stmt::Expr(body, None)] = self.0.block.stmts.as_mut_slice() else { return None };
        let block = match body {
            Expr::Async(block) => block,
            Expr::Call(call) if call.args.len() == 1 && is_box_pin(&call.func) => {
                match call.args.first_mut() {
                    Some(Expr::Async(block)) => block,
                    _ => return None,
                }
            }
            _ => return None,
        };
        // One that borrows goes on borrowing; ours would have to as well.
        block.capture.is_some().then_some(block)
    }
}

fn is_box_pin(function: &Expr) -> bool {
    let Expr::Path(path) = function else { return false };
    let mut segments = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    segments.next().as_deref() == Some("pin") && segments.next().as_deref() == Some("Box")
}

fn has_function(item: &TokenStream) -> bool {
    let mut words = item.clone().into_iter().filter_map(|token| match token {
        proc_macro2::TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    let items =
        ["struct", "enum", "union", "impl", "trait", "mod", "const", "static", "type", "use"];
    words.find(|word| word == "fn" || items.contains(&word.as_str())).as_deref() == Some("fn")
}

/// Gathers what patterns bind.
struct Names(Vec<Ident>);

impl VisitMut for Names {
    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        if let Pat::Ident(bound) = pattern {
            self.0.push(bound.ident.clone());
        }
        syn::visit_mut::visit_pat_mut(self, pattern);
    }
}
