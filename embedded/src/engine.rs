//! The engine of this process: started on a data folder, served on the loopback interface, stopped in order.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::EmbeddedError;
use crate::exception::{Exception, codes};
use crate::ffi::{Connection, Library};
use crate::folder::{EngineInfo, FolderLock, InfoFile};
use crate::http::{Credentials, Endpoint, MAX_QUERIES, literal, router};
use crate::library::EngineLibrary;

/// How long running queries may go on at shutdown before they are cancelled.
const GRACE: Duration = Duration::from_secs(10);
/// How long cancelled queries may take to end.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// How the engine is started.
#[derive(Clone)]
pub struct EngineConfig {
    /// The data folder; the engine's own files are in `clickhouse/` below it. Created when absent.
    pub data_dir: PathBuf,
    /// The engine library.
    pub library: EngineLibrary,
    /// Address of the HTTP endpoint, on the loopback interface; port 0 takes any free one.
    pub listen: SocketAddr,
    /// User of the endpoint.
    pub user: String,
    /// Password of the endpoint; random when absent.
    pub password: Option<String>,
}

impl std::fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineConfig")
            .field("data_dir", &self.data_dir)
            .field("library", &self.library)
            .field("listen", &self.listen)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl EngineConfig {
    /// On `data_dir`: any free port, user `yumascan`, a random password.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, library: EngineLibrary) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { data_dir: data_dir.into(), library, listen, user: "yumascan".into(), password: None }
    }
}

/// The running engine. Dropping it stops it.
#[derive(Debug)]
pub struct EmbeddedEngine {
    info: EngineInfo,
    core: Arc<Core>,
    server: Option<Server>,
    info_file: Option<InfoFile>,
    /// Given back last, in this order: the folder, then the process's place for an engine.
    _lock: FolderLock,
    _place: Place,
}

/// The thread that serves the endpoint.
#[derive(Debug)]
struct Server {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl EmbeddedEngine {
    /// Starts the engine. Blocks for about half a second.
    ///
    /// # Errors
    /// [`EmbeddedError::FolderInUse`] when another process holds the folder, [`EmbeddedError::AlreadyOpen`] when
    /// this one has an engine, and whatever keeps library, folder or port from being opened.
    pub fn open(config: EngineConfig) -> Result<Self, EmbeddedError> {
        if !config.listen.ip().is_loopback() {
            return Err(EmbeddedError::NotLoopback { addr: config.listen });
        }
        let place = Place::take(&config.data_dir)?;
        let lock = FolderLock::acquire(&config.data_dir)?;
        let path = config.data_dir.join("clickhouse");
        std::fs::create_dir_all(&path).map_err(EmbeddedError::io("create", &path))?;
        let path = path.canonicalize().map_err(EmbeddedError::io("resolve", &path))?;
        let library = library(&config.library)?;
        let listen = |source| EmbeddedError::Listen { addr: config.listen, source };
        let listener = std::net::TcpListener::bind(config.listen).map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;

        let core = Arc::new(Core::start(library, &path)?);
        let credentials =
            Credentials { user: config.user, password: config.password.unwrap_or_else(random_password) };
        let info = EngineInfo {
            url: format!("http://{addr}"),
            user: credentials.user.clone(),
            password: credentials.password.clone(),
            pid: std::process::id(),
        };
        let server = Server::start(listener, Arc::new(Endpoint::new(Arc::clone(&core), credentials)))
            .map_err(EmbeddedError::io("start the endpoint's thread for", &path))?;
        let info_file = InfoFile::write(&config.data_dir, &info)?;
        tracing::info!(url = %info.url, folder = %path.display(), version = core.version(), "engine started");
        Ok(Self { info, core, server: Some(server), info_file: Some(info_file), _lock: lock, _place: place })
    }

    /// The HTTP endpoint, e.g. `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.info.url
    }

    /// The endpoint's user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.info.user
    }

    /// The endpoint's password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.info.password
    }

    /// Address, user, password and process, as in `engine.json`.
    #[must_use]
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }

    /// The engine's version, e.g. `26.7.2.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.core.version()
    }

    /// Runs a statement inside the process; for tests that must act without a runtime.
    pub(crate) fn execute(&self, statement: &str) -> Result<(), EmbeddedError> {
        self.core.execute(statement)
    }

    /// Stops the endpoint, lets running queries end (then cancels them), closes the engine and gives the folder
    /// back. Blocks up to a few seconds; dropping does the same.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        drop(self.info_file.take());
        if let Some(server) = self.server.take() {
            let _ = server.stop.send(());
            let _ = server.thread.join();
            self.core.close();
            tracing::info!("engine stopped");
        }
    }
}

impl Drop for EmbeddedEngine {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    fn start(listener: std::net::TcpListener, endpoint: Arc<Endpoint>) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        // a runtime of its own: the endpoint outlives whichever runtime its owner uses, and owners may block
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(MAX_QUERIES * 2)
            .thread_name("yumascan-engine")
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new().name("yumascan-engine".into()).spawn(move || {
            runtime.block_on(serve(listener, endpoint, stopped));
            runtime.shutdown_timeout(Duration::from_secs(1));
        })?;
        Ok(Self { stop, thread })
    }
}

