//! Counting what passed and what failed, over all kinds of checks.

use std::time::Instant;

use anyhow::{Result, bail};

/// Checks that were run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
    notes: Vec<String>,
}

impl Tally {
    /// Runs a check that passes or fails as a whole.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        self.count(name, || check().map(|()| Counts { passed: 1, failed: 0 }));
    }

    /// Runs checks that count themselves. Running none is a failure: they were to be run.
    pub(crate) fn count(&mut self, name: &str, checks: impl FnOnce() -> Result<Counts>) {
        println!("\n── {name}");
        let begun = Instant::now();
        let outcome = checks().and_then(|counts| match counts {
            Counts { passed: 0, failed: 0 } => bail!("nothing was run"),
            counts => Ok(counts),
        });
        let seconds = begun.elapsed().as_secs_f64();
        match outcome {
            Ok(counts) => {
                self.passed += counts.passed;
                self.failed += counts.failed;
                println!("── {name}: {} passed, {} failed ({seconds:.0} s)", counts.passed, counts.failed);
                if counts.failed > 0 {
                    self.failures.push(format!("{name}: {} failed", counts.failed));
                }
            }
            Err(error) => {
                self.failed += 1;
                println!("── {name}: FAILED ({seconds:.0} s): {error:#}");
                self.failures.push(format!("{name}: {error:#}"));
            }
        }
    }

    /// Something to be said at the end that is no failure.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("{note}");
        self.notes.push(note);
    }

    /// Prints what failed and, as the last line, the numbers; returns whether all passed, and something did.
    pub(crate) fn close(self) -> bool {
        println!();
        for note in &self.notes {
            println!("note: {note}");
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0 && self.passed > 0
    }
}

/// Numbers of checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// How many passed.
    pub(crate) passed: u64,
    /// How many did not.
    pub(crate) failed: u64,
}

impl Counts {
    /// Adds what a line of a test runner's output says, if it sums up.
    pub(crate) fn see(&mut self, line: &str) {
        let line = line.trim();
        let number = |text: &str| text.split_whitespace().last().and_then(|word| word.parse::<u64>().ok());
        // cargo: test result: ok. 5 passed; 0 failed; …
        if line.starts_with("test result:") {
            for part in line.split([';', '.']) {
                for (word, failed) in [("passed", false), ("failed", true)] {
                    let Some(count) = part.trim().strip_suffix(word).and_then(number) else { continue };
                    *(if failed { &mut self.failed } else { &mut self.passed }) += count;
                }
            }
        }
        // node's test runner: # pass 5
        for (start, failed) in [("# pass ", false), ("# fail ", true), ("# cancelled ", true)] {
            let Some(count) = line.strip_prefix(start).and_then(number) else { continue };
            *(if failed { &mut self.failed } else { &mut self.passed }) += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &[&str]) -> (u64, u64) {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.see(line));
        (counts.passed, counts.failed)
    }

    #[test]
    fn the_sums_of_every_runner_are_understood() {
        let cargo = "test result: FAILED. 31 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out; finished in 4.08s";
        assert_eq!(counts(&[cargo, "test result: ok. 2 passed; 0 failed; 0 ignored"]), (33, 1));
        assert_eq!(counts(&["# tests 9", "# pass 7", "# fail 1", "# cancelled 1", "# skipped 0"]), (7, 2));
        assert_eq!(counts(&["test windows::on_sqlite ... ok", "5 passed"]), (0, 0));
    }
}
