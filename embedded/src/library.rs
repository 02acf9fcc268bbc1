//! Where libchdb is, and whether it fits this machine.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::EmbeddedError;

/// The environment variable that names the engine library (the file, or a folder that holds it).
pub const ENGINE_ENV: &str = "YUMASCAN_ENGINE";

/// The one command that installs the engine for this machine.
pub const INSTALL_COMMAND: &str = install_command();

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const PACKAGE: &str = "lib-linux-x64-gnu";
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const PACKAGE: &str = "lib-linux-arm64-gnu";
#[cfg(all(target_os = "macos", target_arch = "x86_64"))]
const PACKAGE: &str = "lib-darwin-x64";
#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
const PACKAGE: &str = "lib-darwin-arm64";

const fn install_command() -> &'static str {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return "npm install @chdb/lib-linux-x64-gnu@26.7.3-stable.1";
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    return "npm install @chdb/lib-linux-arm64-gnu@26.7.3-stable.1";
    #[cfg(all(target_os = "macos", target_arch = "x86_64"))]
    return "npm install @chdb/lib-darwin-x64@26.7.3-stable.1";
    #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
    return "npm install @chdb/lib-darwin-arm64@26.7.3-stable.1";
}

const FILE_NAMES: [&str; 2] = ["libchdb.so", "libchdb.dylib"];

/// What decides where the library is looked for.
#[derive(Debug, Clone, Default)]
pub struct FindOptions {
    /// The `--engine` flag: the library, or a folder that holds it.
    pub flag: Option<PathBuf>,
    /// The data folder, whose `engine/` may hold the library.
    pub data_dir: Option<PathBuf>,
}

/// An engine library that exists and is made for this machine; not opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineLibrary {
    path: PathBuf,
}

impl EngineLibrary {
    /// Finds the library: the flag, the environment ([`ENGINE_ENV`]), `engine/` in the data folder, then
    /// `node_modules` upwards from the working folder and from the executable.
    ///
    /// # Errors
    /// [`EmbeddedError::LibraryMissing`] with the command that installs it; [`EmbeddedError::LibraryNotAt`] when
    /// flag or environment name a place without one; [`EmbeddedError::LibraryForeign`] and
    /// [`EmbeddedError::LibraryBroken`] when the file does not fit.
    pub fn find(options: &FindOptions) -> Result<Self, EmbeddedError> {
        let env = std::env::var_os(ENGINE_ENV).filter(|value| !value.is_empty()).map(PathBuf::from);
        let starts = [
            std::env::current_dir().ok(),
            std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_path_buf)),
        ];
        Self::find_from(options, env, starts.into_iter().flatten())
    }

    fn find_from(
        options: &FindOptions,
        env: Option<PathBuf>,
        starts: impl Iterator<Item = PathBuf>,
    ) -> Result<Self, EmbeddedError> {
        let named = [("--engine", options.flag.clone()), (ENGINE_ENV, env)];
        for (source_name, path) in named {
            let Some(path) = path else { continue };
            return match library_at(&path) {
                Some(found) => Self::checked(found),
                None => Err(EmbeddedError::LibraryNotAt { source_name, path }),
            };
        }

        let mut searched: Vec<PathBuf> = options.data_dir.iter().map(|dir| dir.join("engine")).collect();
        for start in starts {
            let upwards = start.ancestors().map(|dir| dir.join("node_modules/@chdb").join(PACKAGE));
            searched.extend(upwards.filter(|dir| dir.is_dir()).collect::<Vec<_>>());
            searched.push(start.join("node_modules"));
        }
        searched.dedup();
        match searched.iter().find_map(|dir| library_at(dir)) {
            Some(found) => Self::checked(found),
            None => Err(EmbeddedError::LibraryMissing { searched }),
        }
    }

    /// Takes a library file whose header fits this machine.
    fn checked(path: PathBuf) -> Result<Self, EmbeddedError> {
        let mut head = [0_u8; HEAD];
        let size = std::fs::File::open(&path)
            .and_then(|mut file| file.read_exact(&mut head).and_then(|()| file.metadata()))
            .map_err(|err| EmbeddedError::LibraryBroken { path: path.clone(), reason: err.to_string() })?
            .len();
        let wanted = THIS_MACHINE.to_owned();
        match describe(&head) {
            // the loader would map the missing part and die of it
            Some(found) if found == THIS_MACHINE && size < least_size(&head) => {
                let reason = format!("it is cut short: {size} of at least {} bytes", least_size(&head));
                Err(EmbeddedError::LibraryBroken { path, reason })
            }
            Some(found) if found == THIS_MACHINE => Ok(Self { path }),
            Some(found) => Err(EmbeddedError::LibraryForeign { path, found: found.into(), wanted }),
            None => Err(EmbeddedError::LibraryBroken { path, reason: "not a shared library".into() }),
        }
    }

    /// The library file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The library file named by `path` itself or lying in that folder.
