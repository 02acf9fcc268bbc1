//! What the figures were measured on.

use std::process::Command;

/// Model of the processor, or `unknown`.
pub(crate) fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| "unknown".to_owned(), |(_, model)| model.trim().to_owned())
}

/// Ties this process, and with it the peers it starts, to one core; whether that worked.
pub(crate) fn pin_to_one_core() -> bool {
    let pid = std::process::id().to_string();
    let run = Command::new("taskset").args(["-cp", "0", &pid]).stdout(std::process::Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}
