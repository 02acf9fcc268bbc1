// The Taostats SDK against this API: nothing is changed but the host.
//
//   node api/tests/sdk/client.mjs http://127.0.0.1:8080 ACCOUNT HOTKEY NETUID
//
// Every method is answered by its envelope with rows that have what the SDK's types promise, and refusals reach its errors.

import assert from "node:assert/strict";
import sdk from "@taostats/sdk";

const [baseUrl, account, hotkey, subnet] = process.argv.slice(2);
const netuid = Number(subnet);
const client = new sdk.TaoStatsClient({ baseUrl, apiKey: "anything", retries: 0 });
const { accounts, chain, delegations, metagraph, subnets, validators, tradingView } = client;

const calls = {
  getBlocks: [() => chain.getBlocks({ limit: 2 }), ["block_number", "hash", "timestamp", "extrinsics_count"]],
  getBlockNumbersByInterval: [() => chain.getBlockNumbersByInterval({ frequency: "by_hour" }), ["block_number", "timestamp"]],
  getExtrinsics: [() => chain.getExtrinsics({ limit: 2 }), ["id", "full_name", "call_args", "success"]],
  getEvents: [() => chain.getEvents({ limit: 2 }), ["id", "full_name", "args", "phase"]],
  getChainCalls: [() => chain.getChainCalls({ limit: 2 }), ["id", "full_name", "args", "extrinsic_id"]],
  getProxyCalls: [() => chain.getProxyCalls({ limit: 2 }), []],
  getLatestStats: [() => chain.getLatestStats(), ["issued", "subnets", "accounts"]],
  getStatsHistory: [() => chain.getStatsHistory({ limit: 2 }), ["issued", "block_number"]],
  getRuntimeVersion: [() => chain.getRuntimeVersion(), ["runtime_version"]],
  getRuntimeVersionHistory: [() => chain.getRuntimeVersionHistory({}), ["runtime_version"]],
  getAccount: [() => accounts.getAccount({ address: account }), ["address", "balance_free", "balance_total"]],
  getAccountHistory: [() => accounts.getAccountHistory({ address: account }), ["address", "balance_free"]],
  getTransfers: [() => accounts.getTransfers({ limit: 2 }), ["id", "from", "to", "amount"]],
  getOnChainIdentity: [() => accounts.getOnChainIdentity({}), []],
  getPendingColdkeySwap: [() => accounts.getPendingColdkeySwap(), []],
  getDelegationEvents: [() => delegations.getDelegationEvents({ limit: 2 }), ["id", "action", "amount", "netuid"]],
  getdTaoStakeBalance: [() => delegations.getdTaoStakeBalance({ coldkey: account }), ["hotkey", "coldkey", "balance", "balance_as_tao"]],
  getdTaoHistoricalStakeBalance: [() => delegations.getdTaoHistoricalStakeBalance({ coldkey: account, hotkey, netuid }), ["balance"]],
  getStakeBalanceSumInTao: [() => delegations.getStakeBalanceSumInTao({ coldkey: account }), ["coldkey", "total_balance_as_tao"]],
  getSlippage: [() => delegations.getSlippage({ netuid, input_tokens: 1_000_000 }), ["output_tokens", "slippage"]],
  getLatestSubnetPricesSum: [() => subnets.getLatestSubnetPricesSum(), ["price", "block_number"]],
  getHistoricalSubnetPricesSum: [() => subnets.getHistoricalSubnetPricesSum({ frequency: "by_hour", limit: 2 }), ["price"]],
  getSubnets: [() => subnets.getSubnets({}), ["netuid", "tempo", "emission", "owner"]],
  getSubnetHistory: [() => subnets.getSubnetHistory({ netuid, frequency: "by_hour", limit: 2 }), ["netuid", "block_number"]],
  getSubnetIdentity: [() => subnets.getSubnetIdentity({}), ["netuid", "subnet_name"]],
  getSubnetOwner: [() => subnets.getSubnetOwner({}), ["netuid", "owner"]],
  getSubnetEmission: [() => subnets.getSubnetEmission({ netuid, limit: 2 }), ["netuid", "alpha_rewards"]],
  getSubnetRegistrations: [() => subnets.getSubnetRegistrations({}), []],
  getCurrentSubnetRegistrationCost: [() => subnets.getCurrentSubnetRegistrationCost(), ["registration_cost"]],
  getSubnetRegistrationCostHistory: [() => subnets.getSubnetRegistrationCostHistory({ limit: 2 }), ["registration_cost"]],
  getCurrentSubnetPools: [() => subnets.getCurrentSubnetPools({}), ["netuid", "price", "market_cap", "total_tao"]],
  getSubnetsPoolsHistory: [() => subnets.getSubnetsPoolsHistory({ netuid, frequency: "by_hour", limit: 2 }), ["netuid", "price"]],
  getLatest: [() => metagraph.getLatest({ netuid }), ["uid", "hotkey", "stake", "incentive"]],
  getHistory: [() => metagraph.getHistory({ netuid, limit: 2 }), ["uid", "hotkey", "block_number"]],
  getNeuronRegistrations: [() => metagraph.getNeuronRegistrations({ netuid }), []],
  getNeuronDeregistrations: [() => metagraph.getNeuronDeregistrations({ netuid }), []],
  getSubnetColdkeyDistribution: [() => metagraph.getSubnetColdkeyDistribution({ netuid }), ["coldkey", "count"]],
  getSubnetAxonIpDistribution: [() => metagraph.getSubnetAxonIpDistribution({ netuid }), []],
  getMinerIncentiveDistributionBySubnet: [() => metagraph.getMinerIncentiveDistributionBySubnet({ netuid }), ["incentive"]],
  getValidatorLatest: [() => validators.getValidatorLatest({ hotkey }), ["hotkey", "stake"]],
  getValidatorHistory: [() => validators.getValidatorHistory({ hotkey }), ["hotkey", "stake"]],
  getdTaoValidatorLatest: [() => validators.getdTaoValidatorLatest({ hotkey }), ["hotkey", "rank", "dominance"]],
  getdTaoValidatorHistory: [() => validators.getdTaoValidatorHistory({ hotkey }), ["hotkey", "rank"]],
  getdTaoValidatorPerformanceLatest: [() => validators.getdTaoValidatorPerformanceLatest({ hotkey }), ["netuid", "dividends"]],
  getdTaoValidatorPerformanceHistory: [() => validators.getdTaoValidatorPerformanceHistory({ hotkey }), ["netuid", "dividends"]],
  getPerformance: [() => validators.getPerformance({ hotkey, netuid }), ["netuid", "emission"]],
  getYield: [() => validators.getYield({ netuid }), ["hotkey", "stake", "one_day_apy"]],
  getMetricsLatest: [() => validators.getMetricsLatest({ hotkey }), ["uid", "validator_permit"]],
  getMetricsHistory: [() => validators.getMetricsHistory({ hotkey, limit: 2 }), ["uid", "validator_permit"]],
  getWeightsLatest: [() => validators.getWeightsLatest({ netuid }), []],
  getWeightsHistory: [() => validators.getWeightsHistory({ netuid, limit: 2 }), []],
  getValidatorsInSubnet: [() => validators.getValidatorsInSubnet({ netuid }), ["address", "hotkey_alpha"]],
  getAlphaSharesLatest: [() => validators.getAlphaSharesLatest({ netuid }), ["hotkey", "shares", "alpha"]],
  getAlphaSharesHistory: [() => validators.getAlphaSharesHistory({ netuid, limit: 2 }), ["hotkey", "alpha"]],
  getParentChildHotkeyRelationsLatest: [() => validators.getParentChildHotkeyRelationsLatest({ hotkey }), ["hotkey", "children", "parents"]],
  getParentChildHotkeyRelationsHistory: [() => validators.getParentChildHotkeyRelationsHistory({ hotkey }), ["hotkey", "children"]],
};

for (const [name, [call, fields]] of Object.entries(calls)) {
  const answer = await call().catch((error) => assert.fail(`${name}: ${error.message}`));
  assert.equal(answer.success, true, name);
  const { pagination, data } = answer.data;
  assert.equal(pagination.current_page, 1, name);
  assert.ok(Array.isArray(data) && data.length <= pagination.per_page, name);
  if (fields.length > 0) assert.ok(data.length > 0, `${name} has no row`);
  for (const row of data) for (const field of fields) assert.notEqual(row[field] ?? null, null, `${name}: ${field}`);
}

const health = await client.getHealth();
assert.equal(typeof health.data.version, "string");
const bars = await tradingView.getTradingViewHistory({ symbol: `SUB-${netuid}`, resolution: "60", from: 0, to: 4_000_000_000 });
assert.equal(bars.data.s, "ok");
assert.equal(bars.data.t.length, bars.data.c.length);

await assert.rejects(chain.getBlocks({ page: 0 }), (error) => error.statusCode === 400 || /pages count from 1/.test(error.message));
console.log(`${Object.keys(calls).length} methods answered`);
process.exit(0);
