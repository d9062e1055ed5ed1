//! What a function becomes.
//!
//! ```text
//! async fn f(a: A) -> Result<T, E> {          async fn f(a: A) -> Result<T, E> {
//!     body                            ──►         let operation = Tool::new("f").start();
//! }                                               arguments(&operation, …a…);
//!                                                 let result = async move { body }.in_operation(&operation).await;
//!                                                 … record and end …
//!                                                 result
//!                                             }
//! ```
//!
//! What is added has names that the body cannot see, and paths that nothing around it can shadow.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, Lit, Result, ReturnType, parse_quote};

use crate::function::Function;
use crate::kind::{Content, Kind, Takes};
use crate::options::{Options, Setting};
use crate::returns::{Boxed, Makes, Returns, Shape};

pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function = Function::parse(kind, item)?;
    let options = Options::parse(kind, options)?;
    let arguments = recorded(&options, &function.arguments())?;
    let writer = Writer {
        kind,
        support: {
            let root = &options.root;
            quote!(#root::macro_support)
        },
        name: function.name(),
        options,
        arguments,
        operation: local("operation"),
        result: local("result"),
        // Where the compiler complains of a result that cannot be recorded.
        given: match &function.0.sig.output {
            ReturnType::Type(_, written) => Span::mixed_site().located_at(written.span()),
            ReturnType::Default => Span::mixed_site().located_at(function.0.sig.ident.span()),
        },
    };
    writer.write(function)
}

/// A name that the function's body cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The arguments whose values are recorded.
fn recorded(options: &Options, arguments: &[Ident]) -> Result<Vec<Ident>> {
    for named in options.skip.iter().chain(&options.debug) {
        if !arguments.contains(named) {
            let told = match named.to_string().as_str() {
                "self" => "`self` is never recorded".to_owned(),
                name => format!("there is no argument `{name}`"),
            };
            return Err(Error::new(named.span(), told));
        }
    }
    if let Some(both) = options.debug.iter().find(|name| options.skip.contains(name)) {
        return Err(Error::new(both.span(), format!("`{both}` is left out by `skip`")));
    }
    let replaced = options.contents.iter().any(|(content, _)| {
        matches!(content, Content::Arguments | Content::Input | Content::Query)
    });
    if options.skip_all || replaced {
        return Ok(Vec::new());
    }
    let told = |argument: &Ident| {
        let settings = options.settings.iter().flat_map(|setting| &setting.values);
        let contents = options.contents.iter().map(|(_, value)| value);
        let values = settings.chain(contents).chain(&options.name).chain(&options.provider);
        values.map(bare).any(|value| value == Some(argument))
    };
    let kept = arguments.iter().filter(|argument| {
        !argument.to_string().starts_with('_')
            && !options.skip.contains(argument)
            && !told(argument)
    });
    Ok(kept.cloned().collect())
}

/// The name that is all of an expression, borrowed or copied or not.
fn bare(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Reference(reference) => bare(&reference.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => bare(&unary.expr),
        _ => None,
    }
}

struct Writer {
    kind: Kind,
    options: Options,
    support: TokenStream,
    name: String,
    arguments: Vec<Ident>,
    operation: Ident,
    result: Ident,
    given: Span,
}

