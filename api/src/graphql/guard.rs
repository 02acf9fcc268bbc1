//! Limits before a query runs, and what is told of errors after it ran.
//!
//! Three estimates refuse a query before anything is read: its fields with fragments expanded (which, unchecked, double
//! with every fragment), its depth, and its cost. While it runs, rows and warehouse queries are taken from a budget (see
//! `scope`). Every error leaves with a code; those of ours are logged once and masked.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use async_graphql::{
    ErrorExtensionValues, Request, Response, ServerError, ServerResult, ValidationResult, Value, async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextRequest, NextValidation,
    },
    parser::types::{ExecutableDocument, Selection, SelectionSet},
    value,
};
use metrics::histogram;

use super::{scalars::format_time, scope::Scope};
use crate::{ApiConfig, ApiError, metrics::names};

/// Makes a [`Guarded`] for every request.
pub(crate) struct Guard {
    pub(crate) config: Arc<ApiConfig>,
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Guarded { config: self.config.clone(), phase: Mutex::new("GRAPHQL_PARSE_FAILED") })
    }
}

/// The guard of one request.
struct Guarded {
    config: Arc<ApiConfig>,
    /// Code of errors that carry none: which step the request has reached.
    phase: Mutex<&'static str>,
}

impl Guarded {
    fn enter(&self, phase: &'static str) {
        if let Ok(mut current) = self.phase.lock() {
            *current = phase;
        }
    }
}

fn refusal(code: &str, message: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

#[async_trait::async_trait]
impl Extension for Guarded {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        let phase = self.phase.lock().map_or("INTERNAL", |phase| *phase);
        for error in &mut response.errors {
            let extensions = error.extensions.get_or_insert_default();
            if extensions.get("code").is_none() {
                extensions.set("code", phase);
            }
        }
        response
    }

    /// The fields are counted before the library looks at the document: its own checks expand fragments.
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let fields = count_fields(request.parsed_query()?);
        let max = self.config.max_fields;
        if fields > max {
            let count = if fields == usize::MAX { "endlessly many".to_owned() } else { fields.to_string() };
            let message = format!(
                "this query has {count} fields once its fragments are expanded, at most {max} are answered; split it"
            );
            return Err(refusal("FIELD_LIMIT", message));
        }
        self.enter("GRAPHQL_VALIDATION_FAILED");
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        let factor = ctx.data_opt::<Arc<Scope>>().map_or(1, |scope| scope.factor);
        let factor = usize::try_from(factor).unwrap_or(usize::MAX);
        let (max_depth, max_complexity) =
            (self.config.max_depth, self.config.max_complexity.saturating_mul(factor));
        if result.depth > max_depth {
            let message = format!(
                "this query nests {} fields deep, at most {max_depth} are answered; ask for the inner part in a query of its own",
                result.depth
            );
            return Err(vec![refusal("DEPTH_LIMIT", message)]);
        }
        if result.complexity > max_complexity {
            let message = format!(
                "this query may cost {} (fields times the page sizes of the lists they stand in), at most {max_complexity} is \
                 answered; ask for smaller pages (`first`) of the lists inside lists, or for fewer fields",
                result.complexity
            );
            return Err(vec![refusal("COMPLEXITY_LIMIT", message)]);
        }
        histogram!(names::QUERY_COMPLEXITY).record(result.complexity as f64);
        self.enter("BAD_INPUT");
        Ok(result)
    }
}

/// Fields of the document's operations once fragments are expanded, without expanding them.
///
/// A fragment that spreads itself counts as endless; validation would name it, but visits what it names.
fn count_fields(document: &ExecutableDocument) -> usize {
    let mut known = HashMap::new();
    let mut open = HashSet::new();
    let operations = document.operations.iter();
    operations
        .map(|(_, operation)| count_set(&operation.node.selection_set.node, document, &mut known, &mut open))
        .fold(0, usize::saturating_add)
}

