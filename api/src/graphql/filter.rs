//! Filters of lists, as clients write them, and their translation for the warehouse.

use async_graphql::{Enum, InputObject};
use yumascan_warehouse::{
    Order,
    query::{
        Range, blocks::BlockFilter, calls::CallFilter, events::EventFilter, extrinsics::ExtrinsicFilter,
        transfers::TransferFilter, verifications::VerificationFilter,
    },
};

use super::{
    names::{parse_place, split_name},
    scalars::{AccountId, BlockNumber, Rao, Timestamp},
    verification::VerdictName,
};
use crate::ApiError;

/// Direction of a list along the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Default)]
#[graphql(name = "Order")]
pub(crate) enum OrderInput {
    /// Highest block first; within a block, last item first.
    #[default]
    Newest,
    /// Lowest block first; within a block, first item first.
    Oldest,
}

impl From<OrderInput> for Order {
    fn from(order: OrderInput) -> Self {
        match order {
            OrderInput::Newest => Self::Newest,
            OrderInput::Oldest => Self::Oldest,
        }
    }
}

/// Blocks and times a list is restricted to; all ends inclusive, an absent end is open.
#[derive(Debug, Clone, Default, InputObject)]
pub(crate) struct RangeInput {
    /// Lowest block.
    from_block: Option<BlockNumber>,
    /// Highest block.
    to_block: Option<BlockNumber>,
    /// Earliest block time.
    from_time: Option<Timestamp>,
    /// Latest block time.
    to_time: Option<Timestamp>,
}

impl RangeInput {
    pub(crate) fn build(&self) -> Result<Range, ApiError> {
        let range = Range {
            from_block: self.from_block.map(|number| number.0),
            to_block: self.to_block.map(|number| number.0),
            from_ms: self.from_time.map(|time| time.0),
            to_ms: self.to_time.map(|time| time.0),
        };
        let inverted =
            |from: Option<u64>, to: Option<u64>| matches!((from, to), (Some(from), Some(to)) if from > to);
        if inverted(range.from_block, range.to_block) {
            return Err(ApiError::BadInput("`fromBlock` is above `toBlock`: exchange them".into()));
        }
        if inverted(range.from_ms, range.to_ms) {
            return Err(ApiError::BadInput("`fromTime` is after `toTime`: exchange them".into()));
        }
        Ok(range)
    }
}

/// Which blocks.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "BlockFilter")]
pub(crate) struct BlockFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Author (from Aura slot and authorities).
    author: Option<AccountId>,
    /// Runtime that executed them (`spec_version`).
    spec_version: Option<u32>,
}

impl BlockFilterInput {
    pub(crate) fn build(self) -> Result<BlockFilter, ApiError> {
        Ok(BlockFilter {
            range: self.range.build()?,
            author: self.author.map(|account| account.0),
            spec_version: self.spec_version,
        })
    }
}

/// Which extrinsics, by their outer call.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "ExtrinsicFilter")]
pub(crate) struct ExtrinsicFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Signer: SS58, or the stored text of another kind of address (0x hex of 20 bytes, `index:N`).
    signer: Option<String>,
    /// Pallet of the outer call, exact, e.g. `SubtensorModule`.
    pallet: Option<String>,
    /// Name of the outer call, exact, e.g. `set_weights`.
    call: Option<String>,
    /// Pallet and call in one: `SubtensorModule.set_weights`.
    name: Option<String>,
    /// Whether it succeeded (`System.ExtrinsicSuccess`).
    success: Option<bool>,
    /// Only signed (true) or only unsigned (false) ones.
    signed: Option<bool>,
}

impl ExtrinsicFilterInput {
    pub(crate) fn build(self) -> Result<ExtrinsicFilter, ApiError> {
        let (pallet, call) = split_name(self.name.as_deref(), self.pallet, self.call, "call")?;
        Ok(ExtrinsicFilter {
            range: self.range.build()?,
            signer: self.signer.map(|text| normal_account(&text)),
            pallet,
            call,
            success: self.success,
            signed: self.signed,
        })
    }
}

/// Which calls: nodes of call trees, outer calls and the calls inside them.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "CallFilter")]
pub(crate) struct CallFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Pallet, exact.
    pallet: Option<String>,
    /// Call name, exact.
    call: Option<String>,
    /// Pallet and call in one: `Balances.transfer_keep_alive`.
    name: Option<String>,
    /// Effective origin: SS58 of an account, or `Root`, `None`, `Unknown`.
    origin: Option<String>,
    /// Whether it took effect.
    success: Option<bool>,
    /// Of this extrinsic, e.g. `3010-4`.
    extrinsic_id: Option<String>,
}

