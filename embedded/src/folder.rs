//! The data folder: who holds it, and how another process reaches the one that does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::EmbeddedError;

const LOCK_FILE: &str = "engine.lock";
const INFO_FILE: &str = "engine.json";

/// The exclusive hold of a process on a data folder; released when dropped, or by the system when the process dies.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Creates the folder when absent and locks it.
    pub(crate) fn acquire(data_dir: &Path) -> Result<Self, EmbeddedError> {
        std::fs::create_dir_all(data_dir).map_err(EmbeddedError::io("create the data folder", data_dir))?;
        let path = data_dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(EmbeddedError::io("open the lock file", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(EmbeddedError::FolderInUse { path: data_dir.to_path_buf(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(EmbeddedError::io("lock", path)(source)),
        }
        let write = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        write.map_err(EmbeddedError::io("write the lock file", &path))?;
        Ok(Self { _file: file })
    }
}

/// Whether some process holds the folder now.
pub(crate) fn is_held(data_dir: &Path) -> bool {
    let Ok(file) = File::open(data_dir.join(LOCK_FILE)) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Where a running engine answers: `engine.json` in its data folder, readable by its owner alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// HTTP endpoint, e.g. `http://127.0.0.1:40123`.
    pub url: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: String,
    /// The process that runs the engine.
    pub pid: u32,
}

impl std::fmt::Debug for EngineInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineInfo")
            .field("url", &self.url)
            .field("user", &self.user)
            .field("pid", &self.pid)
            .finish()
    }
}

impl EngineInfo {
    /// The endpoint of the process that holds `data_dir`; `None` when no process does (an `engine.json` that a
    /// killed process left behind counts for nothing).
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn find(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        if !is_held(data_dir) {
            return Ok(None);
        }
        let path = data_dir.join(INFO_FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(EmbeddedError::io("read", path)(err)),
        };
        serde_json::from_slice(&text).map(Some).map_err(|err| EmbeddedError::io("read", path)(err.into()))
    }
}

/// The written `engine.json`, removed when dropped.
#[derive(Debug)]
pub(crate) struct InfoFile {
    path: PathBuf,
}

impl InfoFile {
    pub(crate) fn write(data_dir: &Path, info: &EngineInfo) -> Result<Self, EmbeddedError> {
        let path = data_dir.join(INFO_FILE);
        let draft = data_dir.join(format!("{INFO_FILE}.new"));
        let text =
            serde_json::to_vec_pretty(info).map_err(|err| EmbeddedError::io("write", &path)(err.into()))?;
        let write = || {
            // a leftover draft may have wider rights
            let _ = std::fs::remove_file(&draft);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&draft)?.write_all(&text)?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(EmbeddedError::io("write", &path))?;
        Ok(Self { path })
    }
}

impl Drop for InfoFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_the_first_ones_pid() {
        let dir = tempfile::tempdir().unwrap();
        let held = FolderLock::acquire(dir.path()).unwrap();
        let err = FolderLock::acquire(dir.path()).unwrap_err();
        assert!(err.to_string().contains(&format!("pid {}", std::process::id())), "{err}");
        drop(held);
        FolderLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn engine_json_is_private_and_counts_only_while_the_folder_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let info =
            EngineInfo { url: "http://127.0.0.1:1".into(), user: "u".into(), password: "p".into(), pid: 1 };
        let held = FolderLock::acquire(dir.path()).unwrap();
        assert_eq!(EngineInfo::find(dir.path()).unwrap(), None);
        let file = InfoFile::write(dir.path(), &info).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join(INFO_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(EngineInfo::find(dir.path()).unwrap(), Some(info));
        drop(held);
        assert_eq!(EngineInfo::find(dir.path()).unwrap(), None, "left behind by a process that died");
        drop(file);
        assert!(!dir.path().join(INFO_FILE).exists());
    }
}
