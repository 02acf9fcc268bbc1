//! At which block the state is known.

use serde::Serialize;

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// A block at which the state is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Moment {
    /// The block asked for, or the newest one.
    pub block: u64,
    /// The newest block, at or before it, at which anything was read.
    pub read_at: u64,
    /// Time of `read_at`, milliseconds since the Unix epoch; `None` for genesis.
    pub timestamp_ms: Option<u64>,
    /// Runtime that executed `read_at`.
    pub spec_version: u32,
    /// Every subnet was read at least once in this many blocks up to `block`; 1 is every block.
    pub stride: u64,
}

impl Moment {
    /// The lowest block at which a subnet that exists at the moment was read last.
    pub(crate) fn floor(&self) -> u64 {
        self.block.saturating_sub(self.stride.saturating_sub(1))
    }
}

/// Why the state of a block is not known, and the nearest blocks at which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoMoment {
    /// No state was read at all.
    NothingRead,
    /// The block is before the first one.
    BeforeFirst {
        /// The first block with state.
        first: u64,
    },
    /// The block is above the last one.
    AboveLast {
        /// The last block with state.
        last: u64,
    },
    /// The block lies between two ranges that were read.
    InGap {
        /// The last block with state before it.
        before: u64,
        /// The first block with state after it.
        after: u64,
    },
}

impl NoMoment {
    /// The nearest blocks at which the state is known: before and after the one asked for.
    #[must_use]
    pub const fn nearest(&self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::NothingRead => (None, None),
            Self::BeforeFirst { first } => (None, Some(*first)),
            Self::AboveLast { last } => (Some(*last), None),
            Self::InGap { before, after } => (Some(*before), Some(*after)),
        }
    }
}

impl std::fmt::Display for NoMoment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingRead => {
                f.write_str("no state has been read yet; run `yumascan up` or `yumascan state`")
            }
            Self::BeforeFirst { first } => write!(f, "state is known from block {first} on"),
            Self::AboveLast { last } => write!(f, "state is known up to block {last}"),
            Self::InGap { before, after } => {
                write!(f, "state is known up to block {before} and from block {after} on, not in between")
            }
        }
    }
}

/// What surrounds a block: (covering windows, their widest stride, last block below, first block above).
type Surroundings = (u64, u32, u64, u64, u64);

impl Warehouse {
    /// The moment of block `at`, or the newest one.
    ///
    /// # Errors
    /// Of the warehouse; that the state is not known is an answer.
    pub async fn find_moment(&self, at: Option<u64>) -> Result<Result<Moment, NoMoment>, WarehouseError> {
        let newest = || async {
            let sql = Sql::new(
                "SELECT last_block FROM state_windows ORDER BY first_block DESC, last_block DESC LIMIT 1",
            );
            self.fetch_optional::<u64>("find the newest state", sql).await
        };
        let block = match at {
            Some(at) => at,
            None => match newest().await? {
                Some(last) => last,
                None => return Ok(Err(NoMoment::NothingRead)),
            },
        };
        let around = Sql::new(
            "SELECT countIf(first_block <= ? AND last_block >= ?), maxIf(stride, first_block <= ? AND last_block >= ?), \
             count(), maxIf(last_block, last_block < ?), minIf(first_block, first_block > ?) FROM state_windows",
        );
        let around = (0..6).fold(around, |sql, _| sql.bind(block));
        let read = Sql::new(
            "SELECT block_number, timestamp_ms, spec_version FROM network_state WHERE block_number <= ? \
             ORDER BY block_number DESC LIMIT 1",
        );
        let (around, read) = futures::try_join!(
            self.fetch_optional::<Surroundings>("look for state windows", around),
            self.fetch_optional::<(u64, Option<u64>, u32)>("find the state before a block", read.bind(block)),
        )?;
        let (covering, stride, windows, below, above) = around.unwrap_or_default();
        if windows == 0 {
            return Ok(Err(NoMoment::NothingRead));
        }
        let Some((read_at, timestamp_ms, spec_version)) = read.filter(|_| covering > 0) else {
            return Ok(Err(match (below, above) {
                (0, first) => NoMoment::BeforeFirst { first },
                (last, 0) => NoMoment::AboveLast { last },
                (before, after) => NoMoment::InGap { before, after },
            }));
        };
        Ok(Ok(Moment { block, read_at, timestamp_ms, spec_version, stride: u64::from(stride.max(1)) }))
    }

    /// The newest moment that is at least `age_ms` older than `moment`; `None` where the state does not reach back so
    /// far, or lies in a gap there.
    pub async fn find_earlier_moment(
        &self,
        moment: &Moment,
        age_ms: u64,
    ) -> Result<Option<Moment>, WarehouseError> {
        let Some(then) = moment.timestamp_ms.and_then(|now| now.checked_sub(age_ms)) else { return Ok(None) };
        let sql = Sql::new(
            "SELECT block_number FROM network_state WHERE block_number <= ? AND timestamp_ms <= ? \
             ORDER BY block_number DESC LIMIT 1",
        );
        let sql = sql.bind(moment.block).bind(then);
        match self.fetch_optional::<u64>("find an earlier state", sql).await? {
            Some(block) => Ok(self.find_moment(Some(block)).await?.ok()),
            None => Ok(None),
        }
    }
}
