//! Mechanisms of a subnet: storage index and the split of the rao.

/// Most subnets that an index can tell apart.
pub const GLOBAL_MAX_SUBNET_COUNT: u16 = 4096;
/// Most mechanisms that an index can tell apart.
pub const MAX_MECHANISM_COUNT: u8 = 16;

/// Key of a mechanism's storage maps; `None` where it does not fit.
#[must_use]
pub const fn storage_index(netuid: u16, mechid: u8) -> Option<u16> {
    if netuid >= GLOBAL_MAX_SUBNET_COUNT || mechid >= MAX_MECHANISM_COUNT {
        return None;
    }
    Some(mechid as u16 * GLOBAL_MAX_SUBNET_COUNT + netuid)
}

/// Subnet and mechanism of a storage index.
#[must_use]
pub const fn of_storage_index(index: u16) -> (u16, u8) {
    (index % GLOBAL_MAX_SUBNET_COUNT, (index / GLOBAL_MAX_SUBNET_COUNT) as u8)
}

/// Each mechanism's part of the rao: by `split` (shares of 65535, padded with zeros or cut to `count`), evenly
/// without it. What rounding leaves goes to mechanism 0.
#[must_use]
pub fn split_rao(rao: u64, count: usize, split: Option<&[u16]>) -> Vec<u64> {
    let part = |mechanism: usize| match split {
        Some(shares) => {
            let share = shares.get(mechanism).copied().unwrap_or(0);
            let part = u128::from(rao) * u128::from(share) / u128::from(u16::MAX);
            u64::try_from(part).unwrap_or(u64::MAX)
        }
        None => rao / u64::try_from(count).unwrap_or(u64::MAX),
    };
    let mut parts: Vec<u64> = (0..count).map(part).collect();
    let sum = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    if let Some(first) = parts.first_mut() {
        *first = first.saturating_add(rao.saturating_sub(sum));
    }
    parts
}
