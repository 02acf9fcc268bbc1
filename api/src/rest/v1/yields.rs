//! Yields: what stake earned.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::query::market::yields::{RootYield, StakeYield, WINDOWS};

use crate::{
    ApiError,
    rest::{
        extract::{Account, At, Fields, Segments},
        listing::{Listing, Single, all_at, at_moment},
        problem::Refusals,
        scalars::{Decimal, Rao, growth, rao, rate, share},
        state::AtBlock,
    },
};

dto! {
    /// What stake on a hotkey of a subnet earned in a window. Rates are fractions.
    Yield from StakeYield as row {
        /// Subnet.
        netuid: u16 = row.netuid,
        /// SS58; null for the subnet as a whole.
        hotkey: Option<String> = row.hotkey,
        /// Stake after the last epoch, alpha-rao.
        stake_alpha_rao: Option<Rao> = rao(row.stake_rao),
        /// Dividends to stakers in the window, alpha-rao.
        dividends_alpha_rao: Rao = row.dividends_rao.into(),
        /// Annual rate without compounding, in alpha, after takes.
        apr_ratio: Option<Decimal> = rate(row.alpha.apr),
        /// Annual rate with compounding, in alpha, after takes; null where it is beyond all measure.
        apy_ratio: Option<Decimal> = rate(row.alpha.apy),
        /// The same by the median epoch.
        median_apy_ratio: Option<Decimal> = rate(row.alpha.median_apy),
        /// `apr_ratio` before the take.
        gross_apr_ratio: Option<Decimal> = rate(row.gross_apr),
        /// What stake gained in the covered time, in alpha; not annualised.
        gain_ratio: Option<Decimal> = growth(row.alpha.growth),
        /// What TAO in the stake gained in that time, with the change of the price; not annualised.
        tao_gain_ratio: Option<Decimal> = growth(row.tao_growth),
        /// Take of the hotkey.
        take_ratio: Option<Decimal> = share(row.take),
        /// Epochs in the window.
        epoch_count: u32 = row.alpha.epochs,
        /// Those that count.
        epoch_used_count: u32 = row.alpha.epochs_used,
        /// Time of the epochs that count, as a part of the window.
        coverage_ratio: Option<Decimal> = rate(Some(row.alpha.coverage)),
        /// How far to rely on it: `none`, `low`, `medium` or `high`.
        confidence: String = format!("{:?}", row.alpha.confidence).to_ascii_lowercase(),
    }
}

dto! {
    /// What root stake earned through a hotkey in a window.
    RootYieldView from RootYield as row {
        /// SS58.
        hotkey: String = row.hotkey,
        /// Its root stake after the last epoch that paid, rao.
        stake_rao: Option<Rao> = rao(row.stake_rao),
        /// Worth of what was paid, rao, at the prices of the blocks that paid.
        paid_rao: Rao = row.paid_rao.into(),
        /// Annual rate without compounding.
        apr_ratio: Option<Decimal> = rate(row.apr),
        /// Payments of epochs.
        payment_count: u32 = row.payments,
        /// Those that do not count.
        skipped_count: u32 = row.skipped,
        /// Part of the window for which the state is known, milliseconds.
        covered_ms: u64 = row.covered_ms,
    }
}

/// A window before a block.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub(super) enum Window {
    /// One hour; many subnets have no epoch in it.
    #[serde(rename = "1h")]
    Hour,
    /// One day.
    #[default]
    #[serde(rename = "1d")]
    Day,
    /// Seven days.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days.
    #[serde(rename = "30d")]
    Month,
}

impl Window {
    fn length_ms(self) -> u64 {
        WINDOWS.get(self as usize).map_or(0, |(_, length)| *length)
    }
}

/// Over which window.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Over {
    /// Window before the block; a day where it is left out.
    #[param(inline)]
    window: Option<Window>,
}

/// Yields of a validator's stakers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OfValidator {
    /// On subnets, in alpha.
    subnets: Vec<Yield>,
    /// On root, in TAO; null where nothing is known of it.
    root: Option<RootYieldView>,
}

/// Yields of a subnet's stakers
///
/// The subnet as a whole first, then by hotkey.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/yields", tag = "validators",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, Over),
    responses((status = 200, description = "The subnet, then its hotkeys", body = Listing<Yield>), Refusals))]
pub(super) async fn of_subnet(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(over): Fields<Over>,
) -> Result<Json<Listing<Yield>>, ApiError> {
    let moment = state.0.moment;
    state.0.subnet(netuid).await?;
    let length = over.window.unwrap_or_default().length_ms();
    let rows = state.warehouse().list_subnet_yields(netuid, &moment, length).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &moment))
}

/// Yields of a validator's stakers
#[utoipa::path(get, path = "/api/v1/validators/{hotkey}/yields", tag = "validators",
    params(("hotkey" = inline(Account), Path, description = "SS58, or 0x and 64 hexadecimal digits"), At, Over),
    responses((status = 200, description = "On subnets and on root", body = Single<OfValidator>), Refusals))]
pub(super) async fn of_validator(
    Segments(hotkey): Segments<Account>,
    state: AtBlock,
    Fields(over): Fields<Over>,
) -> Result<Json<Single<OfValidator>>, ApiError> {
    let (hotkey, moment) = (hotkey.ss58()?, state.0.moment);
    let length = over.window.unwrap_or_default().length_ms();
    let subnets = state.warehouse().list_hotkey_yields(&hotkey, &moment, length).await?;
    let root = state.warehouse().find_root_yield(&hotkey, &moment, length).await?;
    let of =
        OfValidator { subnets: subnets.into_iter().map(Into::into).collect(), root: root.map(Into::into) };
    Ok(at_moment(of, &moment))
}
