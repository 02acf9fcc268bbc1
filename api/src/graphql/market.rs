//! Markets and stake at any block whose state is known.

mod amounts;
mod curves;
mod emission;
mod identity;
mod lists;
mod metagraph;
mod moment;
mod parameters;
mod period;
mod portfolio;
mod query;
mod quote;
mod stake;
mod subnet;
mod validator;
mod yields;

pub(crate) use amounts::Decimal;
pub(crate) use identity::NameQuery;
pub(crate) use lists::ListQuery;
pub(crate) use moment::{Market, no_state};
pub(crate) use parameters::ParameterQuery;
pub(crate) use portfolio::Portfolio;
pub(crate) use query::MarketQuery;
pub(crate) use stake::{Registration, StakeMove, StakeQuery};