impl CallFilterInput {
    pub(crate) fn build(self) -> Result<CallFilter, ApiError> {
        let (pallet, call) = split_name(self.name.as_deref(), self.pallet, self.call, "call")?;
        Ok(CallFilter {
            range: self.range.build()?,
            pallet,
            call,
            origin: self.origin.map(|text| normal_account(&text)),
            success: self.success,
            extrinsic: self.extrinsic_id.map(|id| parse_place(&id, "extrinsic")).transpose()?,
        })
    }
}

/// When in the execution of a block an event was deposited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Phase {
    /// Before the first extrinsic.
    Initialization,
    /// While applying an extrinsic.
    ApplyExtrinsic,
    /// After the last extrinsic.
    Finalization,
}

impl Phase {
    /// As stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Initialization => "Initialization",
            Self::ApplyExtrinsic => "ApplyExtrinsic",
            Self::Finalization => "Finalization",
        }
    }

    /// From the stored name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Initialization, Self::ApplyExtrinsic, Self::Finalization]
            .into_iter()
            .find(|phase| phase.name() == name)
    }
}

/// Which events.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "EventFilter")]
pub(crate) struct EventFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Pallet, exact.
    pallet: Option<String>,
    /// Variant, exact, e.g. `StakeAdded`.
    variant: Option<String>,
    /// Pallet and variant in one: `SubtensorModule.StakeAdded`.
    name: Option<String>,
    /// Of this extrinsic, e.g. `3010-4`.
    extrinsic_id: Option<String>,
    /// Deposited in this phase.
    phase: Option<Phase>,
    /// That name this account.
    account: Option<AccountId>,
}

impl EventFilterInput {
    pub(crate) fn build(self) -> Result<EventFilter, ApiError> {
        let (pallet, variant) = split_name(self.name.as_deref(), self.pallet, self.variant, "variant")?;
        Ok(EventFilter {
            range: self.range.build()?,
            pallet,
            variant,
            extrinsic: self.extrinsic_id.map(|id| parse_place(&id, "extrinsic")).transpose()?,
            phase: self.phase.map(|phase| phase.name().to_owned()),
            account: self.account.map(|account| account.0),
        })
    }
}

/// Which transfers of TAO (`Balances.Transfer`).
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "TransferFilter")]
pub(crate) struct TransferFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Sender or receiver.
    account: Option<AccountId>,
    /// Sender.
    from: Option<AccountId>,
    /// Receiver.
    to: Option<AccountId>,
    /// At least this much, rao (1 TAO = 1,000,000,000 rao).
    min_amount_rao: Option<Rao>,
}

impl TransferFilterInput {
    pub(crate) fn build(self) -> Result<TransferFilter, ApiError> {
        let min_amount_rao =
            self.min_amount_rao.map(|amount| u64::try_from(amount.0)).transpose().map_err(|_| {
                ApiError::BadInput("`minAmountRao` is above all amounts there can be (2^64 rao)".into())
            })?;
        Ok(TransferFilter {
            range: self.range.build()?,
            account: self.account.map(|account| account.0),
            from: self.from.map(|account| account.0),
            to: self.to.map(|account| account.0),
            min_amount_rao,
        })
    }
}

/// Which replayed epochs.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "EpochVerificationFilter")]
pub(crate) struct EpochVerificationFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Subnet.
    netuid: Option<u16>,
    /// Mechanism.
    mechid: Option<u8>,
    /// With this verdict.
    verdict: Option<VerdictName>,
}

impl EpochVerificationFilterInput {
    pub(crate) fn build(self) -> Result<VerificationFilter, ApiError> {
        Ok(VerificationFilter {
            range: self.range.build()?,
            netuid: self.netuid,
            mechid: self.mechid,
            verdict: self.verdict.map(Into::into),
        })
    }
}

/// Which replayed emission.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "EmissionVerificationFilter")]
pub(crate) struct EmissionVerificationFilterInput {
    #[graphql(flatten)]
    range: RangeInput,
    /// Subnet; 0 for blocks about which nothing can be said as a whole.
    netuid: Option<u16>,
    /// With this verdict.
    verdict: Option<VerdictName>,
}

impl EmissionVerificationFilterInput {
    pub(crate) fn build(self) -> Result<VerificationFilter, ApiError> {
        Ok(VerificationFilter {
            range: self.range.build()?,
            netuid: self.netuid,
            mechid: None,
            verdict: self.verdict.map(Into::into),
        })
    }
}

/// SS58 of any prefix and hex public keys as stored (prefix 42); other texts as they are.
fn normal_account(text: &str) -> String {
    let text = text.trim();
    text.parse::<yumascan_chain::AccountId>().map_or_else(|_| text.to_owned(), |account| account.to_ss58())
}
