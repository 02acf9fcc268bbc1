//! What the chain accepts when weights and alpha values are set.

use crate::fixed::I32F32;

use super::sparse::normalise;

/// The least that [`check_alpha_values`] accepts: `⌊65535 / 40⌋`, of 65535.
pub const LEAST_ALPHA: u16 = u16::MAX / 40;

/// Why alpha values are refused; each variant is the chain's error of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AlphaValuesError {
    /// `SubtensorModule.LiquidAlphaDisabled`.
    #[error("the subnet does not use liquid alpha; enable it before setting its alpha values")]
    LiquidAlphaDisabled,
    /// `SubtensorModule.AlphaHighTooLow`.
    #[error("alpha_high is {alpha_high}; give at least {LEAST_ALPHA}")]
    AlphaHighTooLow {
        /// Greatest alpha asked for, of 65535.
        alpha_high: u16,
    },
    /// `SubtensorModule.AlphaLowOutOfRange`.
    #[error("alpha_low is {alpha_low}; give at least {LEAST_ALPHA} and at most alpha_high, {alpha_high}")]
    AlphaLowOutOfRange {
        /// Least alpha asked for, of 65535.
        alpha_low: u16,
        /// Greatest alpha asked for, of 65535.
        alpha_high: u16,
    },
}

/// Whether a subnet's `AlphaValues[netuid]` may become these, both shares of 65535.
///
/// Source: call `AdminUtils.sudo_set_alpha_values` under the rules of spec 377; `liquid_alpha_on` is
/// `LiquidAlphaOn[netuid]`. That the caller is the subnet's owner or root (`BadOrigin`) the chain asks first.
///
/// # Errors
///
/// The first rule that does not hold, in the order in which the chain asks them.
pub const fn check_alpha_values(
    liquid_alpha_on: bool,
    alpha_low: u16,
    alpha_high: u16,
) -> Result<(), AlphaValuesError> {
    if !liquid_alpha_on {
        return Err(AlphaValuesError::LiquidAlphaDisabled);
    }
    if alpha_high < LEAST_ALPHA {
        return Err(AlphaValuesError::AlphaHighTooLow { alpha_high });
    }
    if alpha_low < LEAST_ALPHA || alpha_low > alpha_high {
        return Err(AlphaValuesError::AlphaLowOutOfRange { alpha_low, alpha_high });
    }
    Ok(())
}

/// Whether no weight has a greater share of its row than `limit` is of 65535.
///
/// Source: calls that set weights, under `MaxWeightsLimit[netuid]`. The values are those of the call, before they
/// are scaled up; both sides of the comparison are cut to 32 fraction bits. An empty row and one of zeros pass.
#[must_use]
pub fn within_max_weight(values: &[u16], limit: u16) -> bool {
    if limit == u16::MAX {
        return true;
    }
    let mut shares: Vec<I32F32> = values.iter().map(|value| I32F32::from_u64(u64::from(*value))).collect();
    normalise(&mut shares);
    let limit = I32F32::from_u16_share(limit);
    shares.iter().all(|share| *share <= limit)
}

/// Whether the chain accepts the weights that `uid` sets, as far as their size goes.
///
/// The row of a single weight to oneself may be of any size; else [`within_max_weight`] decides.
#[must_use]
pub fn weights_accepted(uid: u16, uids: &[u16], values: &[u16], limit: u16) -> bool {
    let of_self = values.len() == 1 && uids.first() == Some(&uid);
    of_self || within_max_weight(values, limit)
}
