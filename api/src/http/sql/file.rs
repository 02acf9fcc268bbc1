//! Answers as they are sent: in their turn, piece by piece, as a file.

use std::{pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures::{Stream, stream};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use yumascan_warehouse::{Answer, AskFormat};

use super::{super::App, failure::Failure};

/// How long the engine may be silent within an answer before the query is given up.
const STALL: Duration = Duration::from_secs(30);

/// Waits for a turn among the questions of all.
pub(in crate::http) async fn take_turn(app: &App) -> Result<OwnedSemaphorePermit, Failure> {
    let patience = Duration::from_millis(app.shared.state.config.max_queue_ms);
    match timeout(patience, app.shared.sql_turns.clone().acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => {
            let text = "too many SQL queries run at the moment; try again in a moment";
            Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", text))
        }
    }
}

/// An answer as a response; what is no JSON is offered as a file of this name.
pub(in crate::http) fn file_response(
    first: Bytes,
    cursor: Answer,
    turn: OwnedSemaphorePermit,
    format: AskFormat,
    name: &str,
) -> Response {
    let mut response = Response::new(Body::from_stream(rest(first, cursor, turn)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if format != AskFormat::Json {
        let place = format!("attachment; filename=\"{name}.{}\"", format.name());
        if let Ok(place) = HeaderValue::from_str(&place) {
            headers.insert(header::CONTENT_DISPOSITION, place);
        }
    }
    response
}

/// The answer as a body. Dropping it, as happens when the client leaves, drops the cursor, which cancels the query.
fn rest(
    first: Bytes,
    cursor: Answer,
    turn: OwnedSemaphorePermit,
) -> Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>> {
    let following = stream::try_unfold((cursor, turn), |(mut cursor, turn)| async move {
        let piece = timeout(STALL, cursor.next())
            .await
            .map_err(|_| std::io::Error::other("the engine fell silent"))?;
        let piece = piece.map_err(|error| {
            tracing::debug!(%error, "an SQL answer broke off");
            std::io::Error::other(error.to_string())
        })?;
        Ok(piece.map(|piece| (piece, (cursor, turn))))
    });
    Box::pin(futures::StreamExt::chain(stream::once(async move { Ok(first) }), following))
}
