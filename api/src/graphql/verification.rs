//! Verdicts of replayed epochs and emission, as lists.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, Object, Result, SimpleObject};
use yumascan_warehouse::{
    Cursor, Keyed,
    query::verifications::{VerdictCounts, VerificationFilter},
    rows::{EmissionVerificationRow, EpochDifferenceRow, EpochVerificationRow, Verdict},
};

use super::{
    block::{Block, find_stored},
    connection::{List, Node},
    epoch::Epoch,
    scalars::{AccountId, BlockNumber, Hash, Json, Long, Rao, Timestamp},
    scope::Scope,
};
use crate::ApiError;

/// What a replay says about stored results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Verdict")]
pub(crate) enum VerdictName {
    /// All compared numbers are equal.
    Verified,
    /// All are equal but those that an extrinsic of the same block rewrote; it is named.
    Excused,
    /// Something is not equal.
    Differs,
    /// Nothing can be said; `reason` tells why.
    CannotSay,
}

impl From<VerdictName> for Verdict {
    fn from(name: VerdictName) -> Self {
        match name {
            VerdictName::Verified => Self::Verified,
            VerdictName::Excused => Self::Excused,
            VerdictName::Differs => Self::Differs,
            VerdictName::CannotSay => Self::CannotSay,
        }
    }
}

impl VerdictName {
    fn of(stored: &str) -> Self {
        match Verdict::from_name(stored) {
            Some(Verdict::Verified) => Self::Verified,
            Some(Verdict::Excused) => Self::Excused,
            Some(Verdict::Differs) => Self::Differs,
            Some(Verdict::CannotSay) | None => Self::CannotSay,
        }
    }
}

/// A replayed epoch.
#[derive(Debug, Clone)]
pub(crate) struct EpochVerification(pub(crate) Arc<EpochVerificationRow>);

impl From<EpochVerificationRow> for EpochVerification {
    fn from(row: EpochVerificationRow) -> Self {
        Self(Arc::new(row))
    }
}

impl Node for EpochVerification {
    const NAME: &'static str = "EpochVerification";
    fn place(&self) -> Cursor {
        self.0.cursor()
    }
}

impl EpochVerification {
    pub(crate) fn list(scope: &Arc<Scope>, filter: VerificationFilter) -> List<Self> {
        let filter_to_count = filter.clone();
        let blocks = (filter.range.from_block, filter.range.to_block);
        List::stored(
            scope,
            "epochVerifications",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_epoch_verifications(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_epoch_verifications(&filter).await }
            },
        )
    }
}

