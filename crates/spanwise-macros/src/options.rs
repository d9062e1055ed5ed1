//! What stands in the attribute: `#[tool(name = "lookup", skip(client), call_id = call.id)]`.

use proc_macro2::Span;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, parenthesized, parse_quote};

use crate::kind::{Content, Kind, Takes};

/// What is asked of the macro.
pub(crate) struct Options {
    pub(crate) root: Path,
    /// The operation's name, data source or model.
    pub(crate) name: Option<Expr>,
    pub(crate) provider: Option<Expr>,
    /// The constructor of a generation.
    pub(crate) operation: Option<Ident>,
    pub(crate) chunk: Option<Expr>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) contents: Vec<(Content, Expr)>,
    pub(crate) attributes: Vec<(String, Expr)>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) debug: Vec<Ident>,
    pub(crate) skip_result: bool,
    /// Where it is said that a stream is given.
    pub(crate) stream: Option<Span>,
}

/// A call of one of the builder's setters.
pub(crate) struct Setting {
    pub(crate) setter: Ident,
    pub(crate) takes: Takes,
    pub(crate) values: Vec<Expr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: parse_quote!(::spanwise),
            name: None,
            provider: None,
            operation: None,
            chunk: None,
            settings: Vec::new(),
            contents: Vec::new(),
            attributes: Vec::new(),
            skip: Vec::new(),
            skip_all: false,
            debug: Vec::new(),
            skip_result: false,
            stream: None,
        }
    }
}

/// `key`, `key = value` or `key(…)`.
struct Entry {
    key: Ident,
    value: EntryValue,
}

enum EntryValue {
    None,
    One(Expr),
    List(proc_macro2::TokenStream),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            EntryValue::One(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let list;
            parenthesized!(list in input);
            EntryValue::List(list.parse()?)
        } else {
            EntryValue::None
        };
        Ok(Self { key, value })
    }
}

impl Options {
    pub(crate) fn parse(kind: Kind, tokens: proc_macro2::TokenStream) -> Result<Self> {
        let entries = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut options = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for entry in entries {
            let key = entry.key.to_string();
            if seen.contains(&key) {
                return Err(Error::new(entry.key.span(), format!("`{key}` stands here twice")));
            }
            seen.push(key);
            options.take(kind, entry)?;
        }
        if kind == Kind::Generation && options.provider.is_none() {
            return Err(Error::new(
                Span::call_site(),
                "whose model is it? `#[generation(provider = \"openai\", model = \"gpt-4o-mini\")]`",
            ));
        }
        Ok(options)
    }

    fn take(&mut self, kind: Kind, entry: Entry) -> Result<()> {
        let key = entry.key.to_string();
        if let Some(takes) = kind.takes(&key) {
            return self.set(entry, takes);
        }
        if !kind.reads(&key) {
            return Err(unknown(kind, &entry.key));
        }
        let Entry { key: ident, value } = entry;
        match key.as_str() {
            "crate" => self.root = path(&ident, value)?,
            "name" | "data_source_id" | "model" => self.name = Some(one(&ident, value)?),
            "provider" => self.provider = Some(one(&ident, value)?),
            "operation" => self.operation = Some(constructor(&ident, value)?),
            "chunk" => self.chunk = Some(one(&ident, value)?),
            "attributes" => self.attributes = attributes(&ident, value)?,
            "skip" => self.skip = names(&ident, value)?,
            "debug" => self.debug = names(&ident, value)?,
            "skip_all" => self.skip_all = flag(&ident, value)?,
            "skip_result" => self.skip_result = flag(&ident, value)?,
            "stream" => self.stream = flag(&ident, value)?.then(|| ident.span()),
            _ => return Err(unknown(kind, &ident)),
        }
        Ok(())
    }

    fn set(&mut self, Entry { key: setter, value }: Entry, takes: Takes) -> Result<()> {
        let values = match takes {
            Takes::Content(content) => {
                let value = one(&setter, value)?;
                self.contents.push((content, value));
                return Ok(());
            }
            Takes::Nothing => {
                flag(&setter, value)?;
                Vec::new()
            }
            Takes::Values => list(&setter, value)?,
            Takes::Text | Takes::Int | Takes::Float | Takes::Value => vec![one(&setter, value)?],
        };
        self.settings.push(Setting { setter, takes, values });
        Ok(())
    }
}

