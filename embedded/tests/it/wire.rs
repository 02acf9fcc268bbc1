//! A plain HTTP client that shows status, headers and body as they come.

use ::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use yumascan_embedded::testing::{TestDatabase, fresh_database};

pub(crate) type Body = BoxBody<Bytes, std::io::Error>;

pub(crate) struct Wire {
    pub(crate) db: TestDatabase,
    client: Client<HttpConnector, Body>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The body ended before its time.
    pub(crate) cut: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed()
}

/// A body of unknown length, sent piece by piece.
pub(crate) fn chunked(pieces: Vec<Vec<u8>>) -> Body {
    let frames = pieces.into_iter().map(|piece| Ok(Frame::data(Bytes::from(piece))));
    BodyExt::boxed(StreamBody::new(futures::stream::iter(frames)))
}

impl Wire {
    pub(crate) fn new() -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { db: fresh_database().expect("the engine starts"), client }
    }

    pub(crate) fn url(&self, params: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !params.iter().any(|(name, _)| *name == "database") {
            query.append_pair("database", self.db.database());
        }
        query.extend_pairs(params);
        format!("{}/?{}", self.db.url(), query.finish())
    }

    pub(crate) fn request(&self, method: Method, params: &[(&str, &str)]) -> ::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(self.url(params))
            .header("x-clickhouse-user", self.db.user())
            .header("x-clickhouse-key", self.db.password())
    }

    pub(crate) async fn start(&self, request: Request<Body>) -> Response<Incoming> {
        self.client.request(request).await.expect("the endpoint answers")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, mut incoming) = self.start(request).await.into_parts();
        let (mut body, mut cut) = (Vec::new(), false);
        while let Some(frame) = incoming.frame().await {
            match frame {
                Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(_) => {
                    cut = true;
                    break;
                }
            }
        }
        Answer { status: parts.status, headers: parts.headers, body, cut }
    }

    pub(crate) async fn post(&self, params: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.send(self.request(Method::POST, params).body(full(body)).unwrap()).await
    }

    pub(crate) async fn get(&self, params: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::GET, params).body(full("")).unwrap()).await
    }

    /// Runs a statement that must succeed and gives its text.
    pub(crate) async fn run(&self, sql: &str) -> String {
        let answer = self.post(&[], sql.to_owned()).await;
        assert_eq!(answer.status, StatusCode::OK, "{sql}: {}", answer.text());
        answer.text()
    }
}
