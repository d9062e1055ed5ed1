//! What a function gives: a value, a future, a stream.
//!
//! Told by how its type is written, since a macro sees no more: `impl Future`, `Pin<Box<dyn Future>>` and
//! `BoxFuture`, and the same with `Stream`. What is written otherwise is a value, or says `stream`.

use proc_macro2::Span;
use syn::visit_mut::VisitMut;
use syn::{
    GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeParamBound,
    parse_quote,
};

/// What an operation ends with.
pub(crate) struct Returns {
    pub(crate) shape: Shape,
    /// As it is written, without what cannot be written again: `impl Trait` is `_`.
    pub(crate) written: Option<Type>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Value,
    Stream(Boxed),
    ResultOfStream(Boxed),
}

/// Whether it stands in a `Pin<Box<_>>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boxed {
    Yes,
    No,
}

/// What the body of a function makes.
pub(crate) enum Makes {
    /// What it gives.
    Returns(Returns),
    /// A future of that.
    Future(Returns, Boxed),
}

impl Makes {
    /// Looks at the return type of a function that is not `async`.
    pub(crate) fn of(output: &ReturnType, stream: Option<Span>) -> Self {
        let ReturnType::Type(_, written) = output else {
            return Self::Returns(Returns::of(output, stream));
        };
        match polled(written, "Future") {
            Some((boxed, segment)) => {
                let output = segment.and_then(|segment| future_output(segment, boxed));
                let written = output.map_or(ReturnType::Default, |output| {
                    ReturnType::Type(parse_quote!(->), Box::new(output))
                });
                let mut returns = Returns::of(&written, stream);
                if matches!(written, ReturnType::Default) {
                    // An alias hides it; what it is stays for the compiler to find out.
                    returns.written = None;
                }
                Self::Future(returns, boxed)
            }
            None => Self::Returns(Returns::of(output, stream)),
        }
    }
}

impl Returns {
    pub(crate) fn of(output: &ReturnType, stream: Option<Span>) -> Self {
        let written: Type = match output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, written) => (**written).clone(),
        };
        let shape = Shape::of(&written, stream.is_some());
        let mut nameable = written;
        WithoutImpl.visit_type_mut(&mut nameable);
        Self { shape, written: Some(nameable) }
    }
}

impl Shape {
    fn of(written: &Type, said: bool) -> Self {
        if let Some((boxed, _)) = polled(written, "Stream") {
            return Self::Stream(boxed);
        }
        let inner = last_segment(written)
            .filter(|segment| segment.ident == "Result")
            .and_then(|segment| types_of(segment).next());
        match inner.map(|inner| (polled(inner, "Stream"), inner)) {
            Some((Some((boxed, _)), _)) => Self::ResultOfStream(boxed),
            Some((None, _)) if said => Self::ResultOfStream(Boxed::Yes),
            None if said => Self::Stream(Boxed::Yes),
            Some((None, _)) | None => Self::Value,
        }
    }
}

/// Whether a type is `impl Trait`, `Pin<Box<dyn Trait>>` or `BoxTrait`, and the segment that says what it gives.
fn polled<'a>(written: &'a Type, name: &str) -> Option<(Boxed, Option<&'a PathSegment>)> {
    match written {
        Type::Group(group) => polled(&group.elem, name),
        Type::Paren(paren) => polled(&paren.elem, name),
        Type::ImplTrait(opaque) => {
            bound(opaque.bounds.iter(), name).map(|segment| (Boxed::No, Some(segment)))
        }
        Type::Path(_) => {
            let segment = last_segment(written)?;
            if segment.ident == "Pin" {
                let inner = last_segment(types_of(segment).next()?)?;
                let Type::TraitObject(object) = types_of(inner).next()? else { return None };
                return bound(object.bounds.iter(), name).map(|found| (Boxed::Yes, Some(found)));
            }
            let aliases = [format!("Box{name}"), format!("LocalBox{name}")];
            aliases
                .iter()
                .any(|alias| segment.ident == alias)
                .then_some((Boxed::Yes, Some(segment)))
        }
        _ => None,
    }
}

fn bound<'a>(
    bounds: impl Iterator<Item = &'a TypeParamBound>,
    name: &str,
) -> Option<&'a PathSegment> {
    bounds
        .filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last(),
            _ => None,
        })
        .find(|segment| segment.ident == name)
}

/// The `T` of `Future<Output = T>` and of `BoxFuture<'_, T>`.
fn future_output(segment: &PathSegment, boxed: Boxed) -> Option<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let named = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(bound) if bound.ident == "Output" => Some(bound.ty.clone()),
        _ => None,
    });
    named.or_else(|| types_of(segment).next().filter(|_| boxed == Boxed::Yes).cloned())
}

fn last_segment(written: &Type) -> Option<&PathSegment> {
    match written {
        Type::Path(path) => last(&path.path),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

fn last(path: &Path) -> Option<&PathSegment> {
    path.segments.last()
}

fn types_of(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(written) => Some(written),
        _ => None,
    })
}

/// `impl Trait` names nothing but where it stands.
struct WithoutImpl;

impl VisitMut for WithoutImpl {
    fn visit_type_mut(&mut self, written: &mut Type) {
        if matches!(written, Type::ImplTrait(_)) {
            *written = parse_quote!(_);
        } else {
            syn::visit_mut::visit_type_mut(self, written);
        }
    }
}
