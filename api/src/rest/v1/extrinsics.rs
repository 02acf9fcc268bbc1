//! Extrinsics.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::{query::extrinsics::ExtrinsicFilter, rows::ExtrinsicRow};

use crate::{
    ApiError,
    graphql::parse_place,
    http::App,
    rest::{
        extract::{Fields, Paging, Segments, Span, item_name},
        listing::{Listing, Plan, Single, stored},
        problem::Refusals,
        scalars::{Json as Raw, Rao, Time, rao, time},
        state::unknown,
    },
};

dto! {
    /// An extrinsic with its outer call.
    Extrinsic from ExtrinsicRow as row {
        /// Block and index: `3010-4`.
        id: String = format!("{}-{}", row.block_number, row.extrinsic_index),
        /// Height of its block.
        block_number: u64 = row.block_number,
        /// Index in the block.
        extrinsic_index: u32 = row.extrinsic_index,
        /// Time of the block.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// Blake2b-256 of its bytes, 0x hex. Not unique.
        hash: String = row.hash,
        /// Length, bytes.
        length_bytes: u32 = row.length,
        /// Version of the format: 4 or 5.
        version: u8 = row.version,
        /// `bare`, `signed` or `general`.
        kind: String = row.kind,
        /// Signer, SS58 or the stored text of another kind of address; null for unsigned ones.
        signer: Option<String> = row.signer,
        /// Signature, 0x hex with its kind.
        signature: Option<String> = row.signature,
        /// Nonce of the signer.
        nonce: Option<u64> = row.nonce,
        /// Tip, rao.
        tip_rao: Option<Rao> = rao(row.tip_rao),
        /// First block of its mortal era; null for immortal ones.
        era_birth_block: Option<u64> = row.era_birth,
        /// Block at which the era ends.
        era_death_block: Option<u64> = row.era_death,
        /// Pallet of the outer call.
        pallet: String = row.pallet,
        /// Name of the outer call.
        call: String = row.call,
        /// Whether it succeeded.
        success: Option<bool> = row.success,
        /// `Pallet.Error` where it failed.
        error: Option<String> = row.error,
        /// Fee that was paid, rao.
        fee_rao: Option<Rao> = rao(row.fee_rao),
        /// Whether it pays a fee.
        pays_fee: Option<bool> = row.pays_fee,
        /// Weight, picoseconds.
        weight_ref_time_ps: Option<u64> = row.weight_ref_time,
        /// Weight, bytes.
        weight_proof_size_bytes: Option<u64> = row.weight_proof_size,
        /// Nodes of its call tree.
        call_count: u32 = row.call_count,
        /// Events deposited while it was applied.
        event_count: u32 = row.event_count,
        /// Arguments of the outer call, with the calls inside.
        args: Raw = Raw::of(row.args),
        /// Signed extensions.
        extensions: Raw = Raw::of(row.extensions),
    }
}

/// Which extrinsics, by their outer call.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Signer: an account, or the stored text of another kind of address.
    signer: Option<String>,
    /// Pallet and call: `SubtensorModule.set_weights`, or the pallet alone.
    #[param(pattern = "^[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)?$")]
    name: Option<String>,
    /// Whether it succeeded.
    success: Option<bool>,
    /// Only signed (true) or only unsigned (false) ones.
    signed: Option<bool>,
}

/// Extrinsics
#[utoipa::path(get, path = "/api/v1/extrinsics", tag = "chain", params(Filter, Span, Paging),
    responses((status = 200, description = "A page of extrinsics", body = Listing<Extrinsic>), Refusals))]
pub(super) async fn list(
    State(app): State<App>,
    Fields(filter): Fields<Filter>,
    Fields(span): Fields<Span>,
    Fields(paging): Fields<Paging>,
) -> Result<Json<Listing<Extrinsic>>, ApiError> {
    let (pallet, call) = item_name(filter.name, "call")?;
    let signer = filter.signer.map(|text| match text.parse::<yumascan_chain::AccountId>() {
        Ok(account) => account.to_ss58(),
        Err(_) => text,
    });
    let range = span.build()?;
    let filter =
        ExtrinsicFilter { range, signer, pallet, call, success: filter.success, signed: filter.signed };
    let plan = Plan::new(&app, "extrinsics", &filter, range, &paging).await?;
    let filter = ExtrinsicFilter { range: plan.range, ..filter };
    let page = app.shared.state.warehouse.list_extrinsics(&filter, plan.request).await?;
    plan.answer(&app, page).await
}

/// An extrinsic
///
/// By block and index, or by its hash: the newest of that hash.
#[utoipa::path(get, path = "/api/v1/extrinsics/{extrinsic}", tag = "chain",
    params(("extrinsic" = String, Path, description = "Block and index, or hash as 0x and 64 hexadecimal digits",
        pattern = "^([0-9]{1,15}-[0-9]{1,9}|0x[0-9a-fA-F]{64})$", example = "3010-4")),
    responses((status = 200, description = "The extrinsic", body = Single<Extrinsic>), Refusals))]
pub(super) async fn get(
    State(app): State<App>,
    Segments(extrinsic): Segments<String>,
) -> Result<Json<Single<Extrinsic>>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let found = if extrinsic.parse::<yumascan_chain::Hash>().is_ok() {
        warehouse.list_extrinsics_by_hash(&extrinsic).await?.into_iter().next()
    } else {
        let (block, index) = parse_place(&extrinsic, "extrinsic")?;
        warehouse.find_extrinsic(block, index).await?
    };
    let row = found.ok_or_else(|| unknown("this extrinsic is not stored".into()))?;
    stored(&app, row.into()).await
}
