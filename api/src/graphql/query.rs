//! The entry points of the schema, one file a room.

mod chain;
mod instance;
mod verification;

use async_graphql::MergedObject;

use super::market::{ListQuery, MarketQuery, NameQuery, ParameterQuery, StakeQuery};

/// A Bittensor chain: its finalized blocks as they are stored, its state at every block, and its live tip.
///
/// Amounts are strings of whole rao (1 TAO = 1,000,000,000 rao); what is not known is null, never 0. All parts of an
/// answer hold as of one block, named in `extensions.asOf` and in every `asOf`. Refused queries say why in `message` and
/// have a stable `extensions.code`.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    chain::ChainQuery,
    verification::VerificationQuery,
    instance::InstanceQuery,
    MarketQuery,
    ParameterQuery,
    StakeQuery,
    ListQuery,
    NameQuery,
);
