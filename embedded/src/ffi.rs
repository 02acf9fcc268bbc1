//! The C interface of libchdb: the only unsafe code of the project.
//!
//! What the safety of the blocks below rests on (the engine's documented contract):
//! - the library is opened once and never closed, so its functions and strings outlive every caller;
//! - texts go in as pointer and length and are read during the call alone;
//! - a result belongs to the caller until `chdb_destroy_query_result`; its buffer and error text live as long;
//! - a connection may be used from any thread, by one at a time: [`Connection`] is `Send`, not `Sync`, and
//!   everything that runs on it borrows it mutably;
//! - connections are independent of one another: each has its own database, settings and temporary tables.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

use crate::exception::Exception;

type ConnectionHandle = *mut c_void;
type ResultHandle = *mut c_void;
type InsertHandle = *mut c_void;

type StartFn = unsafe extern "C" fn(
    ConnectionHandle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> *mut c_void;

/// The functions of libchdb that Yumascan calls.
pub(crate) struct Library {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut ConnectionHandle,
    close: unsafe extern "C" fn(*mut ConnectionHandle),
    query: StartFn,
    result_buffer: unsafe extern "C" fn(ResultHandle) -> *const c_char,
    result_length: unsafe extern "C" fn(ResultHandle) -> usize,
    result_elapsed: unsafe extern "C" fn(ResultHandle) -> c_double,
    result_rows: unsafe extern "C" fn(ResultHandle) -> u64,
    result_bytes: unsafe extern "C" fn(ResultHandle) -> u64,
    result_rows_read: unsafe extern "C" fn(ResultHandle) -> u64,
    result_bytes_read: unsafe extern "C" fn(ResultHandle) -> u64,
    result_rows_written: unsafe extern "C" fn(ResultHandle) -> u64,
    result_bytes_written: unsafe extern "C" fn(ResultHandle) -> u64,
    result_error: unsafe extern "C" fn(ResultHandle) -> *const c_char,
    result_destroy: unsafe extern "C" fn(ResultHandle),
    insert_start: StartFn,
    insert_append: unsafe extern "C" fn(InsertHandle, *const c_void, usize) -> c_int,
    insert_done: unsafe extern "C" fn(InsertHandle) -> ResultHandle,
    insert_cancel: unsafe extern "C" fn(InsertHandle),
    insert_error: unsafe extern "C" fn(InsertHandle) -> *const c_char,
    insert_destroy: unsafe extern "C" fn(InsertHandle),
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").finish_non_exhaustive()
    }
}

impl Library {
    /// Opens the library for the rest of the process, and keeps the engine's hands off the signal handlers.
    ///
    /// The error is the loader's own text, or the name of a function that the library lacks.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        // SAFETY: opening runs the library's initialisers. It is the file the operator named or npm installed,
        // trusted like the executable itself. `Box::leak` keeps it open, so no symbol below can dangle.
        let library: &'static libloading::Library =
            Box::leak(Box::new(unsafe { libloading::Library::new(path) }.map_err(|err| err.to_string())?));

        /// One exported function.
        ///
        /// # Safety
        /// `T` must be the function's C type.
        unsafe fn symbol<T: Copy>(library: &'static libloading::Library, name: &str) -> Result<T, String> {
            // SAFETY: the caller vouches for `T`; the library is never closed.
            let symbol = unsafe { library.get::<T>(name.as_bytes()) };
            symbol
                .map(|symbol| *symbol)
                .map_err(|_| format!("it has no function {name} (is it another version?)"))
        }

