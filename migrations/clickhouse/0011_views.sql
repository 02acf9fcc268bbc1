-- Views for everyone's SQL (`/sql`, `/api/v1/sql`, the MCP tool `sql`): what may be asked is a list of views, not the tables.
-- Views keep their shape when tables change, leave out raw bytes and bookkeeping, and add what questions need: `time` (UTC) beside
-- `timestamp_ms`, and amounts in TAO or alpha (exact decimals) beside those in rao. They are as fast as the tables: ClickHouse
-- reads the columns that are asked for, and conditions reach the primary key. A server's administrator can grant a reader these
-- views and nothing else.

CREATE VIEW IF NOT EXISTS {database}.v_blocks {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.blocks
COMMENT 'As table blocks, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_extrinsics {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(fee_rao, 9) / 1000000000 AS fee_tao,
    toDecimal128(tip_rao, 9) / 1000000000 AS tip_tao
FROM {database}.extrinsics
COMMENT 'As table extrinsics, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_calls {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.calls
COMMENT 'As table calls, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_events {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.events
COMMENT 'As table events, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_transfers {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(amount_rao, 9) / 1000000000 AS amount_tao
FROM {database}.transfers
COMMENT 'As table transfers, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_account_activity {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(amount_rao, 9) / 1000000000 AS amount_tao
FROM {database}.account_activity
COMMENT 'As table account_activity, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_name_counts {on_cluster} AS
SELECT *
FROM {database}.name_counts
COMMENT 'As table name_counts.';

CREATE VIEW IF NOT EXISTS {database}.v_quarantine {on_cluster} AS
SELECT *
FROM {database}.quarantine
COMMENT 'As table quarantine.';

CREATE VIEW IF NOT EXISTS {database}.v_runtimes {on_cluster} AS
SELECT * EXCEPT (metadata)
FROM {database}.runtime_metadata
COMMENT 'As table runtime_metadata, without the bytes.';

CREATE VIEW IF NOT EXISTS {database}.v_coverage {on_cluster} AS
SELECT *
FROM {database}.coverage
COMMENT 'As table coverage.';

CREATE VIEW IF NOT EXISTS {database}.v_subnet_state {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(tao_in_rao, 9) / 1000000000 AS tao_in,
    toDecimal128(alpha_in_rao, 9) / 1000000000 AS alpha_in,
    toDecimal128(alpha_out_rao, 9) / 1000000000 AS alpha_out
FROM {database}.subnet_state
COMMENT 'As table subnet_state, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_network_state {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(total_issuance_rao, 9) / 1000000000 AS total_issuance_tao,
    toDecimal128(total_stake_rao, 9) / 1000000000 AS total_stake_tao
FROM {database}.network_state
COMMENT 'As table network_state, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_neuron_state {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(emission_rao, 9) / 1000000000 AS emission_alpha
FROM {database}.neuron_state
COMMENT 'As table neuron_state, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_dividends {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(alpha_dividends_rao, 9) / 1000000000 AS alpha_dividends
FROM {database}.dividends
COMMENT 'As table dividends, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_weights {on_cluster} AS
SELECT *
FROM {database}.weights
COMMENT 'As table weights.';

CREATE VIEW IF NOT EXISTS {database}.v_bonds {on_cluster} AS
SELECT *
FROM {database}.bonds
COMMENT 'As table bonds.';

CREATE VIEW IF NOT EXISTS {database}.v_hotkey_pools {on_cluster} AS
SELECT *
FROM {database}.hotkey_pools
COMMENT 'As table hotkey_pools.';

CREATE VIEW IF NOT EXISTS {database}.v_stake_shares {on_cluster} AS
SELECT *
FROM {database}.stake_shares
COMMENT 'As table stake_shares.';

CREATE VIEW IF NOT EXISTS {database}.v_account_balances {on_cluster} AS
SELECT *,
    toDecimal128(free_rao, 9) / 1000000000 AS free_tao,
    toDecimal128(reserved_rao, 9) / 1000000000 AS reserved_tao
FROM {database}.account_balances
COMMENT 'As table account_balances, with amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_root_claimable {on_cluster} AS
SELECT *
FROM {database}.root_claimable
COMMENT 'As table root_claimable.';

CREATE VIEW IF NOT EXISTS {database}.v_hyperparameters {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.hyperparameters
COMMENT 'As table hyperparameters, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_network_parameters {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.network_parameters
COMMENT 'As table network_parameters, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_sweeps {on_cluster} AS
SELECT *
FROM {database}.sweeps
COMMENT 'As table sweeps.';

CREATE VIEW IF NOT EXISTS {database}.v_sweep_differences {on_cluster} AS
SELECT *
FROM {database}.sweep_differences
COMMENT 'As table sweep_differences.';

CREATE VIEW IF NOT EXISTS {database}.v_stake_moves {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(tao_rao, 9) / 1000000000 AS tao,
    toDecimal128(alpha_rao, 9) / 1000000000 AS alpha
FROM {database}.stake_moves
COMMENT 'As table stake_moves, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_registrations {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(cost_rao, 9) / 1000000000 AS cost_tao
FROM {database}.registrations
COMMENT 'As table registrations, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_deregistrations {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(emission_rao, 9) / 1000000000 AS emission_alpha
FROM {database}.deregistrations
COMMENT 'As table deregistrations, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_identities {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.identities
COMMENT 'As table identities, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_delegate_takes {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.delegate_takes
COMMENT 'As table delegate_takes, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_child_keys {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.child_keys
COMMENT 'As table child_keys, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_key_swaps {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(amount_rao, 9) / 1000000000 AS amount_tao
FROM {database}.key_swaps
COMMENT 'As table key_swaps, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_root_claims {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time,
    toDecimal128(alpha_rao, 9) / 1000000000 AS alpha,
    toDecimal128(tao_rao, 9) / 1000000000 AS tao
FROM {database}.root_claims
COMMENT 'As table root_claims, with the time as a date and amounts in TAO or alpha.';

CREATE VIEW IF NOT EXISTS {database}.v_evm_transactions {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.evm_transactions
COMMENT 'As table evm_transactions, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_evm_logs {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.evm_logs
COMMENT 'As table evm_logs, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_epoch_verifications {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.epoch_verifications
COMMENT 'As table epoch_verifications, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_epoch_differences {on_cluster} AS
SELECT *
FROM {database}.epoch_differences
COMMENT 'As table epoch_differences.';

CREATE VIEW IF NOT EXISTS {database}.v_emission_verifications {on_cluster} AS
SELECT *,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS time
FROM {database}.emission_verifications
COMMENT 'As table emission_verifications, with the time as a date.';

CREATE VIEW IF NOT EXISTS {database}.v_verification_causes {on_cluster} AS
SELECT *
FROM {database}.verification_causes
COMMENT 'As table verification_causes.';

CREATE VIEW IF NOT EXISTS {database}.v_incidents {on_cluster} AS
SELECT *
FROM {database}.incidents
ORDER BY written_at DESC
LIMIT 1 BY id
COMMENT 'As table incidents, each as it was written last.';

CREATE VIEW IF NOT EXISTS {database}.v_incident_events {on_cluster} AS
SELECT *
FROM {database}.incident_events
COMMENT 'As table incident_events.';

CREATE VIEW IF NOT EXISTS {database}.v_subnet_hours {on_cluster} AS
SELECT * EXCEPT (version, is_deleted),
    fromUnixTimestamp64Milli(toInt64(start_ms), 'UTC') AS time,
    toFloat64(open_bits) / 4294967296 AS open,
    toFloat64(high_bits) / 4294967296 AS high,
    toFloat64(low_bits) / 4294967296 AS low,
    toFloat64(close_bits) / 4294967296 AS close
FROM {database}.subnet_hours FINAL
COMMENT 'As table subnet_hours, with the time as a date and prices as numbers.';

CREATE VIEW IF NOT EXISTS {database}.v_subnet_days {on_cluster} AS
SELECT * EXCEPT (version, is_deleted),
    fromUnixTimestamp64Milli(toInt64(start_ms), 'UTC') AS time,
    toFloat64(open_bits) / 4294967296 AS open,
    toFloat64(high_bits) / 4294967296 AS high,
    toFloat64(low_bits) / 4294967296 AS low,
    toFloat64(close_bits) / 4294967296 AS close
FROM {database}.subnet_days FINAL
COMMENT 'As table subnet_days, with the time as a date and prices as numbers.';
