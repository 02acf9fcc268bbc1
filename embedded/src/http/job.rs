//! One query on a worker thread: read the statement, open a session, run it, write the answer.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use super::reply::Reply;
use super::request::{BodyReader, Encodings, Params, identifier, literal};
use crate::codec::BlockReader;
use crate::engine::Core;
use crate::exception::{Exception, codes};
use crate::ffi::{Connection, Counters};
use crate::sql::{self, Outline, Prefix};

/// A statement (not the rows of an `INSERT`) may be this long; the engine's `max_query_size` is smaller by default.
const STATEMENT_LIMIT: usize = 64 << 20;
/// How much of a body is looked at for the end of an `INSERT`'s head.
const HEAD_LIMIT: usize = 1 << 20;
const CHUNK: usize = 256 << 10;

/// A query to run.
pub(crate) struct Job {
    pub(crate) core: Arc<Core>,
    pub(crate) params: Params,
    pub(crate) encodings: Encodings,
    pub(crate) read_only: bool,
    pub(crate) body: Option<BodyReader>,
    /// Marks the query in `system.processes`, so that it can be found and cancelled.
    pub(crate) mark: String,
}

impl Job {
    /// Runs the query and answers through `reply`.
    pub(crate) fn run(mut self, mut reply: Reply) {
        let result = self.execute(&mut reply);
        reply.finish(result);
    }

    fn execute(&mut self, reply: &mut Reply) -> Result<Counters, Exception> {
        let mut body = self.open_body()?;
        let query = self.params.query.take().unwrap_or_default().into_bytes();
        let (statement, text) = read_statement(query, &mut *body)?;
        let mut session = self.session()?;
        let default_format = self.params.default_format.as_deref();
        let values = &self.params.values;
        match statement {
            Outline::Plain(sql) => {
                let format = default_format.unwrap_or("TabSeparated");
                format.clone_into(&mut reply.format);
                let output = session.query(&sql, format, values)?;
                reply.write(output.data());
                Ok(output.counters())
            }
            Outline::Table { head, format, tail } => {
                let format = format.as_deref().or(default_format).unwrap_or("TabSeparated");
                format.clone_into(&mut reply.format);
                table(&mut session, &head, format, &tail, values, reply)
            }
            Outline::Insert { head, format, data } => {
                let format = format.as_deref().or(default_format).unwrap_or("Values");
                insert(&mut session, &head, format, values, &text[data..], &mut *body)
            }
        }
    }

    /// The body, unpacked as it is read.
    fn open_body(&mut self) -> Result<Box<dyn Read>, Exception> {
        let Some(body) = self.body.take() else { return Ok(Box::new(std::io::empty())) };
        let plain = self.encodings.request.reader(Box::new(body)).map_err(|err| bad_body(&err))?;
        Ok(if self.params.decompress { Box::new(BlockReader::new(plain)) } else { plain })
    }

    /// A session of this request's own, with its database and settings.
    fn session(&self) -> Result<Connection, Exception> {
        let mut session = self.core.connect()?;
        if let Some(database) = &self.params.database {
            session.query(format!("USE {}", identifier(database)).as_bytes(), "Null", &[])?;
        }
        let mut settings: Vec<String> = vec![
            // the engine's own default would read `nonsense` as `SELECT nonsense`; servers do not
            "implicit_select = 0".into(),
        ];
        let mut comment = self.mark.clone();
        let mut read_only = self.read_only.then(|| "2".to_owned());
        for (name, value) in &self.params.settings {
            match name.as_str() {
                "log_comment" => comment = format!("{comment} {value}"),
                "readonly" => {
                    // whoever asks for 0 over GET still only reads
                    if !(self.read_only && value == "0") {
                        read_only = Some(value.clone());
                    }
                }
                _ => settings.push(format!("{name} = {}", literal(value))),
            }
        }
        settings.push(format!("log_comment = {}", literal(&comment)));
        // last: after it no other setting may be changed
        settings.extend(read_only.map(|value| format!("readonly = {}", literal(&value))));
        session.query(format!("SET {}", settings.join(", ")).as_bytes(), "Null", &[])?;
        Ok(session)
    }
}

/// Reads the statement from URL and body, up to where the rows of an `INSERT` begin; gives its outline and the text.
fn read_statement(query: Vec<u8>, body: &mut dyn Read) -> Result<(Outline, Vec<u8>), Exception> {
    let mut text = query;
    if !text.trim_ascii().is_empty() {
        if let Ok(insert @ Outline::Insert { format: Some(_), .. }) = sql::outline(&text) {
            return Ok((insert, text));
        }
        text.push(b'\n');
    }
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = body.read(&mut chunk).map_err(|err| bad_body(&err))?;
        if read == 0 {
            return Ok((sql::outline(&text)?, text));
        }
        text.extend_from_slice(&chunk[..read]);
        if text.len() <= HEAD_LIMIT
            && let Prefix::Insert(insert) = sql::prefix(&text)?
        {
            return Ok((insert, text));
        }
        if text.len() > STATEMENT_LIMIT {
            let message = format!("the statement is longer than {STATEMENT_LIMIT} bytes");
            return Err(Exception::new(codes::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", message));
        }
    }
}

/// Runs a statement that prints a table, passing its bytes on as they come.
///
/// The engine writes them into a pipe as into a file: every format streams as a whole document, and a full
/// pipe makes the engine wait.
fn table(
    session: &mut Connection,
    head: &[u8],
    format: &str,
    tail: &[u8],
    values: &[(String, String)],
    reply: &mut Reply,
) -> Result<Counters, Exception> {
    let (mut reader, writer) = std::io::pipe().map_err(|err| {
        Exception::new(codes::UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", format!("no pipe: {err}"))
    })?;
    let into = format!(" INTO OUTFILE '/dev/fd/{}' TRUNCATE FORMAT {format}", writer.as_raw_fd());
    let sql = [head, into.as_bytes(), tail].concat();
    std::thread::scope(|scope| {
        let pump = scope.spawn(|| {
            let mut chunk = vec![0; CHUNK];
            loop {
                match reader.read(&mut chunk) {
                    Ok(0) => return Ok(()),
                    Ok(read) => reply.write(&chunk[..read]),
                    Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(err) => return Err(err),
                }
            }
        });
        let result = session.query(&sql, format, values).map(|output| output.counters());
        // the last writer: the pump now meets the end
        drop(writer);
        match pump.join() {
            Ok(Ok(())) => result,
            Ok(Err(err)) => Err(Exception::from_engine(format!("the result was lost on its way: {err}"))),
            Err(_) => Err(Exception::from_engine("the result was lost on its way".into())),
        }
    })
}

/// Appends the rows that came with the statement and those of the body.
fn insert(
    session: &mut Connection,
    head: &[u8],
    format: &str,
    values: &[(String, String)],
    first: &[u8],
    body: &mut dyn Read,
) -> Result<Counters, Exception> {
    let mut stream = session.insert(head, format, values)?;
    stream.append(first)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        // leaving with an error cancels the stream: a body cut short inserts nothing of its last block
        let read = body.read(&mut chunk).map_err(|err| bad_body(&err))?;
        if read == 0 {
            return stream.finish();
        }
        stream.append(&chunk[..read])?;
    }
}

fn bad_body(err: &std::io::Error) -> Exception {
    match err.kind() {
        std::io::ErrorKind::ConnectionAborted => Exception::new(codes::ABORTED, "ABORTED", "the client left"),
        _ => Exception::new(
            codes::INCORRECT_DATA,
            "INCORRECT_DATA",
            format!("cannot read the request body: {err}"),
        ),
    }
}