/// Serves until told to stop, then waits for running queries, cancelling those that do not end.
async fn serve(listener: std::net::TcpListener, endpoint: Arc<Endpoint>, stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(err) => {
            tracing::error!(%err, "the engine endpoint could not start");
            return;
        }
    };
    let (stopping, mut stopping_seen) = tokio::sync::watch::channel(false);
    let signal = async move {
        let _ = stopped.await;
        let _ = stopping.send(true);
    };
    let server =
        axum::serve(listener, router(Arc::clone(&endpoint))).with_graceful_shutdown(signal).into_future();
    let server = tokio::spawn(server);
    let _ = stopping_seen.wait_for(|stopping| *stopping).await;

    let all = u32::try_from(MAX_QUERIES).unwrap_or(u32::MAX);
    let slots = Arc::clone(&endpoint.slots);
    if tokio::time::timeout(GRACE, slots.acquire_many(all)).await.is_err() {
        tracing::warn!("cancelling queries that still run at shutdown");
        let core = Arc::clone(&endpoint.core);
        let _ = tokio::task::spawn_blocking(move || core.kill("yumascan-")).await;
        let _ = tokio::time::timeout(CANCEL_GRACE, slots.acquire_many(all)).await;
    }
    endpoint.slots.close();
    // answers under way leave; idle connections are dropped
    let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
}

/// The engine itself: what every session needs.
#[derive(Debug)]
pub(crate) struct Core {
    library: &'static Library,
    path: String,
    version: String,
    timezone: String,
    /// Keeps the engine running between requests: it ends with its last connection.
    anchor: Mutex<Option<Connection>>,
}

impl Core {
    fn start(library: &'static Library, path: &Path) -> Result<Self, EmbeddedError> {
        let start = |reason: String| EmbeddedError::Start { path: path.to_path_buf(), reason };
        let text = path.to_str().ok_or_else(|| start("the folder's name is not UTF-8".into()))?;
        let mut anchor = library.connect(text).map_err(start)?;
        let facts = anchor
            .query(b"SELECT version(), timezone()", "TabSeparated", &[])
            .map_err(|exception| start(exception.text))?;
        let facts = String::from_utf8_lossy(facts.data()).trim_end().to_owned();
        let (version, timezone) =
            facts.split_once('\t').ok_or_else(|| start(format!("it answered `{facts}`")))?;
        let (version, timezone) = (version.to_owned(), timezone.to_owned());
        Ok(Self { library, path: text.to_owned(), version, timezone, anchor: Mutex::new(Some(anchor)) })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn timezone(&self) -> &str {
        &self.timezone
    }

    /// A new session.
    pub(crate) fn connect(&self) -> Result<Connection, Exception> {
        let running = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            return Err(Exception::new(codes::ABORTED, "ABORTED", "the engine is shutting down"));
        }
        self.library
            .connect(&self.path)
            .map_err(|reason| Exception::from_engine(format!("the engine opened no session: {reason}")))
    }

    /// Cancels the running queries whose mark begins with `prefix`.
    pub(crate) fn kill(&self, prefix: &str) {
        let sql = format!("KILL QUERY WHERE startsWith(Settings['log_comment'], {}) ASYNC", literal(prefix));
        let killed =
            self.connect().and_then(|mut session| session.query(sql.as_bytes(), "Null", &[]).map(drop));
        if let Err(exception) = killed {
            tracing::debug!(error = %exception.text, "a query could not be cancelled");
        }
    }

    pub(crate) fn execute(&self, statement: &str) -> Result<(), EmbeddedError> {
        let done =
            self.connect().and_then(|mut session| session.query(statement.as_bytes(), "Null", &[]).map(drop));
        done.map_err(|exception| EmbeddedError::Refused {
            statement: statement.into(),
            reason: exception.text,
        })
    }

    fn close(&self) {
        drop(self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Opens the library, once in a process.
fn library(found: &EngineLibrary) -> Result<&'static Library, EmbeddedError> {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    static OPENING: Mutex<()> = Mutex::new(());
    let _one = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = LIBRARY.get() {
        return Ok(library);
    }
    let opened = Library::open(found.path())
        .map_err(|reason| EmbeddedError::LibraryBroken { path: found.path().to_path_buf(), reason })?;
    Ok(LIBRARY.get_or_init(|| opened))
}

/// The process's one place for an engine.
#[derive(Debug)]
struct Place;

static PLACE: Mutex<Option<PathBuf>> = Mutex::new(None);

impl Place {
    fn take(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let mut place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = &*place {
            return Err(EmbeddedError::AlreadyOpen { path: path.clone() });
        }
        *place = Some(data_dir.to_path_buf());
        Ok(Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// 32 random hex digits.
fn random_password() -> String {
    format!("{:032x}", rand::random::<u128>())
}
