//! The state of the chain as every page shows it: heads, coverage, totals. Read at most once a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;
use yumascan_warehouse::{
    WarehouseError,
    query::coverage::{Coverage, Totals},
    rows::{BlockRow, IncidentRow},
};

use super::WebState;
use crate::feed::Feed;

const FRESH_FOR: Duration = Duration::from_secs(1);

/// Open incidents that are counted in the banner.
const MOST_ALARMS: u32 = 20;

/// Heads, coverage and totals of one moment.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Highest stored, finalized block.
    pub head: Option<BlockRow>,
    /// Highest known block.
    pub best: Option<u64>,
    /// What is stored.
    pub coverage: Coverage,
    /// Row counts.
    pub totals: Totals,
    /// Open incidents of S1 and S2, the most severe first.
    pub alarms: Vec<IncidentRow>,
}

/// A reading that all requests of the same second share.
#[derive(Debug)]
struct Fresh<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Fresh<T> {
    /// The last reading, or a new one when it is too old. Requests that come meanwhile wait for that one.
    async fn get_or_read(
        &self,
        read: impl Future<Output = Result<T, WarehouseError>>,
    ) -> Result<Arc<T>, WarehouseError> {
        let mut reading = self.0.lock().await;
        if let Some((read_at, value)) = reading.as_ref()
            && read_at.elapsed() < FRESH_FOR
        {
            return Ok(value.clone());
        }
        let value = Arc::new(read.await?);
        *reading = Some((Instant::now(), value.clone()));
        Ok(value)
    }
}

/// The last readings.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    status: Fresh<Status>,
    feed: Fresh<Feed>,
}

impl WebState {
    /// The state of the chain, at most a second old.
    pub(crate) async fn status(&self) -> Result<Arc<Status>, WarehouseError> {
        let read = async {
            let (head, coverage, totals, alarms) = tokio::try_join!(
                self.warehouse.find_head(),
                self.warehouse.get_coverage(None, None),
                self.warehouse.get_totals(),
                self.warehouse.list_open_incidents(&["S1", "S2"], MOST_ALARMS),
            )?;
            let tip = self.tip.blocks().last().map(|tip| tip.block.number);
            let best = tip.max(head.as_ref().map(|block| block.number));
            Ok(Status { head, best, coverage, totals, alarms })
        };
        self.moment.status.get_or_read(read).await
    }

    /// The home feed, at most a second old.
    pub(crate) async fn feed(&self) -> Result<Arc<Feed>, WarehouseError> {
        self.moment.feed.get_or_read(super::live::read_feed(self)).await
    }
}

impl Status {
    /// `blocks 1 – 5,000, no gaps`, or where the gaps are.
    #[must_use]
    pub fn coverage_text(&self) -> String {
        use crate::text::group;
        let (Some(first), Some(last)) = (self.coverage.stored.first(), self.coverage.stored.last()) else {
            return "nothing stored yet".to_owned();
        };
        let range = format!("blocks {} – {}", group(first.from), group(last.to));
        match self.coverage.gaps.as_slice() {
            [] => format!("{range}, no gaps"),
            [gap] => format!("{range}, without {} – {}", group(gap.from), group(gap.to)),
            gaps => {
                let missing: u64 = gaps.iter().map(|gap| gap.to - gap.from + 1).sum();
                format!("{range}, without {} blocks in {} gaps", group(missing), gaps.len())
            }
        }
    }
}
