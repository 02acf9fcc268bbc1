//! Paths, parameters and shapes that clients of an existing API know, over the same query functions.
//!
//! Every answer is an envelope of a page ([`page`]); amounts are strings of rao, addresses are `{ss58, hex}`. What this
//! warehouse cannot know (prices in USD, names of exchanges that the operator did not give) is null, never 0 or made up.

mod account;
mod args;
mod asked;
mod delegation;
mod evm;
mod family;
mod history;
mod log;
mod metagraph;
mod page;
mod pool;
mod quote;
mod registration;
mod runtime;
mod stake;
mod stats;
mod subnet;
mod validator;
mod values;
mod weights;

use axum::{Router, routing::get};

use crate::http::{App, udf};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/status/v1", get(stats::status))
        .route("/api/block/v1", get(log::blocks))
        .route("/api/block/interval/v1", get(log::intervals))
        .route("/api/extrinsic/v1", get(log::extrinsics))
        .route("/api/event/v1", get(log::events))
        .route("/api/call/v1", get(log::calls))
        .route("/api/proxy_call/v1", get(log::proxied))
        .route("/api/transfer/v1", get(log::transfers))
        .route("/api/account/latest/v1", get(account::latest))
        .route("/api/account/history/v1", get(account::history))
        .route("/api/identity/latest/v1", get(account::identities))
        .route("/api/pending_coldkey_swap/v1", get(account::pending_swaps))
        .route("/api/exchange/v1", get(account::exchanges))
        .route("/api/delegation/v1", get(delegation::list))
        .route("/api/dtao/stake_balance/latest/v1", get(stake::latest))
        .route("/api/dtao/stake_balance/history/v1", get(stake::history))
        .route("/api/stake_balance/latest/v1", get(stake::latest))
        .route("/api/stake_balance/history/v1", get(stake::history))
        .route("/api/dtao/hotkey_alpha_shares/latest/v1", get(stake::shares))
        .route("/api/dtao/hotkey_alpha_shares/history/v1", get(stake::share_changes))
        .route("/api/dtao/pool/latest/v1", get(pool::latest))
        .route("/api/dtao/pool/v1", get(pool::latest))
        .route("/api/dtao/pool/history/v1", get(pool::history))
        .route("/api/dtao/pool/total_price/latest/v1", get(quote::total_price))
        .route("/api/dtao/pool/total_price/history/v1", get(quote::total_prices))
        .route("/api/dtao/slippage/v1", get(quote::slippage))
        .route("/api/dtao/stake_balance_aggregated/latest/v1", get(quote::aggregated))
        .route("/api/dtao/subnet_emission/v1", get(pool::emission))
        .route("/api/dtao/tradingview/udf/config", get(udf::config))
        .route("/api/dtao/tradingview/udf/symbols", get(udf::symbols))
        .route("/api/dtao/tradingview/udf/symbol_info", get(udf::symbols))
        .route("/api/dtao/tradingview/udf/history", get(udf::history))
        .route("/api/subnet/latest/v1", get(subnet::latest))
        .route("/api/subnet/history/v1", get(subnet::history))
        .route("/api/subnet/identity/v1", get(subnet::identities))
        .route("/api/subnet/owner/v1", get(subnet::owners))
        .route("/api/subnet/distribution/coldkey/v1", get(metagraph::by_coldkey))
        .route("/api/subnet/distribution/ip/v1", get(metagraph::by_ip))
        .route("/api/subnet/distribution/incentive/v1", get(metagraph::incentives))
        .route("/api/subnet/registration/v1", get(registration::subnets))
        .route("/api/subnet/registration_cost/latest/v1", get(registration::cost))
        .route("/api/subnet/registration_cost/history/v1", get(registration::costs))
        .route("/api/subnet/pruning/latest/v1", get(registration::pruning))
        .route("/api/subnet/pruning/history/v1", get(registration::prunings))
        .route("/api/subnet/neuron/registration/v1", get(registration::neurons))
        .route("/api/subnet/neuron/deregistration/v1", get(registration::departures))
        .route("/api/metagraph/latest/v1", get(metagraph::latest))
        .route("/api/metagraph/history/v1", get(metagraph::history))
        .route("/api/neuron/latest/v1", get(metagraph::neurons))
        .route("/api/neuron/history/v1", get(metagraph::neuron_history))
        .route("/api/validator/latest/v1", get(validator::latest))
        .route("/api/validator/history/v1", get(validator::history))
        .route("/api/dtao/validator/latest/v1", get(validator::latest))
        .route("/api/dtao/validator/history/v1", get(validator::history))
        .route("/api/validator/performance/v1", get(validator::performance))
        .route("/api/dtao/validator/performance/latest/v1", get(validator::performance))
        .route("/api/dtao/validator/performance/history/v1", get(validator::performances))
        .route("/api/dtao/validator/yield/latest/v1", get(validator::yields))
        .route("/api/dtao/validator/available/v1", get(validator::available))
        .route("/api/validator/metrics/latest/v1", get(metagraph::metrics))
        .route("/api/validator/metrics/history/v1", get(metagraph::metric_history))
        .route("/api/validator/weights/latest/v1", get(weights::latest))
        .route("/api/validator/weights/latest/v2", get(weights::latest_named))
        .route("/api/validator/weights/history/v1", get(weights::history))
        .route("/api/validator/weights/history/v2", get(weights::history_named))
        .route("/api/hotkey/family/latest/v1", get(family::latest))
        .route("/api/hotkey/family/history/v1", get(family::history))
        .route("/api/stats/latest/v1", get(stats::latest))
        .route("/api/stats/history/v1", get(stats::history))
        .route("/api/runtime_version/latest/v1", get(runtime::latest))
        .route("/api/runtime_version/history/v1", get(runtime::history))
        .route("/api/network_parameter/latest/v1", get(runtime::parameters))
        .route("/api/evm/block/v1", get(evm::blocks))
        .route("/api/evm/transaction/v1", get(evm::transactions))
        .route("/api/evm/log/v1", get(evm::logs))
        .route("/api/evm/contract/v1", get(evm::contracts))
}