impl Writer {
    fn write(&self, mut function: Function) -> Result<TokenStream> {
        let makes = match &function.0.sig.asyncness {
            Some(_) => Makes::Returns(Returns::of(&function.0.sig.output, self.options.stream)),
            None => Makes::of(&function.0.sig.output, self.options.stream),
        };
        let (Makes::Returns(returns) | Makes::Future(returns, _)) = &makes;
        if let (Shape::Value, Some(chunk)) = (returns.shape, &self.options.chunk) {
            return Err(Error::new(
                chunk.span(),
                "`chunk` is for functions that give a stream; where the type does not say so, add `stream`",
            ));
        }
        let Self { operation, result, support, .. } = self;
        let start = self.start();
        let end = self.end(returns);
        let expected = expected(returns);
        if let Makes::Future(_, boxed) = makes {
            if let Some(block) = function.async_block() {
                let inner = self.asynchronous(&block.block, &expected);
                block.block = parse_quote!({ #expected #start #inner #end });
            } else {
                let body = &function.0.block;
                let future = local("future");
                let whole = quote! {
                    async move {
                        #expected
                        let #result = #support::in_operation(#future, &#operation).await;
                        #end
                    }
                };
                let whole = match boxed {
                    Boxed::Yes => quote!(::std::boxed::Box::pin(#whole)),
                    Boxed::No => whole,
                };
                function.0.block = parse_quote!({
                    #start
                    let #future = #support::inside(&#operation, move || #body);
                    #whole
                });
            }
            return Ok(function.0.into_token_stream());
        }
        let body = &function.0.block;
        let inner = match &function.0.sig.asyncness {
            Some(_) => self.asynchronous(body, &expected),
            None => {
                let written = returns
                    .written
                    .as_ref()
                    .filter(|_| !contains_impl(function.0.sig.output.to_token_stream()));
                let written = written.map(|written| quote!(-> #written));
                quote!(let #result = #support::inside(&#operation, move || #written #body);)
            }
        };
        function.0.block = parse_quote!({ #start #inner #end });
        Ok(function.0.into_token_stream())
    }

    /// Runs a body that is asynchronous.
    fn asynchronous(&self, body: &syn::Block, expected: &TokenStream) -> TokenStream {
        let Self { operation, result, support, .. } = self;
        let statements = &body.stmts;
        let inner = quote!(async move { #expected #(#statements)* });
        quote!(let #result = #support::in_operation(#inner, &#operation).await;)
    }

    /// Starts the operation, and tells it what goes in.
    fn start(&self) -> TokenStream {
        let Self { operation, .. } = self;
        let built = self.built();
        let contents = self.contents();
        let arguments = self.told_arguments();
        let attributes = self.attributes();
        quote! {
            let #operation = #built;
            #contents
            #arguments
            #attributes
        }
    }

    fn built(&self) -> TokenStream {
        let Self { kind, options, support, .. } = self;
        let (root, guard) = (&options.root, format_ident!("{}", kind.operation()));
        let constructor = match (kind, &options.operation) {
            (Kind::Generation, None) => format_ident!("chat"),
            (Kind::Generation, Some(operation)) => operation.clone(),
            _ => format_ident!("new"),
        };
        let made_by_function = match kind {
            Kind::Generation | Kind::Retrieval => "",
            _ => self.name.as_str(),
        };
        let name = match &options.name {
            None => quote!(#made_by_function),
            Some(name) if is_text(name) => quote!(#name),
            Some(name) => quote!(#support::name(#name)),
        };
        let provider = options.provider.as_ref().map(|provider| quote!(#provider,));
        let settled = options.name.as_ref().is_none_or(is_text)
            && options.provider.as_ref().is_none_or(is_text)
            && options.settings.is_empty();
        if settled {
            return quote!(#root::#guard::#constructor(#provider #name).start());
        }
        let builder = local("builder");
        let settings = options.settings.iter().map(|setting| self.setting(&builder, setting));
        let unknown = provider.as_ref().map(|_| quote!("",));
        // Nothing is looked at where nothing records.
        quote! {
            if #support::is_recorded() {
                let #builder = #root::#guard::#constructor(#provider #name);
                #(#settings)*
                #builder.start()
            } else {
                #root::#guard::#constructor(#unknown "").start()
            }
        }
    }

    fn setting(&self, builder: &Ident, Setting { setter, takes, values }: &Setting) -> TokenStream {
        let support = &self.support;
        let convert = match takes {
            Takes::Text => "text",
            Takes::Int => "int",
            Takes::Float => "float",
            _ => return quote!(let #builder = #builder.#setter(#(#values),*);),
        };
        let convert = format_ident!("{convert}");
        let value = local("value");
        quote! {
            let #builder = match #support::#convert(#(#values)*) {
                ::core::option::Option::Some(#value) => #builder.#setter(#value),
                ::core::option::Option::None => #builder,
            };
        }
    }

    fn contents(&self) -> TokenStream {
        let Self { operation, support, .. } = self;
        let contents = self.options.contents.iter().map(|(content, value)| {
            let record = match content {
                Content::Arguments => "tool_arguments",
                Content::Query => "query",
                Content::SystemInstructions => "system_instructions",
                Content::ToolDefinitions => "tool_definitions",
                Content::Input => {
                    let messages = self.messages(quote!(&#value), value.span());
                    return quote!(#support::input_messages(&#operation, || #messages););
                }
            };
            let record = format_ident!("{record}");
            quote!(#support::#record(&#operation, || #value);)
        });
        quote!(#(#contents)*)
    }

    /// `span` is where the compiler complains of what is neither messages nor `Serialize`.
    fn messages(&self, value: TokenStream, span: Span) -> TokenStream {
        let support = &self.support;
        let messages = Ident::new("messages", span);
        quote! {{
            use #support::{InputAsJson as _, InputAsMessages as _};
            (&#support::Input(#value)).#messages()
        }}
    }

    fn told_arguments(&self) -> TokenStream {
        let Self { kind, options, operation, support, arguments, .. } = self;
        if !kind.has_content() || arguments.is_empty() {
            return TokenStream::new();
        }
        if let ([only], true) = (arguments.as_slice(), kind.takes_messages())
            && !options.debug.contains(only)
        {
            let messages = self.messages(quote!(&#only), only.span());
            return quote!(#support::input_messages(&#operation, || #messages););
        }
        let gathered = local("arguments");
        let added = arguments.iter().map(|argument| {
            let name = argument.unraw().to_string();
            let add = if options.debug.contains(argument) { "debug" } else { "add" };
            let add = format_ident!("{add}");
            let value = quote_spanned!(argument.span()=> &#argument);
            quote!(#gathered.#add(#name, #value);)
        });
        quote!(#support::arguments(&#operation, |#gathered| { #(#added)* });)
    }

    fn attributes(&self) -> TokenStream {
        let Self { options, operation, support, .. } = self;
        if options.attributes.is_empty() {
            return TokenStream::new();
        }
        let gathered = local("attributes");
        let set =
            options.attributes.iter().map(|(key, value)| quote!(#gathered.set(#key, #value);));
        quote!(#support::attributes(&#operation, |#gathered| { #(#set)* });)
    }

    /// Records the result, ends the operation, and gives the result.
    fn end(&self, returns: &Returns) -> TokenStream {
        let Self { operation, result, support, .. } = self;
        match returns.shape {
            Shape::Value => {
                let at_result = |name| Ident::new(name, self.given);
                let (ended, value) = (at_result("ended"), at_result("value"));
                let record = self.record(&value).map(|record| {
                    quote! {
                        if let ::core::option::Option::Some(#value) = #ended.value() {
                            #record
                        }
                    }
                });
                let end = at_result("end");
                quote! {
                    {
                        #[allow(unused_imports)]
                        use #support::AnyEnded as _;
                        let #ended = #support::Ended(&#result);
                        #record
                        #ended.#end(#operation);
                    }
                    #result
                }
            }
            Shape::Stream(boxed) => self.stream(quote!(#result), boxed),
            Shape::ResultOfStream(boxed) => {
                let (stream, error) = (local("stream"), local("error"));
                let wrapped = self.stream(quote!(#stream), boxed);
                quote! {
                    match #result {
                        ::core::result::Result::Ok(#stream) => ::core::result::Result::Ok(#wrapped),
                        ::core::result::Result::Err(#error) => {
                            #support::Instrumented::fail(#operation, &#error);
                            ::core::result::Result::Err(#error)
                        }
                    }
                }
            }
        }
    }

    fn record(&self, value: &Ident) -> Option<TokenStream> {
        let Self { kind, options, operation, support, .. } = self;
        if options.skip_result || !kind.has_content() {
            return None;
        }
        Some(if *kind == Kind::Generation {
            quote!(#support::response(&#operation, #value);)
        } else if kind.gives_messages() {
            let messages = Ident::new("messages", self.given);
            quote! {
                #support::output_messages(&#operation, || {
                    use #support::{AnswerAsJson as _, AnswerAsMessages as _};
                    (&#support::Answer(#value)).#messages()
                });
            }
        } else {
            quote!(#support::result(&#operation, #value);)
        })
    }

    fn stream(&self, stream: TokenStream, boxed: Boxed) -> TokenStream {
        let Self { kind, options, operation, support, .. } = self;
        let (hearing, item, chunk) = (local("hearing"), local("item"), local("chunk"));
        let heard = match (&options.chunk, kind) {
            (Some(tell), _) => {
                let response = local("response");
                quote!(#hearing.chunk(|#response| (#tell)(#chunk, #response));)
            }
            (None, Kind::Generation) => quote! {
                use #support::{AnyChunk as _, TextChunk as _};
                (&#support::Chunk(#chunk)).tell(#hearing);
            },
            (None, Kind::Step) => TokenStream::new(),
            (None, _) if options.skip_result => TokenStream::new(),
            (None, _) => quote!(#hearing.gather(#chunk);),
        };
        let wrapped = quote! {
            #support::stream(#operation, #stream, |#hearing, #item| {
                #[allow(unused_imports)]
                use #support::AnyItem as _;
                #[allow(unused_variables)]
                #support::Item(#item).heard(#hearing, |#hearing, #chunk| { #heard });
            })
        };
        match boxed {
            Boxed::Yes => quote!(::std::boxed::Box::pin(#wrapped)),
            Boxed::No => wrapped,
        }
    }
}

/// Tells the compiler what an `async` block gives, which it cannot be told otherwise: `?` needs to know.
fn expected(returns: &Returns) -> TokenStream {
    let Some(written) = &returns.written else { return TokenStream::new() };
    let never = local("never");
    quote! {
        #[allow(unreachable_code, clippy::all, clippy::pedantic, clippy::restriction, clippy::nursery)]
        if false {
            let #never: #written = loop {};
            return #never;
        }
    }
}

fn contains_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(word) => word == "impl",
        proc_macro2::TokenTree::Group(group) => contains_impl(group.stream()),
        _ => false,
    })
}

fn is_text(value: &Expr) -> bool {
    matches!(value, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)))
}