        // SAFETY: every field's type is the function's declaration in the engine's header.
        unsafe {
            let set_signal_handlers: unsafe extern "C" fn(c_int) =
                symbol(library, "chdb_set_signal_handlers_enabled")?;
            set_signal_handlers(0);
            Ok(Self {
                connect: symbol(library, "chdb_connect")?,
                close: symbol(library, "chdb_close_conn")?,
                query: symbol(library, "chdb_query_with_params_n")?,
                result_buffer: symbol(library, "chdb_result_buffer")?,
                result_length: symbol(library, "chdb_result_length")?,
                result_elapsed: symbol(library, "chdb_result_elapsed")?,
                result_rows: symbol(library, "chdb_result_rows_read")?,
                result_bytes: symbol(library, "chdb_result_bytes_read")?,
                result_rows_read: symbol(library, "chdb_result_storage_rows_read")?,
                result_bytes_read: symbol(library, "chdb_result_storage_bytes_read")?,
                result_rows_written: symbol(library, "chdb_result_rows_written")?,
                result_bytes_written: symbol(library, "chdb_result_bytes_written")?,
                result_error: symbol(library, "chdb_result_error")?,
                result_destroy: symbol(library, "chdb_destroy_query_result")?,
                insert_start: symbol(library, "chdb_stream_insert_with_params_n")?,
                insert_append: symbol(library, "chdb_stream_append")?,
                insert_done: symbol(library, "chdb_stream_done")?,
                insert_cancel: symbol(library, "chdb_stream_cancel_insert")?,
                insert_error: symbol(library, "chdb_stream_insert_error")?,
                insert_destroy: symbol(library, "chdb_destroy_insert_stream")?,
            })
        }
    }

    /// Connects to the engine on `path`; the first connection of the process starts it there.
    ///
    /// The engine refuses with a null pointer and no reason: a different path than the running engine's, or a
    /// folder that it cannot open.
    pub(crate) fn connect(&'static self, path: &str) -> Result<Connection, String> {
        let args = ["yumascan", &format!("--path={path}")]
            .map(CString::new)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "the folder's name holds a NUL byte".to_owned())?;
        let mut argv: Vec<*mut c_char> = args.iter().map(|arg| arg.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).map_err(|err| err.to_string())?;
        // SAFETY: `argv` holds `argc` NUL-terminated strings that live beyond the call, which does not write them.
        let outer = unsafe { (self.connect)(argc, argv.as_mut_ptr()) };
        if outer.is_null() {
            return Err("it refused the folder without a reason".to_owned());
        }
        // SAFETY: a pointer that is not null leads to the handle, itself null on failure.
        if unsafe { *outer }.is_null() {
            return Err("it refused the folder without a reason".to_owned());
        }
        Ok(Connection { library: self, outer })
    }

    /// Calls `start` (a query or the beginning of an insert) with texts and parameters.
    fn start(
        start: StartFn,
        connection: ConnectionHandle,
        sql: &[u8],
        format: &str,
        params: &[(String, String)],
    ) -> *mut c_void {
        let names: Vec<*const c_char> = params.iter().map(|(name, _)| name.as_ptr().cast()).collect();
        let name_lens: Vec<usize> = params.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<*const c_char> = params.iter().map(|(_, value)| value.as_ptr().cast()).collect();
        let value_lens: Vec<usize> = params.iter().map(|(_, value)| value.len()).collect();
        let or_null = |list: &Vec<*const c_char>| if list.is_empty() { null() } else { list.as_ptr() };
        let lens_or_null = |list: &Vec<usize>| if list.is_empty() { null() } else { list.as_ptr() };
        // SAFETY: every pointer goes with its length and lives beyond the call, which copies what it keeps; the
        // connection is open and borrowed by the caller for itself alone.
        unsafe {
            start(
                connection,
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                or_null(&names),
                lens_or_null(&name_lens),
                or_null(&values),
                lens_or_null(&value_lens),
                params.len(),
            )
        }
    }
}

/// A session in the engine: its own current database, settings and temporary tables.
#[derive(Debug)]
pub(crate) struct Connection {
    library: &'static Library,
    outer: *mut ConnectionHandle,
}

// SAFETY: the engine ties a connection to no thread; exclusive use is kept by `&mut self` on all that runs on it.
unsafe impl Send for Connection {}

impl Connection {
    fn handle(&self) -> ConnectionHandle {
        // SAFETY: `outer` is not null (checked in `connect`) and freed only in `drop`.
        unsafe { *self.outer }
    }

    /// Runs one statement to its end and collects what it prints in `format` (unless it names another).
    pub(crate) fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        params: &[(String, String)],
    ) -> Result<Output, Exception> {
        let handle = Library::start(self.library.query, self.handle(), sql, format, params);
        Output::checked(self.library, handle)
    }

    /// Begins an `INSERT` whose rows follow through [`InsertStream::append`]; `sql` ends before `FORMAT`.
    pub(crate) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        params: &[(String, String)],
    ) -> Result<InsertStream<'_>, Exception> {
        let handle = Library::start(self.library.insert_start, self.handle(), sql, format, params);
        if handle.is_null() {
            return Err(Exception::from_engine("the engine opened no insert stream".into()));
        }
        // built before the check, so that a failed handle is destroyed too
        let stream = InsertStream { library: self.library, handle, open: true, _connection: self };
        match stream.error() {
            Some(exception) => Err(exception),
            None => Ok(stream),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `connect` and is closed once; streams borrow the connection, so none is left.
        unsafe { (self.library.close)(self.outer) };
    }
}

