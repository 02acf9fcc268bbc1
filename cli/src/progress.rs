//! How far the ingestion is: a bar on a terminal, a log line now and then elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use tokio::sync::watch::Receiver;
use tokio::task::JoinHandle;
use yumascan_ingest::{ProgressView, Stage};

use crate::logging::bars;

const REDRAW: Duration = Duration::from_millis(250);
const LOG_EVERY: Duration = Duration::from_secs(5);

/// Shows the progress until dropped.
pub(crate) struct Display {
    task: JoinHandle<()>,
    bar: Option<ProgressBar>,
}

impl Drop for Display {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Begins to show `view`.
pub(crate) fn show(view: Receiver<ProgressView>) -> Display {
    if !std::io::stderr().is_terminal() {
        return Display { task: tokio::spawn(log(view)), bar: None };
    }
    let bar = bars().add(ProgressBar::new(0));
    let template = "{prefix:>10} {bar:32} {pos}/{len} blocks  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    }
    Display { task: tokio::spawn(draw(view, bar.clone())), bar: Some(bar) }
}

async fn draw(view: Receiver<ProgressView>, bar: ProgressBar) {
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        redraw.tick().await;
        let view = view.borrow().clone();
        bar.set_prefix(stage(view.stage));
        bar.set_length(view.total.max(view.done));
        bar.set_position(view.done);
        bar.set_message(words(&view));
    }
}

async fn log(view: Receiver<ProgressView>) {
    let mut pause = tokio::time::interval(LOG_EVERY);
    pause.tick().await;
    let mut said = (Stage::Connecting, 0);
    loop {
        pause.tick().await;
        let view = view.borrow().clone();
        if said == (view.stage, view.done) {
            continue;
        }
        said = (view.stage, view.done);
        tracing::info!(
            stage = stage(view.stage),
            done = view.done,
            total = view.total,
            head = view.head,
            blocks_per_s = view.blocks_per_s.round(),
            events_per_s = view.events_per_s.round(),
            eta_s = view.eta.map(|eta| eta.as_secs()),
            quarantined = view.quarantined,
            "progress"
        );
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Connecting => "connecting",
        Stage::Backfill => "ingesting",
        Stage::Following => "following",
        Stage::Verifying => "verifying",
        Stage::ReadingState => "reading state",
        Stage::Redecode => "decoding",
        Stage::Done => "done",
    }
}

fn words(view: &ProgressView) -> String {
    let mut words = Vec::new();
    if view.stage == Stage::Following {
        words.extend(view.head.map(|head| format!("head {}", HumanCount(head))));
    }
    if view.blocks_per_s >= 0.05 {
        words.push(format!(
            "{:.0} blocks/s, {} events/s",
            view.blocks_per_s,
            HumanCount(view.events_per_s as u64)
        ));
    }
    if let Some(eta) = view.eta.filter(|eta| !eta.is_zero()) {
        words.push(format!("{} left", HumanDuration(eta)));
    }
    if view.quarantined > 0 {
        words.push(format!("{} quarantined", HumanCount(view.quarantined)));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_rate_and_time_left() {
        let view = ProgressView {
            blocks_per_s: 120.0,
            events_per_s: 40_500.0,
            eta: Some(Duration::from_secs(30)),
            quarantined: 2,
            ..ProgressView::default()
        };
        assert_eq!(words(&view), "120 blocks/s, 40,500 events/s, 30 seconds left, 2 quarantined");
        assert_eq!(words(&ProgressView::default()), "");
    }
}
