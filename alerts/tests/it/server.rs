//! A server that does to requests what a test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it was answered with success.
    pub(crate) accepted: bool,
}

/// What is done to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mood {
    /// 200.
    Well,
    /// This status.
    Fail(u16),
    /// This status, and what it takes to be sent elsewhere.
    Redirect(&'static str),
    /// No answer for so long, milliseconds.
    Hang(u64),
}

type Moods = Arc<dyn Fn(usize) -> Mood + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) port: u16,
    moods: Moods,
}

impl Server {
    /// Starts; the mood of each request depends on its number.
    pub(crate) async fn start(moods: impl Fn(usize) -> Mood + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { seen: Arc::default(), port, moods: Arc::new(moods) };
        let router = Router::new().fallback(take).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn take(State(server): State<Server>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (number, mood) = {
        let mut seen = server.seen.lock().unwrap();
        let mood = (server.moods)(seen.len());
        let accepted = matches!(mood, Mood::Well);
        seen.push(Seen { path: uri.path().to_owned(), headers, body, accepted });
        (seen.len(), mood)
    };
    match mood {
        Mood::Well => (StatusCode::OK, format!("ok {number}")).into_response(),
        Mood::Fail(status) => (StatusCode::from_u16(status).unwrap(), "not now").into_response(),
        Mood::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Mood::Hang(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            StatusCode::OK.into_response()
        }
    }
}