/// The parser bounds how deep selections nest, and `open` how deep fragments do, so the recursion is bounded.
fn count_set<'a>(
    set: &'a SelectionSet,
    document: &'a ExecutableDocument,
    known: &mut HashMap<&'a str, usize>,
    open: &mut HashSet<&'a str>,
) -> usize {
    let mut fields = 0usize;
    for selection in &set.items {
        let count = match &selection.node {
            Selection::Field(field) => {
                count_set(&field.node.selection_set.node, document, known, open).saturating_add(1)
            }
            Selection::InlineFragment(inline) => {
                count_set(&inline.node.selection_set.node, document, known, open)
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                count_fragment(name, document, known, open)
            }
        };
        fields = fields.saturating_add(count);
    }
    fields
}

fn count_fragment<'a>(
    name: &'a str,
    document: &'a ExecutableDocument,
    known: &mut HashMap<&'a str, usize>,
    open: &mut HashSet<&'a str>,
) -> usize {
    /// Fragments that stand in fragments, deeper than any sensible query.
    const MAX_OPEN: usize = 32;
    if let Some(count) = known.get(name) {
        return *count;
    }
    let Some((name, fragment)) = document.fragments.get_key_value(name) else {
        return 0;
    };
    if open.len() >= MAX_OPEN || !open.insert(name) {
        return usize::MAX;
    }
    let count = count_set(&fragment.node.selection_set.node, document, known, open);
    open.remove(name.as_str());
    known.insert(name, count);
    count
}

/// Tells as of which block the answer holds, and gives errors of resolvers their code and the text for clients; logs
/// what is ours, once for each cause.
pub(super) fn finish(mut response: Response, scope: &Scope) -> Response {
    let request_id = scope.request_id.as_str();
    let mut logged = HashSet::new();
    for error in &mut response.errors {
        let Some(source) = error.source::<ApiError>().cloned() else {
            continue;
        };
        if source.is_ours() && logged.insert(source.identity()) {
            tracing::error!(code = source.code(), error = %source, request_id, path = ?error.path, "query failed");
        }
        error.message = source.public_message(request_id);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", source.code());
        if let ApiError::NotFound { nearest, .. } = &source {
            let nearest = nearest.iter().map(|near| near.to_value()).collect();
            extensions.set("nearest", Value::List(nearest));
        }
        if source.is_ours() {
            extensions.set("requestId", request_id);
        }
        error.extensions = Some(extensions);
    }
    let Some(head) = scope.known_head() else {
        return response;
    };
    let as_of = value!({
        "block": head.number,
        "hash": head.hash.clone(),
        "finalized": true,
        "specVersion": head.spec_version,
        "timestamp": head.timestamp_ms.and_then(format_time),
    });
    response.extension("asOf", as_of)
}

/// Code of the first error of an answer.
pub(crate) fn first_code(response: &Response) -> Option<String> {
    let extensions = response.errors.first()?.extensions.as_ref()?;
    match extensions.get("code")? {
        Value::String(code) => Some(code.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn fields(query: &str) -> usize {
        count_fields(&parse_query(query).expect("parses"))
    }

    #[test]
    fn fragments_that_double_are_counted_without_being_expanded() {
        let mut query = String::from("{ ...f0 }");
        for level in 0..30 {
            query += &format!(" fragment f{level} on Query {{ ...f{} ...f{} }}", level + 1, level + 1);
        }
        query += " fragment f30 on Query { __typename }";
        assert_eq!(fields(&query), 1 << 30);
    }

    #[test]
    fn fragments_that_spread_themselves_are_endless() {
        assert_eq!(
            fields("{ ...a } fragment a on Query { ...b } fragment b on Query { x ...a }"),
            usize::MAX
        );
    }

    #[test]
    fn plain_fields_are_counted_with_those_in_inline_fragments() {
        assert_eq!(fields("{ a { b ... on Block { c } } ...f } fragment f on Query { d }"), 4);
    }
}