fn unknown(kind: Kind, key: &Ident) -> Error {
    let macro_name = kind.name();
    let told = match (kind, key.to_string().as_str()) {
        (Kind::Step, "skip" | "skip_all" | "skip_result" | "debug") => {
            "a step records neither arguments nor its result, so there is nothing to leave out; \
             `attributes(…)` adds what it shall say"
                .to_owned()
        }
        (Kind::Generation, "name") => {
            "a generation is called after its model: `model = \"…\"`".to_owned()
        }
        (Kind::Retrieval, "name") => {
            "a retrieval is called after what it looks into: `data_source_id = \"…\"`".to_owned()
        }
        (_, other) => {
            format!("`#[{macro_name}]` knows no `{other}`; it knows {}", kind.keys().join(", "))
        }
    };
    Error::new(key.span(), told)
}

fn one(key: &Ident, value: EntryValue) -> Result<Expr> {
    match value {
        EntryValue::One(value) => Ok(value),
        _ => Err(Error::new(key.span(), format!("`{key}` has a value: `{key} = …`"))),
    }
}

fn flag(key: &Ident, value: EntryValue) -> Result<bool> {
    match value {
        EntryValue::None => Ok(true),
        _ => Err(Error::new(key.span(), format!("`{key}` stands alone, without a value"))),
    }
}

fn list(key: &Ident, value: EntryValue) -> Result<Vec<Expr>> {
    let told = || Error::new(key.span(), format!("`{key}` has values: `{key}(…, …)`"));
    let EntryValue::List(tokens) = value else { return Err(told()) };
    let values = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens)?;
    Ok(values.into_iter().collect())
}

fn names(key: &Ident, value: EntryValue) -> Result<Vec<Ident>> {
    let told = || Error::new(key.span(), format!("`{key}` names arguments: `{key}(client, …)`"));
    let EntryValue::List(tokens) = value else { return Err(told()) };
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let names = Parser::parse2(|input: ParseStream<'_>| names(input, Ident::parse_any), tokens)?;
    if names.is_empty() {
        return Err(told());
    }
    Ok(names.into_iter().collect())
}

fn path(key: &Ident, value: EntryValue) -> Result<Path> {
    let value = one(key, value)?;
    let told = "`crate` is the path under which spanwise is known: `crate = my::spanwise`";
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(Error::new(other.span(), told)),
    }
}

fn constructor(key: &Ident, value: EntryValue) -> Result<Ident> {
    const KNOWN: [&str; 3] = ["chat", "generate_content", "text_completion"];
    let value = one(key, value)?;
    let name: LitStr = syn::parse2(quote!(#value)).map_err(|_| not_an_operation(value.span()))?;
    let text = name.value();
    if !KNOWN.contains(&text.as_str()) {
        return Err(not_an_operation(name.span()));
    }
    Ok(Ident::new(&text, name.span()))
}

fn not_an_operation(span: Span) -> Error {
    Error::new(span, "`operation` is \"chat\", \"generate_content\" or \"text_completion\"")
}

const WITHOUT_VALUE: &str = "attributes have keys and values: `attributes(app.team = team)`";

/// `app.team = "support"` or `"app.team" = "support"`.
fn attributes(key: &Ident, value: EntryValue) -> Result<Vec<(String, Expr)>> {
    struct Pair(String, Expr);
    impl Parse for Pair {
        fn parse(input: ParseStream<'_>) -> Result<Self> {
            let first = input.span();
            let key = if input.peek(LitStr) {
                input.parse::<LitStr>()?.value()
            } else {
                let words = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with;
                let words = words(input, Ident::parse_any)?;
                words.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
            };
            if !input.peek(Token![=]) {
                return Err(Error::new(first, WITHOUT_VALUE));
            }
            input.parse::<Token![=]>()?;
            Ok(Self(key, input.parse()?))
        }
    }
    let EntryValue::List(tokens) = value else {
        return Err(Error::new(key.span(), WITHOUT_VALUE));
    };
    let pairs = Punctuated::<Pair, Token![,]>::parse_terminated.parse2(tokens)?;
    Ok(pairs.into_iter().map(|Pair(key, value)| (key, value)).collect())
}
