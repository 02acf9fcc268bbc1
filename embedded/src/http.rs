//! The ClickHouse-HTTP endpoint: one handler, a worker thread for each running query.

mod job;
mod reply;
mod request;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderValue, Method, StatusCode, header};
use tokio::sync::{Semaphore, mpsc, oneshot};

use self::job::Job;
use self::reply::{Head, Reply, ReplyOptions, content_type};
use self::request::{BodyPiece, BodyReader, Encodings, Params, is_read_only};
use crate::engine::Core;
use crate::exception::{Exception, codes};
use crate::ffi::Counters;

pub(crate) use self::request::{Credentials, identifier, literal};

/// Queries that run at once; more wait for their turn.
pub(crate) const MAX_QUERIES: usize = 64;

/// Pieces of a body under way between client and worker.
const PIECES: usize = 4;

/// The endpoint's state, shared by all requests.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) core: Arc<Core>,
    pub(crate) credentials: Credentials,
    pub(crate) slots: Arc<Semaphore>,
    next: AtomicU64,
}

impl Endpoint {
    pub(crate) fn new(core: Arc<Core>, credentials: Credentials) -> Self {
        Self { core, credentials, slots: Arc::new(Semaphore::new(MAX_QUERIES)), next: AtomicU64::new(1) }
    }
}

/// The endpoint as an axum router.
pub(crate) fn router(endpoint: Arc<Endpoint>) -> axum::Router {
    axum::Router::new().fallback(handle).with_state(endpoint)
}

async fn handle(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Result<Response, Infallible> {
    if matches!(request.uri().path(), "/ping" | "/replicas_status") {
        return Ok(text(StatusCode::OK, "Ok.\n".into()));
    }
    Ok(match answer(&endpoint, request).await {
        Ok(response) => response,
        Err(exception) => refusal(&endpoint, &exception),
    })
}

/// Everything that must be known before a worker starts, and then the worker's answer.
async fn answer(endpoint: &Arc<Endpoint>, request: Request) -> Result<Response, Exception> {
    let (parts, body) = request.into_parts();
    let mut params = Params::from_url(parts.uri.query())?;
    endpoint.credentials.check(&parts.headers, &params)?;
    if parts.uri.path() != "/" {
        let message = format!("There is no handle {}. Use / or /ping.", parts.uri.path());
        return Ok(text(StatusCode::NOT_FOUND, message + "\n"));
    }
    if parts.method == Method::GET && parts.uri.query().is_none_or(str::is_empty) {
        return Ok(text(StatusCode::OK, "Ok.\n".into()));
    }

    for name in ["x-clickhouse-database", "x-clickhouse-format"] {
        let Some(value) = parts.headers.get(name).and_then(|value| value.to_str().ok()) else { continue };
        let param =
            if name.ends_with("database") { &mut params.database } else { &mut params.default_format };
        param.get_or_insert_with(|| value.to_owned());
    }
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_form = content_type.to_ascii_lowercase().starts_with("multipart/form-data");
    let body = if is_form {
        params.read_form(content_type, body).await?;
        None
    } else {
        Some(read_body(body))
    };
    let encodings = Encodings::of(&parts.headers, &params)?;

    let Ok(slot) = Arc::clone(&endpoint.slots).acquire_owned().await else {
        return Err(Exception::new(codes::ABORTED, "ABORTED", "the engine is shutting down"));
    };
    let number = endpoint.next.fetch_add(1, Ordering::Relaxed);
    let query_id = params.query_id.clone().unwrap_or_else(random_query_id);
    let mark = format!("yumascan-{number}:{query_id}");
    let (head_sender, head) = oneshot::channel();
    let (piece_sender, pieces) = mpsc::channel(PIECES);
    let tag = random_tag();
    let options = ReplyOptions {
        encoding: encodings.response,
        blocks: params.compress,
        wait_for_end: params.wait_end_of_query,
        tag: tag.clone(),
        version: endpoint.core.version().to_owned(),
    };
    let reply = Reply::new(options, head_sender, piece_sender);
    let done = Arc::new(AtomicBool::new(false));
    let guard =
        CancelGuard { core: Arc::clone(&endpoint.core), mark: mark_pattern(&mark), done: Arc::clone(&done) };
    let core = Arc::clone(&endpoint.core);
    let read_only = is_read_only(&parts.method);
    tokio::task::spawn_blocking(move || {
        Job { core, params, encodings, read_only, body, mark }.run(reply);
        done.store(true, Ordering::Release);
        drop(slot);
    });
    let Ok(head) = head.await else {
        return Err(Exception::from_engine("the worker ended without an answer".into()));
    };
    Ok(respond(endpoint, &head, &query_id, &tag, ReplyBody { pieces, failed: None, _guard: guard }))
}

/// Starts moving the body to the worker, no faster than it reads.
fn read_body(body: Body) -> BodyReader {
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let mut stream = body.into_data_stream();
        while let Some(piece) = stream.next().await {
            let piece = match piece {
                Ok(data) => BodyPiece::Data(data),
                Err(err) => BodyPiece::Broken(err.to_string()),
            };
            let broken = matches!(piece, BodyPiece::Broken(_));
            if sender.send(piece).await.is_err() || broken {
                return;
            }
        }
        let _ = sender.send(BodyPiece::End).await;
    });
    BodyReader::new(receiver)
}

