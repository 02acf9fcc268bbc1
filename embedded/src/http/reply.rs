//! The answer to a request, written by a worker thread: status and headers first, then the body piece by piece.

use bytes::Bytes;
use http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use crate::codec::{Encoder, Encoding};
use crate::exception::Exception;
use crate::ffi::Counters;

/// Bytes held back before the status is sent: an exception among the first rows still gets its own status.
const HOLD: usize = 256 << 10;
/// What `wait_end_of_query=1` holds back at most.
const HOLD_WHOLE: usize = 256 << 20;

/// Status and headers of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) format: String,
    pub(crate) exception_code: Option<i32>,
    pub(crate) counters: Counters,
    pub(crate) encoding: Encoding,
}

/// What a worker's answer is packed with and marked by.
#[derive(Debug, Clone)]
pub(crate) struct ReplyOptions {
    pub(crate) encoding: Encoding,
    /// ClickHouse's own compressed blocks.
    pub(crate) blocks: bool,
    pub(crate) wait_for_end: bool,
    /// Marks an exception after the first bytes, as announced in `X-ClickHouse-Exception-Tag`.
    pub(crate) tag: String,
    pub(crate) version: String,
}

/// The worker's end of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    options: ReplyOptions,
    /// Name of the output format, for the headers.
    pub(crate) format: String,
    head: Option<oneshot::Sender<Head>>,
    pieces: mpsc::Sender<Result<Bytes, std::io::Error>>,
    encoder: Option<Encoder>,
    held: Vec<u8>,
    gone: bool,
}

impl Reply {
    pub(crate) fn new(
        options: ReplyOptions,
        head: oneshot::Sender<Head>,
        pieces: mpsc::Sender<Result<Bytes, std::io::Error>>,
    ) -> Self {
        let encoder = Encoder::new(options.encoding, options.blocks).ok();
        Self {
            options,
            format: "TabSeparated".into(),
            head: Some(head),
            pieces,
            encoder,
            held: Vec::new(),
            gone: false,
        }
    }

    /// Adds to the body; waits while the client is slow, and forgets the bytes once it has left.
    pub(crate) fn write(&mut self, data: &[u8]) {
        if self.gone {
            return;
        }
        if self.head.is_none() {
            self.send(data.to_vec());
            return;
        }
        self.held.extend_from_slice(data);
        let hold = if self.options.wait_for_end { HOLD_WHOLE } else { HOLD };
        if self.held.len() >= hold {
            self.open(StatusCode::OK, None, Counters::default());
        }
    }

    fn open(&mut self, status: StatusCode, exception_code: Option<i32>, counters: Counters) {
        let Some(head) = self.head.take() else { return };
        let (format, encoding) = (self.format.clone(), self.options.encoding);
        self.gone = head.send(Head { status, format, exception_code, counters, encoding }).is_err();
        let held = std::mem::take(&mut self.held);
        self.send(held);
    }

    fn send(&mut self, data: Vec<u8>) {
        let Some(encoder) = &mut self.encoder else { return };
        match encoder.piece(data) {
            Ok(piece) => self.send_packed(Ok(piece.into())),
            Err(err) => self.send_packed(Err(err)),
        }
    }

    fn send_packed(&mut self, piece: Result<Bytes, std::io::Error>) {
        if self.gone || piece.as_ref().is_ok_and(Bytes::is_empty) {
            return;
        }
        self.gone = self.pieces.blocking_send(piece).is_err();
    }

    /// Ends the answer: with the counters, or with the exception in ClickHouse's words.
    pub(crate) fn finish(mut self, result: Result<Counters, Exception>) {
        let mut truncated = false;
        match result {
            Ok(counters) => self.open(StatusCode::OK, None, counters),
            Err(exception) => {
                let text = exception.with_version(&self.options.version);
                truncated = self.head.is_none();
                if truncated {
                    let block = exception_block(&text, &self.options.tag);
                    self.send(block);
                } else {
                    self.held = format!("{text}\n").into_bytes();
                    self.open(exception.status(), Some(exception.code), Counters::default());
                }
            }
        }
        let end = self.encoder.take().map_or(Ok(Vec::new()), Encoder::finish);
        self.send_packed(end.map(Bytes::from));
        if truncated {
            // an answer cut short must not look complete to a client that does not know the tag
            self.send_packed(Err(std::io::Error::other("the query failed after its first rows were sent")));
        }
    }
}

/// An exception after the first bytes, as servers since 25.11 mark it.
fn exception_block(text: &str, tag: &str) -> Vec<u8> {
    let message = format!("{text}\n");
    let length = message.len();
    format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n").into_bytes()
}

/// The `Content-Type` of a format.
pub(crate) fn content_type(format: &str) -> &'static str {
    let format = format.to_ascii_lowercase();
    match format.as_str() {
        "jsoneachrow" | "jsonlines" | "ndjson" | "jsonstringseachrow" | "jsoncompacteachrow" => {
            "application/x-ndjson; charset=UTF-8"
        }
        "xml" => "application/xml; charset=UTF-8",
        "html" => "text/html; charset=UTF-8",
        "markdown" => "text/markdown; charset=UTF-8",
        name if name.starts_with("json") => "application/json; charset=UTF-8",
        name if name.starts_with("csvwithnames") => "text/csv; charset=UTF-8; header=present",
        name if name.starts_with("csv") => "text/csv; charset=UTF-8; header=absent",
        name if name.starts_with("tsv") || name.starts_with("tabseparated") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        name if name.starts_with("pretty") || name.starts_with("values") || name.starts_with("vertical") => {
            "text/plain; charset=UTF-8"
        }
        _ => "application/octet-stream",
    }
}