/// An epoch of one mechanism of a subnet, recomputed and compared with what the chain stored. What all mechanisms share
/// (every vector but Incentive and Bonds, and the payments) counts with mechanism 0.
#[Object]
impl EpochVerification {
    /// Block, subnet and mechanism: `3010-7-0`.
    async fn id(&self) -> String {
        format!("{}-{}-{}", self.0.block_number, self.0.netuid, self.0.mechid)
    }
    /// Block in whose initialization the epoch ran.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.0.block_number)
    }
    /// Subnet.
    async fn netuid(&self) -> u16 {
        self.0.netuid
    }
    /// Mechanism, from 0.
    async fn mechid(&self) -> u8 {
        self.0.mechid
    }
    /// Time of the block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.0.timestamp_ms.map(Timestamp)
    }
    /// Time of the block, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.0.timestamp_ms.map(Long)
    }
    /// Runtime that executed the block (`spec_version`).
    async fn spec_version(&self) -> u32 {
        self.0.spec_version
    }
    /// Rules that were replayed, by the specs that have them.
    async fn era(&self) -> &str {
        &self.0.era
    }
    /// What the replay says.
    async fn verdict(&self) -> VerdictName {
        VerdictName::of(&self.0.verdict)
    }
    /// Why nothing can be said, or what the verdict rests on; null where there is nothing to add.
    async fn reason(&self) -> Option<&str> {
        Some(self.0.reason.as_str()).filter(|reason| !reason.is_empty())
    }
    /// Neurons of the subnet when the epoch ran.
    async fn neurons(&self) -> u32 {
        self.0.neurons
    }
    /// Stored numbers compared with recomputed ones.
    async fn fields_checked(&self) -> Long {
        Long(self.0.fields_checked)
    }
    /// Those that are equal.
    async fn fields_equal(&self) -> Long {
        Long(self.0.fields_equal)
    }
    /// Those that an extrinsic of the same block rewrote.
    async fn fields_excused(&self) -> Long {
        Long(self.0.fields_excused)
    }
    /// The first difference that nothing excuses, in words; null without one.
    async fn first_difference(&self) -> Option<&str> {
        self.0.first_difference.as_deref()
    }
    /// What the mechanism shared out, rao of the subnet's alpha; null where unknown.
    async fn emission_rao(&self) -> Option<Rao> {
        self.0.emission_rao.map(|rao| Rao(rao.into()))
    }
    /// How that was obtained: `recomputed` from the parent's state, or `inferred` from the stored results; null where
    /// unknown.
    async fn emission_source(&self) -> Option<&str> {
        Some(self.0.emission_source.as_str()).filter(|source| !source.is_empty())
    }
    /// Time of the maths for the whole subnet, nanoseconds; 0 for mechanisms above 0.
    async fn replay_ns(&self) -> Long {
        Long(self.0.replay_ns)
    }
    /// Blake2b-256 of the inputs as they are kept; null where there are none.
    async fn inputs_hash(&self) -> Option<Hash> {
        Some(self.0.inputs_hash.clone()).filter(|hash| !hash.is_empty()).map(Hash)
    }
    /// Numbers that differ, excused or not, in order.
    #[graphql(complexity = "10 * child_complexity")]
    async fn differences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<EpochDifference>> {
        const MAX: u32 = 1000;
        let limit = u32::try_from(first)
            .ok()
            .filter(|limit| (1..=MAX).contains(limit))
            .ok_or(ApiError::PageSize { argument: "first", value: first, max: MAX })?;
        let (block, netuid, mechid) = (self.0.block_number, self.0.netuid, self.0.mechid);
        if self.0.fields_checked == self.0.fields_equal {
            return Ok(Vec::new());
        }
        let scope = Scope::of(ctx)?;
        let listing = scope.warehouse()?.list_epoch_differences(block, netuid, mechid, limit);
        let rows = listing.await.map_err(ApiError::from)?;
        scope.budget.take_rows("differences", rows.len() as u64)?;
        Ok(rows.into_iter().map(EpochDifference::from).collect())
    }
    /// The epoch itself: inputs, steps and results; null where its inputs are not kept.
    async fn epoch(&self, ctx: &Context<'_>) -> Result<Option<Epoch>> {
        Ok(Epoch::find(&*Scope::of(ctx)?, self.0.clone()).await?)
    }
    /// The block, if it is stored.
    async fn block(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        Ok(find_stored(&*Scope::of(ctx)?, self.0.block_number).await?)
    }
}

/// One number that is not what the replay gives.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct EpochDifference {
    /// Storage item, e.g. `Incentive`, `Bonds` or `AlphaDividendsPerSubnet`, or the event `IncentiveAlphaEmittedToMiners`.
    field: String,
    /// Neuron; null for payments, which are by hotkey, and where a mechanism is missing as a whole.
    uid: Option<u16>,
    /// Neuron that a bond is held of; null for other fields.
    target: Option<u16>,
    /// Hotkey of the neuron when the epoch ran, or of the payment.
    hotkey: Option<AccountId>,
    /// Recomputed value: a number, a flag as 0 or 1, or null for nothing.
    expected: Json,
    /// Value that the chain stored, in the same form.
    stored: Json,
    /// What rewrote it after the epoch, e.g. `extrinsic 12-3: NeuronRegistered, uid 4`; null where nothing did.
    excused_by: Option<String>,
}

impl From<EpochDifferenceRow> for EpochDifference {
    fn from(row: EpochDifferenceRow) -> Self {
        Self {
            field: row.field,
            uid: row.uid,
            target: row.target,
            hotkey: row.hotkey.map(AccountId),
            expected: Json(row.expected),
            stored: Json(row.stored),
            excused_by: row.excused_by,
        }
    }
}

/// Emission of a subnet in a block.
#[derive(Debug, Clone)]
pub(crate) struct EmissionVerification(Arc<EmissionVerificationRow>);