fn respond(endpoint: &Endpoint, head: &Head, query_id: &str, tag: &str, body: ReplyBody) -> Response {
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = head.status;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("x-clickhouse-query-id", query_id);
    set("x-clickhouse-server-display-name", "yumascan");
    set("x-clickhouse-timezone", endpoint.core.timezone());
    set("x-clickhouse-summary", &summary(&head.counters));
    if let Some(encoding) = head.encoding.header() {
        set("content-encoding", encoding);
    }
    match head.exception_code {
        Some(code) => {
            set("content-type", "text/plain; charset=UTF-8");
            set("x-clickhouse-exception-code", &code.to_string());
        }
        None => {
            set("content-type", content_type(&head.format));
            set("x-clickhouse-format", &head.format);
            set("x-clickhouse-exception-tag", tag);
        }
    }
    response
}

/// The counters as servers print them: numbers in quotes.
fn summary(counters: &Counters) -> String {
    format!(
        r#"{{"read_rows":"{}","read_bytes":"{}","written_rows":"{}","written_bytes":"{}","total_rows_to_read":"0","result_rows":"{}","result_bytes":"{}","elapsed_ns":"{}"}}"#,
        counters.read_rows,
        counters.read_bytes,
        counters.written_rows,
        counters.written_bytes,
        counters.result_rows,
        counters.result_bytes,
        counters.elapsed_ns
    )
}

fn text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}

/// An exception found before any worker started.
fn refusal(endpoint: &Endpoint, exception: &Exception) -> Response {
    let mut response = text(exception.status(), exception.with_version(endpoint.core.version()) + "\n");
    let headers = response.headers_mut();
    headers.insert("x-clickhouse-exception-code", HeaderValue::from(exception.code));
    if exception.code == codes::REQUIRED_PASSWORD {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Yumascan ClickHouse HTTP\""),
        );
    }
    response
}

fn random_tag() -> String {
    (0..16).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect()
}

/// A random query id in the shape of a UUID, as servers make them.
fn random_query_id() -> String {
    let hex = format!("{:032x}", rand::random::<u128>());
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn mark_pattern(mark: &str) -> String {
    mark.split_once(':').map_or(mark, |(number, _)| number).to_owned() + ":"
}

/// Cancels the query when the client has left before its end.
#[derive(Debug)]
struct CancelGuard {
    core: Arc<Core>,
    mark: String,
    done: Arc<AtomicBool>,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if self.done.load(Ordering::Acquire) {
            return;
        }
        let (core, mark, done) =
            (Arc::clone(&self.core), std::mem::take(&mut self.mark), Arc::clone(&self.done));
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // the query may not have begun, or be where it does not look for the flag: ask until it has ended
            let mut pause = std::time::Duration::from_millis(20);
            while !done.load(Ordering::Acquire) {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(std::time::Duration::from_secs(1));
                let (core, mark, done) = (Arc::clone(&core), mark.clone(), Arc::clone(&done));
                let asked = tokio::task::spawn_blocking(move || {
                    if !done.load(Ordering::Acquire) {
                        core.kill(&mark);
                    }
                });
                if asked.await.is_err() {
                    return;
                }
            }
        });
    }
}

/// The pieces of an answer as a response body.
struct ReplyBody {
    pieces: mpsc::Receiver<Result<Bytes, std::io::Error>>,
    /// A failure that waits until what came before it has left for the client.
    failed: Option<(std::io::Error, Pin<Box<tokio::time::Sleep>>)>,
    _guard: CancelGuard,
}

impl Stream for ReplyBody {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.failed.is_none() {
            match self.pieces.poll_recv(cx) {
                Poll::Ready(Some(Err(err))) => {
                    let pause = tokio::time::sleep(std::time::Duration::from_millis(20));
                    self.failed = Some((err, Box::pin(pause)));
                }
                other => return other,
            }
        }
        let Some((_, pause)) = &mut self.failed else { return Poll::Ready(None) };
        std::task::ready!(pause.as_mut().poll(cx));
        Poll::Ready(self.failed.take().map(|(err, _)| Err(err)))
    }
}