/// What a statement printed, and its counters.
#[derive(Debug)]
pub(crate) struct Output {
    library: &'static Library,
    handle: ResultHandle,
}

// SAFETY: a finished result is plain memory that belongs to its holder.
unsafe impl Send for Output {}

/// Counters of a statement.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_rows: u64,
    pub(crate) written_bytes: u64,
    pub(crate) result_rows: u64,
    pub(crate) result_bytes: u64,
    pub(crate) elapsed_ns: u128,
}

impl Output {
    fn checked(library: &'static Library, handle: ResultHandle) -> Result<Self, Exception> {
        if handle.is_null() {
            return Err(Exception::from_engine("the engine returned no result".into()));
        }
        let output = Self { library, handle };
        // SAFETY: the result is alive; the text, if any, is NUL-terminated and lives as long as it.
        let error = unsafe { text((library.result_error)(handle)) };
        match error {
            Some(error) => Err(Exception::from_engine(error)),
            None => Ok(output),
        }
    }

    /// The printed bytes.
    pub(crate) fn data(&self) -> &[u8] {
        // SAFETY: buffer and length describe one allocation that lives until the result is destroyed, and the
        // slice borrows the result.
        unsafe {
            let buffer = (self.library.result_buffer)(self.handle);
            let length = (self.library.result_length)(self.handle);
            if buffer.is_null() || length == 0 {
                return &[];
            }
            std::slice::from_raw_parts(buffer.cast(), length)
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let library = self.library;
        // SAFETY: the accessors read fields of a live result.
        unsafe {
            let elapsed = (library.result_elapsed)(self.handle);
            Counters {
                read_rows: (library.result_rows_read)(self.handle),
                read_bytes: (library.result_bytes_read)(self.handle),
                written_rows: (library.result_rows_written)(self.handle),
                written_bytes: (library.result_bytes_written)(self.handle),
                result_rows: (library.result_rows)(self.handle),
                result_bytes: (library.result_bytes)(self.handle),
                elapsed_ns: std::time::Duration::try_from_secs_f64(elapsed).unwrap_or_default().as_nanos(),
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: the result is ours and destroyed once.
        unsafe { (self.library.result_destroy)(self.handle) };
    }
}

/// An open `INSERT`. Dropped without [`InsertStream::finish`], it is cancelled.
#[derive(Debug)]
pub(crate) struct InsertStream<'c> {
    library: &'static Library,
    handle: InsertHandle,
    open: bool,
    _connection: &'c mut Connection,
}

impl InsertStream<'_> {
    fn error(&self) -> Option<Exception> {
        // SAFETY: the stream is alive; the text is NUL-terminated and lives as long as it.
        unsafe { text((self.library.insert_error)(self.handle)) }.map(Exception::from_engine)
    }

    /// Adds bytes of rows; waits while the engine is behind. Chunks need not end where rows do.
    pub(crate) fn append(&mut self, data: &[u8]) -> Result<(), Exception> {
        if data.is_empty() {
            return Ok(());
        }
        // SAFETY: the engine copies the bytes during the call.
        let state = unsafe { (self.library.insert_append)(self.handle, data.as_ptr().cast(), data.len()) };
        if state == 0 {
            return Ok(());
        }
        Err(self
            .error()
            .unwrap_or_else(|| Exception::from_engine("the insert failed without a reason".into())))
    }

    /// Ends the body and waits until the rows are written.
    pub(crate) fn finish(mut self) -> Result<Counters, Exception> {
        self.open = false;
        // SAFETY: called once on an open stream; the result is ours, the stream is destroyed in `drop`.
        let result = unsafe { (self.library.insert_done)(self.handle) };
        if result.is_null() {
            return Err(self
                .error()
                .unwrap_or_else(|| Exception::from_engine("the insert returned no result".into())));
        }
        Output::checked(self.library, result).map(|output| output.counters())
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        // SAFETY: an open stream is cancelled once, and every stream destroyed once, whatever became of it.
        unsafe {
            if self.open {
                (self.library.insert_cancel)(self.handle);
            }
            (self.library.insert_destroy)(self.handle);
        }
        self.handle = null_mut();
    }
}

/// A C text, when there is one and it says something.
///
/// # Safety
/// `pointer` is null or leads to a NUL-terminated text that lives during the call.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: as the caller vouches.
    let text = unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned();
    Some(text).filter(|text| !text.is_empty())
}
