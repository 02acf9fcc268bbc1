//! Markets and stake: what the state lane's tables say at a block, and what follows from it.
//!
//! Every function answers for a [`Moment`](moment::Moment): a block at which the state is known. Rows carry the block
//! they were read at, which is the moment's or, where the lane reads every so many blocks, one shortly before it.

pub mod balances;
pub mod candles;
pub mod changes;
pub mod concentration;
pub mod emissions;
pub mod history;
pub mod holders;
pub mod identities;
pub mod keys;
pub mod metagraph;
pub mod moment;
pub mod neurons;
pub mod owners;
pub mod parameters;
pub mod pnl;
pub mod pools;
pub mod positions;
pub mod quotes;
pub mod registrations;
pub mod series;
pub mod stake_moves;
pub mod statement;
pub mod subnets;
pub mod validators;
pub mod worth;
pub mod yields;

pub use moment::{Moment, NoMoment};
