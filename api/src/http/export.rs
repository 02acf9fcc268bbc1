//! `/api/v1/export/{list}`: whole lists as files, in parts that end between two blocks.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use yumascan_warehouse::{AskFormat, AskLimits, ask::find_list};

use super::{
    App,
    request_id::RequestId,
    sql::{Failure, explain, file_response, take_turn},
};
use crate::limits::Visitor;

/// Units that a part costs.
const PRICE: u32 = 20;
/// Where no last block is asked for.
const NO_END: u64 = u64::MAX >> 1;

/// `GET /api/v1/export/{list}?from=…&to=…&format=…&max_rows=…`: a whole list in parts that end between two blocks. The header
/// `Link` names the next part.
pub(super) async fn export(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    Path(list): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let answered = export_part(&app, &visitor, &list, &query.unwrap_or_default()).await;
    answered.unwrap_or_else(|failure| failure.response(&id))
}

async fn export_part(app: &App, visitor: &Visitor, list: &str, query: &str) -> Result<Response, Failure> {
    let bad = |text: String| Failure::new(StatusCode::BAD_REQUEST, "BAD_INPUT", text);
    if !app.shared.state.config.sql_enabled || !visitor.may("export") {
        let text = "exports are not open to you: they are switched off (api.sql_enabled), or your key lacks the scope `export`";
        return Err(Failure::new(StatusCode::FORBIDDEN, "SCOPE", text));
    }
    let Some(found) = find_list(list) else {
        let text = format!(
            "there is no list `{list}` by blocks; the lists are the views at /sql, with or without v_"
        );
        return Err(Failure::new(StatusCode::NOT_FOUND, "NOT_FOUND", text));
    };
    let limits = app.shared.state.config.sql_limits(visitor.tier);
    let (mut from, mut to, mut format, mut max_rows) =
        (0, NO_END, AskFormat::JsonLines, 10 * limits.result_rows);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let number =
            || value.parse::<u64>().map_err(|_| bad(format!("`{name}={value}` is not a number of a block")));
        match name.as_ref() {
            "from" => from = number()?,
            "to" => to = number()?,
            "max_rows" => max_rows = number()?.clamp(1, 10 * limits.result_rows),
            "format" => {
                let text = format!("`{value}` is no format; use json, jsonl, csv, tsv, parquet or arrow");
                format = AskFormat::from_name(&value).ok_or_else(|| bad(text))?;
            }
            _ => {
                return Err(bad(format!(
                    "`{name}` is no parameter; there are from, to, format and max_rows"
                )));
            }
        }
    }
    visitor.charge(PRICE)?;
    let turn = take_turn(app).await?;
    let warehouse = &app.shared.state.warehouse;
    let part = warehouse
        .cut_export(&found, from, to, max_rows, &limits)
        .await
        .map_err(|error| explain(&error, &limits))?;
    let limits = AskLimits { seconds: 6 * limits.seconds, result_bytes: 16 * limits.result_bytes, ..limits };
    let mut cursor = warehouse.export(&part, format, &limits).map_err(|error| explain(&error, &limits))?;
    let first = cursor.next().await.map_err(|error| explain(&error, &limits))?.unwrap_or_default();
    let mut response = file_response(first, cursor, turn, format, list);
    if let Some(next) = part.next {
        let upper = if to == NO_END { String::new() } else { format!("&to={to}") };
        let link = format!(
            "</api/v1/export/{list}?from={next}{upper}&format={}&max_rows={max_rows}>; rel=\"next\"",
            format.name()
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}
