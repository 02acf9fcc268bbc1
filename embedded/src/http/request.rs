//! What a request asks: parameters of the URL and of multipart forms, credentials, encodings.

use bytes::Bytes;
use http::{HeaderMap, Method, header};

use crate::codec::Encoding;
use crate::exception::{Exception, codes};

/// A multipart form carries a query and its parameters, not tables of rows.
const FORM_LIMIT: u64 = 16 << 20;

/// The parameters of a request, sorted by their kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    pub(crate) query: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) default_format: Option<String>,
    pub(crate) query_id: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Answer in ClickHouse's compressed blocks.
    pub(crate) compress: bool,
    /// The body comes in ClickHouse's compressed blocks.
    pub(crate) decompress: bool,
    /// Keep the answer back until the query has ended, so that the status tells how it went.
    pub(crate) wait_end_of_query: bool,
    /// Pack the answer as `Accept-Encoding` allows; on unless switched off.
    pub(crate) http_compression: Option<bool>,
    /// Values of `{name:Type}` in the query.
    pub(crate) values: Vec<(String, String)>,
    /// Engine settings, in order.
    pub(crate) settings: Vec<(String, String)>,
}

impl Params {
    /// Reads the URL's query string.
    pub(crate) fn from_url(query: Option<&str>) -> Result<Self, Exception> {
        let mut params = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            params.set(&name, value.into_owned())?;
        }
        Ok(params)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Exception> {
        let yes = |value: &str| !matches!(value, "" | "0" | "false");
        match name {
            "query" => self.query = Some(value),
            "database" => self.database = Some(value).filter(|value| !value.is_empty()),
            "default_format" => self.default_format = Some(value).filter(|value| !value.is_empty()),
            "query_id" => self.query_id = Some(value).filter(|value| !value.is_empty()),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "compress" => self.compress = yes(&value),
            "decompress" => self.decompress = yes(&value),
            "wait_end_of_query" => self.wait_end_of_query = yes(&value),
            "enable_http_compression" => self.http_compression = Some(yes(&value)),
            "role" => {
                let text = format!("there are no roles in the embedded engine, so none is called `{value}`");
                return Err(Exception::new(codes::UNKNOWN_ROLE, "UNKNOWN_ROLE", text));
            }
            // every request is a session of its own here: these are accepted and have no effect
            "session_id"
            | "session_timeout"
            | "session_check"
            | "close_session"
            | "quota_key"
            | "buffer_size"
            | "stacktrace"
            | "client_protocol_version" => {}
            _ => match name.strip_prefix("param_") {
                Some(name) => self.values.push((name.to_owned(), value)),
                None if is_setting_name(name) => self.settings.push((name.to_owned(), value)),
                None => {
                    let text = format!("Unknown setting '{name}'");
                    return Err(Exception::new(codes::UNKNOWN_SETTING, "UNKNOWN_SETTING", text));
                }
            },
        }
        Ok(())
    }

    /// Reads a multipart form: fields named like URL parameters.
    pub(crate) async fn read_form(
        &mut self,
        content_type: &str,
        body: axum::body::Body,
    ) -> Result<(), Exception> {
        let bad = |err: multer::Error| {
            Exception::new(codes::BAD_ARGUMENTS, "BAD_ARGUMENTS", format!("multipart form: {err}"))
        };
        let boundary = multer::parse_boundary(content_type).map_err(bad)?;
        let limit = multer::SizeLimit::new().whole_stream(FORM_LIMIT);
        let constraints = multer::Constraints::new().size_limit(limit);
        let mut form = multer::Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
        while let Some(field) = form.next_field().await.map_err(bad)? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            if field.file_name().is_some() {
                let text = format!(
                    "external tables are not supported (`{name}` is a file): insert it into a table first"
                );
                return Err(Exception::new(codes::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text));
            }
            let value = field.text().await.map_err(bad)?;
            // a query split between URL and form is one query
            match (name.as_str(), self.query.take()) {
                ("query", Some(begun)) => self.query = Some(format!("{begun}\n{value}")),
                (name, begun) => {
                    self.query = begun;
                    self.set(name, value)?;
                }
            }
        }
        Ok(())
    }
}

/// Setting names are plain identifiers; anything else could smuggle SQL into the `SET`.
fn is_setting_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A text as an SQL literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name as an SQL identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// User and password of this endpoint.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Lets the request pass, or refuses it: 401 when it names nobody, 403 when user or password are wrong.
    pub(crate) fn check(&self, headers: &HeaderMap, params: &Params) -> Result<(), Exception> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let basic = header("authorization").as_deref().and_then(basic_credentials);
        let from_headers = || (header("x-clickhouse-user"), header("x-clickhouse-key"));
        let (user, password) = match basic {
            Some((user, password)) => (Some(user), Some(password)),
            None => match from_headers() {
                (None, None) => (params.user.clone(), params.password.clone()),
                named => named,
            },
        };
        if user.is_none() && password.is_none() {
            let text = "Authentication required: send user and password (Basic, X-ClickHouse-User and X-ClickHouse-Key, or as URL parameters); they are in engine.json of the data folder";
            return Err(Exception::new(codes::REQUIRED_PASSWORD, "REQUIRED_PASSWORD", text));
        }
        let user = user.unwrap_or_else(|| self.user.clone());
        let fits = same(&user, &self.user) & same(&password.unwrap_or_default(), &self.password);
        if fits {
            return Ok(());
        }
        let text = format!(
            "{user}: Authentication failed: password is incorrect, or there is no user with such name."
        );
        Err(Exception::new(codes::AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", text))
    }
}

