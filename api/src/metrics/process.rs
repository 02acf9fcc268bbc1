//! Metrics of the process and of the async runtime, read when they are asked for.
//!
//! Memory, CPU and files come from `/proc/self` and are absent where that does not exist.

use std::{fs, time::SystemTime};

/// Gauge: resident memory, bytes.
pub const RESIDENT_BYTES: &str = "process_resident_memory_bytes";
/// Gauge: user and system CPU time, seconds.
pub const CPU_SECONDS: &str = "process_cpu_seconds_total";
/// Gauge: open file descriptors.
pub const OPEN_FDS: &str = "process_open_fds";
/// Gauge: threads, those of the embedded engine included.
pub const THREADS: &str = "process_threads";
/// Gauge: now, seconds since the Unix epoch, to compare clocks.
pub const TIME_SECONDS: &str = "process_time_seconds";
/// Gauge: worker threads of the async runtime.
pub const WORKERS: &str = "yumascan_runtime_workers";
/// Gauge: tasks alive in the async runtime.
pub const TASKS: &str = "yumascan_runtime_alive_tasks";
/// Gauge: tasks that wait in the runtime's global queue; above zero for long means too little CPU.
pub const QUEUE: &str = "yumascan_runtime_queued_tasks";

/// All of them with their help texts.
pub const ALL: [(&str, &str); 8] = [
    (RESIDENT_BYTES, "resident memory, bytes"),
    (CPU_SECONDS, "user and system cpu time, seconds"),
    (OPEN_FDS, "open file descriptors"),
    (THREADS, "threads of the process"),
    (TIME_SECONDS, "time of the process's clock"),
    (WORKERS, "worker threads of the async runtime"),
    (TASKS, "tasks alive in the async runtime"),
    (QUEUE, "tasks waiting in the runtime's global queue"),
];

pub(super) fn describe() {
    for (name, help) in ALL {
        metrics::describe_gauge!(name, help);
    }
}

pub(super) fn report() {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(parse_stat) {
        metrics::gauge!(CPU_SECONDS).set(stat.cpu_seconds);
        metrics::gauge!(THREADS).set(stat.threads);
    }
    if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(parse_resident) {
        metrics::gauge!(RESIDENT_BYTES).set(bytes);
    }
    if let Ok(entries) = fs::read_dir("/proc/self/fd") {
        metrics::gauge!(OPEN_FDS).set(entries.count() as f64);
    }
    if let Ok(now) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        metrics::gauge!(TIME_SECONDS).set(now.as_secs_f64());
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        let runtime = runtime.metrics();
        metrics::gauge!(WORKERS).set(runtime.num_workers() as f64);
        metrics::gauge!(TASKS).set(runtime.num_alive_tasks() as f64);
        metrics::gauge!(QUEUE).set(runtime.global_queue_depth() as f64);
    }
}

struct Stat {
    cpu_seconds: f64,
    threads: f64,
}

/// Fields 14, 15 and 20 of `/proc/self/stat`; the second one, the name, may hold spaces and is skipped.
/// Towards user space Linux counts CPU in hundredths of a second.
fn parse_stat(text: &str) -> Option<Stat> {
    let after_name = text.rsplit_once(')')?.1;
    let fields: Vec<f64> =
        after_name.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0.0)).collect();
    let field = |number: usize| fields.get(number - 4).copied();
    Some(Stat { cpu_seconds: (field(14)? + field(15)?) / 100.0, threads: field(20)? })
}

/// `VmRSS` of `/proc/self/status`, given in kibibytes.
fn parse_resident(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kibibytes| kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_stat_are_found_behind_a_name_with_spaces() {
        let text = "7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 100 4096000 1000 18446744073709551615 1 1";
        let stat = parse_stat(text).expect("parses");
        assert_eq!((stat.cpu_seconds, stat.threads), (3.0, 9.0));
        assert_eq!(parse_resident("VmPeak:\t 9 kB\nVmRSS:\t    4 kB\n"), Some(4096.0));
    }
}