fn library_at(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    FILE_NAMES.iter().map(|name| path.join(name)).find(|file| file.is_file())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const THIS_MACHINE: &str = "Linux x86_64";
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const THIS_MACHINE: &str = "Linux aarch64";
#[cfg(all(target_os = "macos", target_arch = "x86_64"))]
const THIS_MACHINE: &str = "macOS x86_64";
#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
const THIS_MACHINE: &str = "macOS aarch64";

/// Length of a 64-bit ELF header.
const HEAD: usize = 64;

/// Size that an ELF file must have for the section table that its header places at the end; 0 for other files.
fn least_size(head: &[u8; HEAD]) -> u64 {
    let [0x7f, b'E', b'L', b'F', ..] = head else { return 0 };
    let short = |at: usize| u64::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let table = (0..8).fold(0_u64, |sum, at| sum | u64::from(head[40 + at]) << (8 * at));
    table.saturating_add(short(58) * short(60))
}

/// System and processor from the first bytes of an ELF or Mach-O file; `None` when it is neither.
fn describe(head: &[u8; HEAD]) -> Option<&'static str> {
    match head {
        // 64-bit little-endian ELF, machine at offset 18
        [0x7f, b'E', b'L', b'F', 2, 1, ..] => Some(match u16::from_le_bytes([head[18], head[19]]) {
            62 => "Linux x86_64",
            183 => "Linux aarch64",
            _ => "Linux on another processor",
        }),
        [0x7f, b'E', b'L', b'F', ..] => Some("Linux on a 32-bit or big-endian processor"),
        // 64-bit Mach-O, processor type at offset 4
        [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, ..] => Some("macOS x86_64"),
        [0xcf, 0xfa, 0xed, 0xfe, 12, 0, 0, 1, ..] => Some("macOS aarch64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(machine: u8) -> [u8; HEAD] {
        let mut head = [0_u8; HEAD];
        head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        head[18] = machine;
        head
    }

    fn find(
        options: &FindOptions,
        env: Option<PathBuf>,
        start: &Path,
    ) -> Result<EngineLibrary, EmbeddedError> {
        EngineLibrary::find_from(options, env, std::iter::once(start.to_path_buf()))
    }

    fn fitting() -> [u8; HEAD] {
        let machine = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
        elf(machine)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_order_is_flag_environment_data_folder_node_modules() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let folder = dir.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("libchdb.so"), fitting()).unwrap();
            folder
        };
        let deep = dir.path().join("work/below");
        std::fs::create_dir_all(&deep).unwrap();
        let modules = place(&format!("work/node_modules/@chdb/{PACKAGE}"));
        let (flag, env, data) = (place("flag"), place("env"), place("data/engine"));

        let mut options =
            FindOptions { flag: Some(flag.clone()), data_dir: Some(data.parent().unwrap().to_path_buf()) };
        let found = |options: &FindOptions, env: Option<PathBuf>| {
            find(options, env, &deep).unwrap().path().parent().unwrap().to_path_buf()
        };
        assert_eq!(found(&options, Some(env.clone())), flag);
        options.flag = None;
        assert_eq!(found(&options, Some(env.clone())), env);
        assert_eq!(found(&options, None), data);
        options.data_dir = None;
        assert_eq!(found(&options, None), modules);
    }

    #[test]
    fn an_absent_library_names_the_command_that_installs_it() {
        let dir = tempfile::tempdir().unwrap();
        let options = FindOptions { flag: None, data_dir: Some(dir.path().to_path_buf()) };
        let text = find(&options, None, dir.path()).unwrap_err().to_string();
        assert!(text.contains("npm install @chdb/lib-"), "{text}");
        assert!(text.contains(dir.path().to_str().unwrap()), "{text}");

        let named = FindOptions { flag: Some(dir.path().join("nowhere")), data_dir: None };
        let text = find(&named, None, dir.path()).unwrap_err().to_string();
        assert!(text.contains("--engine") && text.contains("nowhere"), "{text}");
    }

    #[test]
    fn a_foreign_or_broken_library_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("libchdb.so");
        let options = FindOptions { flag: Some(file.clone()), data_dir: None };
        std::fs::write(&file, elf(8)).unwrap();
        assert!(matches!(find(&options, None, dir.path()), Err(EmbeddedError::LibraryForeign { .. })));
        std::fs::write(&file, b"<html>this is an error page</html>").unwrap();
        assert!(matches!(find(&options, None, dir.path()), Err(EmbeddedError::LibraryBroken { .. })));
        std::fs::write(&file, b"").unwrap();
        assert!(matches!(find(&options, None, dir.path()), Err(EmbeddedError::LibraryBroken { .. })));
    }
}
