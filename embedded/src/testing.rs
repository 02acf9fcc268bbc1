//! One engine for a whole test process, and a database of its own for each test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::engine::{EmbeddedEngine, EngineConfig};
use crate::error::EmbeddedError;
use crate::folder::is_held;
use crate::http::identifier;
use crate::library::{EngineLibrary, FindOptions};

const PREFIX: &str = "yumascan-test-engine-";

/// An empty database in the engine that all tests of this process share; dropped with this handle.
#[derive(Debug)]
pub struct TestDatabase {
    engine: &'static EmbeddedEngine,
    name: String,
}

impl TestDatabase {
    /// The HTTP endpoint.
    #[must_use]
    pub fn url(&self) -> &str {
        self.engine.url()
    }

    /// The endpoint's user.
    #[must_use]
    pub fn user(&self) -> &str {
        self.engine.user()
    }

    /// The endpoint's password.
    #[must_use]
    pub fn password(&self) -> &str {
        self.engine.password()
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = self.engine.execute(&format!("DROP DATABASE IF EXISTS {} SYNC", identifier(&self.name)));
    }
}

/// A fresh database in the shared engine, which starts with the first call.
///
/// # Errors
/// The engine is not installed (`npm install` at the root of the repository) or does not start.
pub fn fresh_database() -> Result<TestDatabase, EmbeddedError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let engine = shared_engine()?;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    engine.execute(&format!("CREATE DATABASE {}", identifier(&name)))?;
    Ok(TestDatabase { engine, name })
}

/// The engine that all tests of this process share, in a temporary folder.
///
/// # Errors
/// As [`fresh_database`].
pub fn shared_engine() -> Result<&'static EmbeddedEngine, EmbeddedError> {
    static ENGINE: OnceLock<EmbeddedEngine> = OnceLock::new();
    static STARTING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let temp = std::env::temp_dir();
    remove_leftovers(&temp);
    let library = EngineLibrary::find(&FindOptions::default())?;
    let engine = EmbeddedEngine::open(EngineConfig::new(
        temp.join(format!("{PREFIX}{}", std::process::id())),
        library,
    ))?;
    Ok(ENGINE.get_or_init(|| engine))
}

/// A static engine is never dropped, so its folder stays behind: the next test process removes it.
fn remove_leftovers(temp: &Path) {
    let Ok(entries) = std::fs::read_dir(temp) else { return };
    let folders = entries.flatten().map(|entry| entry.path());
    let is_ours =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    for folder in folders.filter(is_ours).filter(|path| !is_held(path)) {
        let _ = std::fs::remove_dir_all(folder);
    }
}