/// Compares without telling by its duration where the texts differ.
fn same(given: &str, wanted: &str) -> bool {
    let differing = given.bytes().zip(wanted.bytes()).fold(0_u8, |sum, (a, b)| sum | (a ^ b));
    differing == 0 && given.len() == wanted.len()
}

fn basic_credentials(header: &str) -> Option<(String, String)> {
    use base64::Engine;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// How the bodies are packed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encodings {
    pub(crate) request: Encoding,
    pub(crate) response: Encoding,
}

impl Encodings {
    pub(crate) fn of(headers: &HeaderMap, params: &Params) -> Result<Self, Exception> {
        let text = |name: header::HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let named = text(header::CONTENT_ENCODING);
        let Some(request) = Encoding::named(&named) else {
            let text = format!("Unknown compression method: {named}; send gzip, deflate, lz4 or zstd");
            return Err(Exception::new(codes::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text));
        };
        let wanted = params.http_compression.unwrap_or(true) && !params.compress;
        let response =
            if wanted { Encoding::accepted(&text(header::ACCEPT_ENCODING)) } else { Encoding::Identity };
        Ok(Self { request, response })
    }
}

/// Whether the method may change anything: as with a ClickHouse server, `GET` reads only.
pub(crate) fn is_read_only(method: &Method) -> bool {
    *method != Method::POST && *method != Method::PUT
}

/// A piece of a request body on its way to the worker.
#[derive(Debug)]
pub(crate) enum BodyPiece {
    Data(Bytes),
    /// The body arrived wholly.
    End,
    /// The client left, or sent a broken body.
    Broken(String),
}

/// The request body for a worker thread, which waits while nothing has arrived.
pub(crate) struct BodyReader {
    pieces: tokio::sync::mpsc::Receiver<BodyPiece>,
    current: Bytes,
    ended: bool,
}

impl BodyReader {
    pub(crate) fn new(pieces: tokio::sync::mpsc::Receiver<BodyPiece>) -> Self {
        Self { pieces, current: Bytes::new(), ended: false }
    }
}

impl std::io::Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(BodyPiece::Data(data)) => self.current = data,
                Some(BodyPiece::End) => self.ended = true,
                Some(BodyPiece::Broken(reason)) => return Err(std::io::Error::other(reason)),
                None => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let length = into.len().min(self.current.len());
        into[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sorted_by_kind_and_odd_names_refused() {
        let params = Params::from_url(Some(
            "query=SELECT+1&database=d&param_x=%27a&max_threads=2&session_id=s&compress=1&default_format=JSON",
        ))
        .unwrap();
        assert_eq!(params.query.as_deref(), Some("SELECT 1"));
        assert_eq!(params.values, [("x".to_owned(), "'a".to_owned())]);
        assert_eq!(params.settings, [("max_threads".to_owned(), "2".to_owned())]);
        assert!(params.compress && !params.decompress);
        assert_eq!(Params::from_url(Some("a%3D1%2Cb=2")).unwrap_err().code, codes::UNKNOWN_SETTING);
        assert_eq!(Params::from_url(Some("role=admin")).unwrap_err().code, codes::UNKNOWN_ROLE);
    }

    #[test]
    fn the_password_is_asked_for_in_every_way_it_may_be_sent() {
        let credentials = Credentials { user: "yumascan".into(), password: "secret".into() };
        let check = |headers: &[(&'static str, &str)], url: &str| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            credentials.check(&map, &Params::from_url(Some(url)).unwrap()).map_err(|err| err.code)
        };
        assert_eq!(check(&[("authorization", "Basic eXVtYXNjYW46c2VjcmV0")], ""), Ok(()));
        assert_eq!(check(&[("x-clickhouse-user", "yumascan"), ("x-clickhouse-key", "secret")], ""), Ok(()));
        assert_eq!(check(&[], "user=yumascan&password=secret"), Ok(()));
        assert_eq!(check(&[], "password=secret"), Ok(()));
        assert_eq!(check(&[], ""), Err(codes::REQUIRED_PASSWORD));
        assert_eq!(check(&[], "user=yumascan&password=secre"), Err(codes::AUTHENTICATION_FAILED));
        assert_eq!(check(&[], "user=default&password=secret"), Err(codes::AUTHENTICATION_FAILED));
        assert_eq!(
            check(&[("x-clickhouse-user", "yumascan")], "password=secret"),
            Err(codes::AUTHENTICATION_FAILED)
        );
        assert_eq!(
            check(&[("authorization", "Basic eXVtYXNjYW46d3Jvbmc=")], ""),
            Err(codes::AUTHENTICATION_FAILED)
        );
    }

    #[test]
    fn literals_cannot_be_left() {
        assert_eq!(literal(r"a'b\"), r"'a\'b\\'");
        assert_eq!(identifier("a`b"), r"`a\`b`");
    }
}
