//! HTTP/1.1 to an address that was checked.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto, pki_types::ServerName},
};
use url::Url;

use super::{Guard, NetError};
use crate::AlertError;

/// Most bytes read of an answer.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// What a server said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
}

/// Posts to sinks. One connection a request: there are few, and none outlives the check of its address.
#[derive(Clone)]
pub struct HttpClient {
    guard: Guard,
    tls: TlsConnector,
    timeout: Duration,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient")
            .field("guard", &self.guard)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that connects where `guard` lets it, and waits no longer than `timeout` for the whole of a request.
    ///
    /// # Errors
    /// [`AlertError::Tls`].
    pub fn new(guard: Guard, timeout: Duration) -> Result<Self, AlertError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| AlertError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { guard, tls: TlsConnector::from(Arc::new(config)), timeout })
    }

    /// Who decides where it may connect.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// How long a request may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a POST and reads the answer. A redirect is an answer like any other: it is not followed.
    ///
    /// # Errors
    /// [`NetError`]; its text names the host alone, never the path, which may be a secret.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<Answer, NetError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let sent = tokio::time::timeout(self.timeout, self.exchange(url, &host, headers, body)).await;
        sent.unwrap_or_else(|_| Err(NetError::TimedOut { host, ms: self.timeout.as_millis() }))
    }

    async fn exchange(
        &self,
        url: &Url,
        host: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, NetError> {
        check_url(url)?;
        let port = url.port_or_known_default().ok_or_else(|| NetError::Url("the URL has no port".into()))?;
        let stream = self.connect(host, port).await?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::post(target).header(header::HOST, authority);
        if let Some(fields) = request.headers_mut() {
            fields.extend(headers);
            fields.insert(
                header::USER_AGENT,
                header::HeaderValue::from_static(concat!("yumascan/", env!("CARGO_PKG_VERSION"))),
            );
        }
        let request = request
            .body(Full::new(body))
            .map_err(|_| NetError::Url("the URL's path is not one of HTTP".into()))?;
        if url.scheme() == "http" {
            return converse(stream, host, request).await;
        }
        let failed = |reason: String| NetError::Failed { host: host.to_owned(), reason };
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|error| failed(error.to_string()))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| failed(format!("TLS: {error}")))?;
        converse(stream, host, request).await
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, NetError> {
        let mut last = String::new();
        for address in self.guard.resolve(host, port).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // alerts are small and urgent
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(NetError::Failed { host: host.to_owned(), reason: last })
    }
}

/// Whether alerts may be sent to a URL of this form.
pub(crate) fn check_url(url: &Url) -> Result<(), NetError> {
    let refuse = |reason: &str| Err(NetError::Url(reason.to_owned()));
    match url.scheme() {
        "http" | "https" => {}
        other => return refuse(&format!("`{other}:` is neither http: nor https:")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return refuse("the URL names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the URL holds a user or password; give it as the sink's secret");
    }
    Ok(())
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    host: &str,
    request: Request<Full<Bytes>>,
) -> Result<Answer, NetError> {
    let failed = |reason: String| NetError::Failed { host: host.to_owned(), reason };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let talk = async {
        let answer = sender.send_request(request).await.map_err(|error| failed(said(&error)))?;
        let (parts, body) = answer.into_parts();
        // the status counts; of a body that is too long or breaks off, nothing is kept
        let body = Limited::new(body, MOST_ANSWER_BYTES).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    };
    tokio::pin!(talk);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        answer = &mut talk => answer,
        ended = &mut connection => match ended {
            Ok(()) => talk.await,
            Err(error) => {
                let reason = said(&error);
                talk.await.map_err(|_: NetError| failed(reason))
            }
        },
    }
}

/// An error with its cause, which says more.
fn said(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
