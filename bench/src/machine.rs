//! What the figures were measured on.

use std::{process::Command, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Time that this thread has had the processor for: other programs on a busy machine do not count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(processor_time())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        processor_time().saturating_sub(self.0)
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

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
