//! What replays of epochs and emission found.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::{
    query::verifications::VerificationFilter,
    rows::{EmissionVerificationRow, EpochDifferenceRow, EpochVerificationRow, Verdict},
};

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::{Fields, Paging, Segments, Span},
        listing::{Listing, Plan, Single, stored},
        problem::Refusals,
        scalars::{Json as Raw, Rao, Time, rao, time},
        state::unknown,
    },
};

dto! {
    /// An epoch of a mechanism, and what its replay found.
    EpochVerification from EpochVerificationRow as row {
        /// Block of the epoch.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Mechanism.
        mechid: u8 = row.mechid,
        /// Runtime that executed the block.
        spec_version: u32 = row.spec_version,
        /// Rules that were replayed.
        era: String = row.era,
        /// `verified`, `excused`, `differs` or `cannot_say`.
        verdict: String = row.verdict,
        /// Why nothing can be said, or what the verdict rests on.
        reason: String = row.reason,
        /// Neurons when the epoch ran.
        neuron_count: u32 = row.neurons,
        /// Numbers compared.
        checked_count: u64 = row.fields_checked,
        /// Numbers equal.
        equal_count: u64 = row.fields_equal,
        /// Numbers that an extrinsic of the same block rewrote.
        excused_count: u64 = row.fields_excused,
        /// The first difference that nothing excuses.
        first_difference: Option<String> = row.first_difference,
        /// Alpha that the epoch distributed, alpha-rao.
        emission_alpha_rao: Option<Rao> = rao(row.emission_rao),
    }
}

dto! {
    /// One number that is not what the replay gives.
    EpochDifference from EpochDifferenceRow as row {
        /// Storage item or event.
        field: String = row.field,
        /// Neuron; null where the whole vector is meant.
        uid: Option<u16> = row.uid,
        /// The neuron a bond is held of.
        target_uid: Option<u16> = row.target,
        /// SS58 of the neuron's hotkey.
        hotkey: Option<String> = row.hotkey,
        /// Recomputed.
        expected: Raw = Raw::of(row.expected),
        /// Stored on the chain.
        stored: Raw = Raw::of(row.stored),
        /// What rewrote it after the epoch.
        excused_by: Option<String> = row.excused_by,
    }
}

dto! {
    /// The emission of a subnet in a block, and what its replay found.
    EmissionVerification from EmissionVerificationRow as row {
        /// Block.
        block_number: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Subnet.
        netuid: u16 = row.netuid,
        /// Runtime that executed the block.
        spec_version: u32 = row.spec_version,
        /// Rules that were replayed.
        era: String = row.era,
        /// `verified`, `excused`, `differs` or `cannot_say`.
        verdict: String = row.verdict,
        /// Why nothing can be said, or what excuses a difference.
        reason: String = row.reason,
        /// Amounts compared.
        checked_count: u32 = row.fields_checked,
        /// Amounts equal.
        equal_count: u32 = row.fields_equal,
        /// Amounts that an extrinsic changed afterwards.
        excused_count: u32 = row.fields_excused,
        /// The first difference that nothing excuses.
        first_difference: Option<String> = row.first_difference,
        /// TAO injected, rao.
        tao_in_rao: Option<Rao> = rao(row.tao_in_rao),
        /// Alpha injected, alpha-rao.
        alpha_in_rao: Option<Rao> = rao(row.alpha_in_rao),
        /// Alpha emitted to participants, alpha-rao.
        alpha_out_rao: Option<Rao> = rao(row.alpha_out_rao),
    }
}

/// What a replay says.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictName {
    /// All compared numbers are equal.
    Verified,
    /// All are equal but those that an extrinsic of the same block rewrote.
    Excused,
    /// Something is not equal.
    Differs,
    /// Nothing can be said.
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

/// Which replays.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Subnet.
    #[param(minimum = 0, maximum = 65535)]
    netuid: Option<u16>,
    /// With this verdict.
    #[param(inline)]
    verdict: Option<VerdictName>,
}

impl Filter {
    fn build(&self, span: &Span) -> Result<VerificationFilter, ApiError> {
        let verdict = self.verdict.map(Into::into);
        Ok(VerificationFilter { range: span.build()?, netuid: self.netuid, mechid: None, verdict })
    }
}

/// Replayed epochs
#[utoipa::path(get, path = "/api/v1/epochs", tag = "verification", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of verdicts", body = Listing<EpochVerification>), Refusals))]
pub(super) async fn epochs(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<EpochVerification>>, ApiError> {
    let filter = filter.build(&span)?;
    let plan = Plan::new(&app, "epochs", &filter, filter.range, &paging).await?;
    let filter = VerificationFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_epoch_verifications(&filter, plan.request).await?;
    plan.answer(&app, page).await
}

/// A replayed epoch with its differences.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EpochDetail {
    /// The verdict.
    verification: EpochVerification,
    /// Numbers that are not what the replay gives, at most 1000.
    differences: Vec<EpochDifference>,
}

/// A replayed epoch
///
/// By block, subnet and mechanism, with its differences.
#[utoipa::path(get, path = "/api/v1/epochs/{block}/{netuid}/{mechid}", tag = "verification",
    params(("block" = u64, Path, description = "Block of the epoch", maximum = 9007199254740991_i64, example = 3010),
        ("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1),
        ("mechid" = u8, Path, description = "Mechanism", maximum = 255, example = 0)),
    responses((status = 200, description = "The verdict", body = Single<EpochDetail>), Refusals))]
pub(super) async fn epoch(
    State(app): State<App>,
    Segments((block, netuid, mechid)): Segments<(u64, u16, u8)>,
) -> Result<Json<Single<EpochDetail>>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let Some(row) = warehouse.find_epoch_verification(block, netuid, mechid).await? else {
        return Err(unknown(format!(
            "no epoch of mechanism {mechid} of subnet {netuid} was replayed at block {block}"
        )));
    };
    let differences = warehouse.list_epoch_differences(block, netuid, mechid, 1_000).await?;
    let detail = EpochDetail {
        verification: row.into(),
        differences: differences.into_iter().map(Into::into).collect(),
    };
    stored(&app, detail).await
}

/// Replayed emission
#[utoipa::path(get, path = "/api/v1/emission-verifications", tag = "verification", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of verdicts", body = Listing<EmissionVerification>), Refusals))]
pub(super) async fn emission(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<EmissionVerification>>, ApiError> {
    let filter = filter.build(&span)?;
    let plan = Plan::new(&app, "emissionVerifications", &filter, filter.range, &paging).await?;
    let filter = VerificationFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_emission_verifications(&filter, plan.request).await?;
    plan.answer(&app, page).await
}