impl From<EmissionVerificationRow> for EmissionVerification {
    fn from(row: EmissionVerificationRow) -> Self {
        Self(Arc::new(row))
    }
}

impl Node for EmissionVerification {
    const NAME: &'static str = "EmissionVerification";
    fn place(&self) -> Cursor {
        self.0.cursor()
    }
}

impl EmissionVerification {
    pub(crate) fn list(scope: &Arc<Scope>, filter: VerificationFilter) -> List<Self> {
        let filter_to_count = filter.clone();
        let blocks = (filter.range.from_block, filter.range.to_block);
        List::stored(
            scope,
            "emissionVerifications",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_emission_verifications(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_emission_verifications(&filter).await }
            },
        )
    }
}

/// The emission of a subnet in a block, recomputed and compared: what the coinbase injects, what accrues for the next
/// epoch, flow average and moving price.
#[Object]
impl EmissionVerification {
    /// Block and subnet: `3010-7`.
    async fn id(&self) -> String {
        format!("{}-{}", self.0.block_number, self.0.netuid)
    }
    /// Block.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.0.block_number)
    }
    /// Subnet; 0 stands for the whole block where nothing can be said about it.
    async fn netuid(&self) -> u16 {
        self.0.netuid
    }
    /// Time of the block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.0.timestamp_ms.map(Timestamp)
    }
    /// Time of the block, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.0.timestamp_ms.map(Long)
    }
    /// Runtime that executed the block (`spec_version`).
    async fn spec_version(&self) -> u32 {
        self.0.spec_version
    }
    /// Rules that were replayed, named for the first spec known to have them.
    async fn era(&self) -> &str {
        &self.0.era
    }
    /// What the replay says.
    async fn verdict(&self) -> VerdictName {
        VerdictName::of(&self.0.verdict)
    }
    /// Why nothing can be said, what excuses a difference, or why the subnet receives nothing; null where there is
    /// nothing to add.
    async fn reason(&self) -> Option<&str> {
        Some(self.0.reason.as_str()).filter(|reason| !reason.is_empty())
    }
    /// Stored amounts compared with recomputed ones.
    async fn fields_checked(&self) -> u32 {
        self.0.fields_checked
    }
    /// Those that are equal.
    async fn fields_equal(&self) -> u32 {
        self.0.fields_equal
    }
    /// Those that an extrinsic of the block changed afterwards.
    async fn fields_excused(&self) -> u32 {
        self.0.fields_excused
    }
    /// The first difference that nothing excuses: item, recomputed and stored value; null without one.
    async fn first_difference(&self) -> Option<&str> {
        self.0.first_difference.as_deref()
    }
    /// TAO injected into the pool, rao, as recomputed; null where it receives nothing or nothing can be said.
    async fn tao_in_rao(&self) -> Option<Rao> {
        self.0.tao_in_rao.map(|rao| Rao(rao.into()))
    }
    /// Alpha injected into the pool, rao of alpha, as recomputed.
    async fn alpha_in_rao(&self) -> Option<Rao> {
        self.0.alpha_in_rao.map(|rao| Rao(rao.into()))
    }
    /// Alpha emitted to participants, rao of alpha, as recomputed.
    async fn alpha_out_rao(&self) -> Option<Rao> {
        self.0.alpha_out_rao.map(|rao| Rao(rao.into()))
    }
}

/// How many of each verdict.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(complex)]
pub(crate) struct VerdictTotals {
    /// All numbers equal.
    verified: Long,
    /// Equal but for what extrinsics of the same block rewrote.
    excused: Long,
    /// Not equal.
    differs: Long,
    /// Nothing can be said.
    cannot_say: Long,
}

#[ComplexObject]
impl VerdictTotals {
    /// All of them.
    async fn total(&self) -> Long {
        Long(self.verified.0 + self.excused.0 + self.differs.0 + self.cannot_say.0)
    }
}

impl From<VerdictCounts> for VerdictTotals {
    fn from(counts: VerdictCounts) -> Self {
        Self {
            verified: Long(counts.verified),
            excused: Long(counts.excused),
            differs: Long(counts.differs),
            cannot_say: Long(counts.cannot_say),
        }
    }
}
