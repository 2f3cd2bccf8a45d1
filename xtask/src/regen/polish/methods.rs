//! The pass over the generated methods: what the normaliser gave a stand-in for is written as the document says.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use serde_json::Value;
use syn::visit_mut::{self, VisitMut};

use crate::regen::document::{entries, text};
use crate::regen::normalise::Method;

/// Mends one generated method; answers what was not found.
pub(super) fn mend(function: &mut syn::ImplItemFn, method: &Method) -> Vec<String> {
    let mut missing = Vec::new();
    if method.deprecated {
        function.attrs.push(syn::parse_quote!(#[deprecated]));
    }
    let mut pass = Pass {
        method,
        found: vec![false; method.wires.len()],
        statements: Vec::new(),
        owned: Vec::new(),
        accept: method.accept.is_none(),
        content_type: method.content_type.is_none(),
        decoded: 0,
    };
    pass.visit_block_mut(&mut function.block);
    let owned = std::mem::take(&mut pass.owned);
    for (index, (name, _)) in method.wires.iter().enumerate() {
        if !pass.found[index] {
            missing.push(format!("the argument {name}"));
        }
    }
    for argument in owned {
        if !by_value(&mut function.sig, &argument) {
            missing.push(format!("the type of the argument {argument}"));
        }
    }
    if !pass.accept {
        missing.push("the place for the Accept header".to_owned());
    }
    if !pass.content_type {
        missing.push("the media type of the body".to_owned());
    }
    if pass.decoded != method.decode.len() {
        missing.push(format!(
            "{} of the {} statuses with a type of their own",
            method.decode.len() - pass.decoded,
            method.decode.len()
        ));
    }
    missing
}

struct Pass<'a> {
    method: &'a Method,
    found: Vec<bool>,
    /// What is to be done to the request after it is built.
    statements: Vec<(syn::Ident, Value)>,
    /// Arguments that are used up, since they hold streams.
    owned: Vec<syn::Ident>,
    accept: bool,
    content_type: bool,
    decoded: usize,
}

impl VisitMut for Pass<'_> {
    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        let mut statements = Vec::new();
        for mut statement in std::mem::take(&mut block.stmts) {
            visit_mut::visit_stmt_mut(self, &mut statement);
            let request = built(&statement);
            statements.push(statement);
            if let Some(request) = request {
                let waiting = std::mem::take(&mut self.statements);
                statements.extend(
                    waiting
                        .iter()
                        .filter_map(|(argument, wire)| write(&request, argument, wire)),
                );
            }
        }
        block.stmts = statements;
    }

    fn visit_expr_mut(&mut self, expression: &mut syn::Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let syn::Expr::MethodCall(call) = expression else {
            return;
        };
        match call.method.to_string().as_str() {
            "query" => {
                if let Some((name, argument)) = query_of(call)
                    && let Some(index) = self
                        .method
                        .wires
                        .iter()
                        .position(|(own, wire)| *own == name && wire["as"] != "path")
                {
                    self.found[index] = true;
                    let wire = self.method.wires[index].1.clone();
                    if wire["as"] == "multipart" {
                        self.owned.push(argument.clone());
                    }
                    self.statements.push((argument, wire));
                    *expression = (*call.receiver).clone();
                }
            }
            method @ ("get" | "put" | "post" | "delete" | "patch" | "head" | "options"
            | "trace")
                if is_client(&call.receiver) =>
            {
                if ["options", "trace"].contains(&method) {
                    let verb = format_ident!("{}", method.to_uppercase());
                    let url = call.args.first();
                    *expression =
                        syn::parse_quote!(self.client.request(::reqwest::Method::#verb, #url));
                }
                if let Some(accept) = &self.method.accept {
                    let before = expression.clone();
                    *expression = syn::parse_quote!(#before.header(::reqwest::header::ACCEPT, ::reqwest::header::HeaderValue::from_static(#accept)));
                    self.accept = true;
                }
            }
            "header" => self.header(expression),
            _ => {}
        }
    }

    /// A code is looked at before the range that holds it.
    fn visit_expr_match_mut(&mut self, expression: &mut syn::ExprMatch) {
        visit_mut::visit_expr_match_mut(self, expression);
        expression.arms.sort_by_key(|arm| match &arm.pat {
            syn::Pat::Lit(_) => 0,
            syn::Pat::Wild(_) => 2,
            _ => 1,
        });
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        let pattern = arm.pat.to_token_stream().to_string();
        let status = pattern.replace("u16", "").replace(' ', "");
        let status = match status.split_once("..=") {
            Some((first, _)) => format!("{}XX", first.get(..1).unwrap_or_default()),
            None => status,
        };
        let decode = self.method.decode.get(&status);
        let mut reader = Reader {
            path: match decode {
                Some(decode) => {
                    let part = format_ident!("{}", decode.part);
                    if decode.optional {
                        quote!(crate::answer::read_as_some::<types::#part, _, _>)
                    } else {
                        quote!(crate::answer::read_as::<types::#part, _, _>)
                    }
                }
                None => quote!(crate::answer::read),
            },
            found: false,
        };
        reader.visit_arm_mut(arm);
        if decode.is_some() && reader.found {
            self.decoded += 1;
        }
    }

    fn visit_macro_mut(&mut self, invocation: &mut syn::Macro) {
        if invocation.path.is_ident("format") {
            invocation.tokens = self.segments(&invocation.tokens);
        }
    }
}

impl Pass<'_> {
    fn header(&mut self, expression: &mut syn::Expr) {
        let syn::Expr::MethodCall(call) = expression else {
            return;
        };
        let text = call
            .args
            .first()
            .map(|first| first.to_token_stream().to_string())
            .unwrap_or_default();
        if text.ends_with("ACCEPT")
            && let Some(accept) = &self.method.accept
        {
            // Ours was put in where the verb is; the generator's own goes.
            if !call
                .args
                .to_token_stream()
                .to_string()
                .contains(&format!("{accept:?}"))
            {
                *expression = (*call.receiver).clone();
            }
        } else if text.ends_with("CONTENT_TYPE")
            && let Some(media_type) = &self.method.content_type
        {
            self.content_type = true;
            let before = (*call.receiver).clone();
            *expression = syn::parse_quote!(#before.header(::reqwest::header::CONTENT_TYPE, ::reqwest::header::HeaderValue::from_static(#media_type)));
        }
    }

    /// The arguments of the URL's `format!`, in which each segment is encoded.
    fn segments(&mut self, tokens: &TokenStream) -> TokenStream {
        let mut rewritten = TokenStream::new();
        let mut waiting = tokens.clone().into_iter().peekable();
        while let Some(token) = waiting.next() {
            match token {
                TokenTree::Ident(ident) if ident == "encode_path" => {
                    let argument = match waiting.peek() {
                        Some(TokenTree::Group(group)) => segment_of(&group.stream()),
                        _ => None,
                    };
                    let wire = argument
                        .as_ref()
                        .and_then(|argument| self.path_wire(&argument.to_string()));
                    if let (Some(argument), Some((name, style, explode))) = (argument, wire) {
                        waiting.next();
                        rewritten.extend(quote!(crate::wire::path(#name, crate::wire::Segment::#style, #explode, &#argument)));
                    } else {
                        rewritten.extend(quote!(crate::encode::encode_path));
                    }
                }
                TokenTree::Group(group) => {
                    let inner = Group::new(group.delimiter(), self.segments(&group.stream()));
                    rewritten.extend([TokenTree::Group(inner)]);
                }
                other => rewritten.extend([other]),
            }
        }
        rewritten
    }

    fn path_wire(&mut self, argument: &str) -> Option<(String, syn::Ident, bool)> {
        let plain = argument.trim_end_matches('_');
        let index = self.method.wires.iter().position(|(own, wire)| {
            wire["as"] == "path" && crate::regen::prepare::argument(own) == plain
        })?;
        self.found[index] = true;
        let wire = &self.method.wires[index].1;
        let style = match text(wire, "style") {
            Some("label") => "Label",
            Some("matrix") => "Matrix",
            _ => "Simple",
        };
        Some((
            text(wire, "name")?.to_owned(),
            format_ident!("{style}"),
            wire["explode"] == true,
        ))
    }
}

/// Puts our reader in the place of the generator's.
struct Reader {
    path: TokenStream,
    found: bool,
}

impl VisitMut for Reader {
    fn visit_expr_call_mut(&mut self, call: &mut syn::ExprCall) {
        visit_mut::visit_expr_call_mut(self, call);
        if call.func.to_token_stream().to_string() == "ResponseValue :: from_response" {
            self.found = true;
            let path = &self.path;
            *call.func = syn::parse_quote!(#path);
        }
    }
}

/// Makes of a borrowed argument one that is given away.
fn by_value(signature: &mut syn::Signature, argument: &syn::Ident) -> bool {
    for input in &mut signature.inputs {
        let syn::FnArg::Typed(typed) = input else {
            continue;
        };
        if *argument != typed.pat.to_token_stream().to_string() {
            continue;
        }
        let borrowed = match &mut *typed.ty {
            syn::Type::Path(path) => path
                .path
                .segments
                .last_mut()
                .and_then(|last| match &mut last.arguments {
                    syn::PathArguments::AngleBracketed(inner) => inner.args.first_mut(),
                    _ => None,
                }),
            syn::Type::Reference(reference) => {
                let owned = (*reference.elem).clone();
                *typed.ty = owned;
                return true;
            }
            _ => None,
        };
        if let Some(syn::GenericArgument::Type(inner)) = borrowed
            && let syn::Type::Reference(reference) = inner
        {
            let owned = (*reference.elem).clone();
            *inner = owned;
            return true;
        }
    }
    false
}

/// The variable that holds the request, where the statement builds it.
fn built(statement: &syn::Stmt) -> Option<syn::Ident> {
    let syn::Stmt::Local(local) = statement else {
        return None;
    };
    let init = local.init.as_ref()?;
    let syn::Expr::Try(attempt) = &*init.expr else {
        return None;
    };
    let syn::Expr::MethodCall(call) = &*attempt.expr else {
        return None;
    };
    let syn::Pat::Ident(pattern) = &local.pat else {
        return None;
    };
    (call.method == "build").then(|| pattern.ident.clone())
}

/// The name and the argument of `.query(&QueryParam::new("name", &argument))`.
fn query_of(call: &syn::ExprMethodCall) -> Option<(String, syn::Ident)> {
    let syn::Expr::Reference(reference) = call.args.first()? else {
        return None;
    };
    let syn::Expr::Call(new) = &*reference.expr else {
        return None;
    };
    let mut arguments = new.args.iter();
    let syn::Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(name),
        ..
    }) = arguments.next()?
    else {
        return None;
    };
    let syn::Expr::Reference(value) = arguments.next()? else {
        return None;
    };
    let syn::Expr::Path(path) = &*value.expr else {
        return None;
    };
    Some((name.value(), path.path.get_ident()?.clone()))
}

/// The argument of `&argument.to_string()`.
fn segment_of(tokens: &TokenStream) -> Option<syn::Ident> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    })
}

fn is_client(receiver: &syn::Expr) -> bool {
    receiver.to_token_stream().to_string() == "self . client"
}

/// The statement that writes an argument into the request.
fn write(request: &syn::Ident, argument: &syn::Ident, wire: &Value) -> Option<syn::Stmt> {
    let name = text(wire, "name").unwrap_or_default();
    let flag = |key: &str| wire[key] == true;
    Some(match text(wire, "as")? {
        "query" => {
            let style = format_ident!("{}", text(wire, "style")?);
            syn::parse_quote!(crate::wire::query(&mut #request, #name, crate::wire::Style::#style, &#argument)?;)
        }
        "header" => {
            let (explode, json) = (flag("explode"), flag("json"));
            syn::parse_quote!(crate::wire::header(&mut #request, #name, #explode, #json, &#argument)?;)
        }
        "cookie" => syn::parse_quote!(crate::wire::cookie(&mut #request, #name, &#argument)?;),
        "json" => {
            let media = text(wire, "media")?;
            syn::parse_quote!(crate::wire::json(&mut #request, #media, &#argument)?;)
        }
        "form" => {
            let styles = entries(wire.get("styles")).map(|(field, style)| {
                let style = format_ident!("{}", style.as_str().unwrap_or("Exploded"));
                quote!((#field, crate::wire::Style::#style))
            });
            syn::parse_quote!(crate::wire::form(&mut #request, &[#(#styles),*], &#argument)?;)
        }
        "multipart" => {
            let form = if wire["required"] == true {
                quote!(::std::option::Option::Some(#argument))
            } else {
                quote!(#argument)
            };
            syn::parse_quote!(crate::multipart::write(&self.client, &mut #request, #form)?;)
        }
        _ => return None,
    })
}
