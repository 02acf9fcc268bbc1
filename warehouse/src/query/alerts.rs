//! What alert rules look at: how far the lanes are, what touched something, series of numbers, incidents that changed.

use clickhouse::Row;
use serde::Deserialize;

use crate::{Warehouse, WarehouseError, query::sql::Sql};

/// Blocks before a range in which the newest value of a series is looked for, where it is one that is read every so often.
const REACH: u64 = 15_000;

/// How far the lanes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Row, Deserialize)]
pub struct LaneHeads {
    /// Highest stored block.
    pub blocks: Option<u64>,
    /// Its time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Last block whose state was read.
    pub state: Option<u64>,
    /// Changes whenever incidents do.
    pub incidents_mark: u64,
}

/// An incident that changed, with its whole history.
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
pub struct IncidentChange {
    /// Its id.
    pub id: String,
    /// Kind.
    pub kind: String,
    /// What it is about.
    pub scope: String,
    /// First block.
    pub first_block: u64,
    /// Last block.
    pub last_block: u64,
    /// Subnets involved.
    pub netuids: Vec<u16>,
    /// Accounts involved, SS58.
    pub accounts: Vec<String>,
    /// When it was written, milliseconds since the Unix epoch.
    pub written_ms: u64,
    /// What happened to it, in order: position, block, kind, severity, score, title.
    pub steps: Vec<(u32, u64, String, String, f64, String)>,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched<'a> {
    /// An account, SS58.
    Account(&'a str),
    /// A subnet.
    Subnet(u16),
    /// A call: pallet, and name or any.
    Call(&'a str, Option<&'a str>),
}

/// An extrinsic, or an event outside of extrinsics, that touches what is watched.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct MatchRow {
    /// Block.
    pub block_number: u64,
    /// The extrinsic.
    pub extrinsic_index: Option<u32>,
    /// The event, where it is none of an extrinsic.
    pub event_index: Option<u32>,
    /// `Pallet.call` or `Pallet.Event`.
    pub name: String,
    /// Who signed, SS58.
    pub signer: Option<String>,
    /// Whether the extrinsic succeeded.
    pub success: Option<bool>,
    /// Why not.
    pub error: Option<String>,
    /// Matches of the block, those left out included.
    pub total: u64,
}

/// A value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Row, Deserialize)]
pub struct SeriesPoint {
    /// Block.
    pub block_number: u64,
    /// Subnet; 0 for series that are of none.
    pub netuid: u16,
    /// Value in billionths.
    pub value: i128,
}

/// A series of numbers. `None` for a subnet is every subnet but root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Series<'a> {
    AlphaPrice(Option<u16>),
    MovingPrice(Option<u16>),
    EmissionShare(Option<u16>),
    RegistrationCost(Option<u16>),
    DeregistrationRank(Option<u16>),
    SubnetCost,
    /// A score of a neuron: a column of `neuron_state` in parts of 65535.
    Score(NeuronScore, u16, &'a str),
    BlocksSinceUpdate(u16, &'a str),
    Apy(u16, &'a str),
    Take(&'a str),
    Stake(u16, &'a str),
    Balance(&'a str),
}

/// Scores of neurons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum NeuronScore {
    ValidatorTrust,
    Dividends,
    Incentive,
}

impl NeuronScore {
    const fn column(self) -> &'static str {
        match self {
            Self::ValidatorTrust => "validator_trust",
            Self::Dividends => "dividends",
            Self::Incentive => "incentive",
        }
    }
}

/// Positions of a subnet among the unnamed fields of events; of those not listed it is the first field.
const NETUID_PLACES: &[(&str, &[&str])] = &[
    ("2", &["CRV3WeightsCommitted", "SetChildren"]),
    (
        "3",
        &[
            "AggregatedLimitedStakeAdded",
            "AggregatedLimitedStakeRemoved",
            "AggregatedStakeAdded",
            "AggregatedStakeRemoved",
            "FailedToAddAggregatedLimitedStake",
            "FailedToAddAggregatedStake",
            "FailedToRemoveAggregatedLimitedStake",
            "FailedToRemoveAggregatedStake",
            "StakeMoved",
            "StakeSwapped",
        ],
    ),
    ("4", &["AlphaBurned", "AlphaRecycled", "StakeTransferred", "StakeSwapped"]),
    ("5", &["StakeAdded", "StakeRemoved", "StakeMoved", "StakeTransferred"]),
];
/// Events of one unnamed field or more whose first number is no subnet.
const NO_NETUID: &[&str] = &[
    "ChildKeyTakeSet",
    "DelegateAdded",
    "FaucetSet",
    "TakeDecreased",
    "TakeIncreased",
    "TxRateLimitSet",
    "TxDelegateTakeRateLimitSet",
    "NetworkRateLimitSet",
    "NetworkImmunityPeriodSet",
    "NetworkMinLockCostSet",
    "NetworkLockCostReductionIntervalSet",
    "SubnetLimitSet",
    "SubnetOwnerCutSet",
    "MaxDelegateTakeSet",
    "MinDelegateTakeSet",
    "MaxChildKeyTakeSet",
    "MinChildKeyTakeSet",
    "TxChildKeyTakeRateLimitSet",
    "StakeThresholdSet",
    "NominatorStakeThresholdSet",
    "WeightsVersionKeyRateLimitSet",
    "DissolveNetworkScheduleDurationSet",
    "ColdkeySwapScheduleDurationSet",
    "OwnerHyperparamRateLimitSet",
];
/// Names under which calls and events have subnets.
const NETUID_NAMES: [&str; 8] = [
    "netuid",
    "origin_netuid",
    "destination_netuid",
    "dest_netuid",
    "netuid_index",
    "_netuid",
    "subnet_id",
    "old_netuid",
];

impl Warehouse {
    /// How far the lanes are.
    pub async fn find_lane_heads(&self) -> Result<LaneHeads, WarehouseError> {
        let sql = Sql::new(
            "SELECT (SELECT maxOrNull(number) FROM blocks) AS blocks, \
             (SELECT argMaxOrNull(timestamp_ms, number) FROM blocks) AS timestamp_ms, \
             (SELECT maxOrNull(last_block) FROM state_windows) AS state, \
             assumeNotNull((SELECT cityHash64(max(written_at), count()) FROM incidents)) AS incidents_mark",
        );
        Ok(self.fetch_optional::<LaneHeads>("find how far the lanes are", sql).await?.unwrap_or_default())
    }

    /// Incidents written since a time (milliseconds since the Unix epoch), the earliest written first.
    pub async fn list_incident_changes(&self, since_ms: u64) -> Result<Vec<IncidentChange>, WarehouseError> {
        let wanted = Sql::new("written_at >= fromUnixTimestamp64Milli(toInt64(?))").bind(since_ms);
        self.read_changes(&wanted).await
    }

    /// Incidents that show within `from..=to`.
    pub async fn list_incident_changes_within(
        &self,
        (from, to): (u64, u64),
    ) -> Result<Vec<IncidentChange>, WarehouseError> {
        let wanted = Sql::new("first_block <= ? AND last_block >= ?").bind(to).bind(from);
        self.read_changes(&wanted).await
    }

    async fn read_changes(&self, wanted: &Sql) -> Result<Vec<IncidentChange>, WarehouseError> {
        let of_incidents = Sql::new("SELECT id FROM incidents WHERE ").append(wanted);
        let sql = Sql::new(
            "SELECT i.id AS id, i.kind AS kind, i.scope AS scope, i.first_block AS first_block, i.last_block AS last_block, \
             i.netuids AS netuids, i.accounts AS accounts, toUInt64(toUnixTimestamp64Milli(i.written_at)) AS written_ms, \
             arraySort(step -> step.1, s.steps) AS steps FROM \
             (SELECT * FROM incidents WHERE id IN (",
        )
        .append(&of_incidents)
        .push(
            ") ORDER BY written_at DESC LIMIT 1 BY id) AS i INNER JOIN \
             (SELECT incident_id, groupArray((position, block_number, toString(kind), toString(severity), score, title)) AS steps \
             FROM incident_events WHERE incident_id IN (",
        )
        .append(&of_incidents)
        .push(") GROUP BY incident_id) AS s ON s.incident_id = i.id ORDER BY written_ms, id");
        self.fetch_all("list incidents that changed", sql).await
    }

    /// What touched something within `from..=to`: at most `most` a block, in the order of the chain.
    pub async fn list_matches(
        &self,
        watched: &Watched<'_>,
        (from, to): (u64, u64),
        most: u32,
    ) -> Result<Vec<MatchRow>, WarehouseError> {
        let range = |sql: &str| Sql::new(sql).bind(from).bind(to);
        let (of_extrinsics, of_events) = match watched {
            Watched::Account(account) => {
                let places = |what: &str| {
                    range(&format!(
                        "SELECT block_number, {what} FROM account_activity WHERE block_number BETWEEN ? AND ? AND account = "
                    ))
                    .push("?")
                    .bind(*account)
                };
                let of_extrinsics =
                    places("assumeNotNull(if(kind = 'extrinsic', item_index, extrinsic_index))")
                        .push(" AND (kind = 'extrinsic' OR isNotNull(extrinsic_index))");
                let of_events = places("item_index").push(" AND kind = 'event' AND isNull(extrinsic_index)");
                (of_extrinsics, Some(of_events))
            }
            Watched::Subnet(netuid) => {
                let touches_event = events_of_subnet(*netuid);
                let touches_call = names_subnet("args", *netuid);
                let of_extrinsics =
                    range("SELECT block_number, assumeNotNull(extrinsic_index) FROM events WHERE block_number BETWEEN ? AND ?")
                        .push(" AND isNotNull(extrinsic_index) AND ")
                        .append(&touches_event)
                        .append(&range(
                            " UNION ALL SELECT block_number, extrinsic_index FROM calls WHERE block_number BETWEEN ? AND ? AND ",
                        ))
                        .append(&touches_call);
                let of_events =
                    range("SELECT block_number, event_index FROM events WHERE block_number BETWEEN ? AND ?")
                        .push(" AND isNull(extrinsic_index) AND ")
                        .append(&touches_event);
                (of_extrinsics, Some(of_events))
            }
            Watched::Call(pallet, name) => {
                let sql =
                    range("SELECT block_number, extrinsic_index FROM calls WHERE block_number BETWEEN ? AND ? AND pallet = ")
                        .push("?")
                        .bind(*pallet);
                let sql = match name {
                    Some(name) => sql.push(" AND call = ?").bind(*name),
                    None => sql,
                };
                (sql, None)
            }
        };
        let mut all = range(
            "SELECT block_number, toNullable(extrinsic_index) AS extrinsic_index, CAST(NULL AS Nullable(UInt32)) AS event_index, \
             concat(pallet, '.', call) AS name, signer, success, error FROM extrinsics \
             WHERE block_number BETWEEN ? AND ? AND (block_number, extrinsics.extrinsic_index) IN (",
        )
        .append(&of_extrinsics)
        .push(")");
        if let Some(of_events) = of_events {
            let events = range(
                " UNION ALL SELECT block_number, extrinsic_index, toNullable(events.event_index) AS event_index, \
                 concat(pallet, '.', variant) AS name, CAST(NULL AS Nullable(String)) AS signer, \
                 CAST(NULL AS Nullable(Bool)) AS success, CAST(NULL AS Nullable(String)) AS error FROM events \
                 WHERE block_number BETWEEN ? AND ? AND (block_number, events.event_index) IN (",
            );
            all = all.append(&events).append(&of_events).push(")");
        }
        let sql = Sql::new("SELECT *, count() OVER (PARTITION BY block_number) AS total FROM (")
            .append(&all)
            .push(") WHERE block_number IN (SELECT number FROM blocks WHERE number BETWEEN ? AND ?)")
            .bind(from)
            .bind(to)
            .push(" ORDER BY block_number, isNull(extrinsic_index), extrinsic_index, event_index LIMIT ? BY block_number")
            .bind(most);
        self.fetch_all("list what touches something", sql).await
    }

    /// A series within `from..=to`, ascending, and before it the newest value of each subnet.
    pub async fn list_series(
        &self,
        series: Series<'_>,
        (from, to): (u64, u64),
    ) -> Result<Vec<SeriesPoint>, WarehouseError> {
        let sql = series_sql(series, from, to);
        let sql = Sql::new(
            "SELECT block_number, toUInt16(netuid) AS netuid, toInt128(assumeNotNull(value)) AS value FROM (\
             SELECT *, max(if(block_number <= ?, block_number, 0)) OVER (PARTITION BY netuid) AS anchor FROM (",
        )
        .bind(from)
        .append(&sql)
        .push(") WHERE isNotNull(value)) WHERE block_number >= anchor ORDER BY netuid, block_number");
        self.fetch_all("read a series", sql).await
    }
}

/// A series up to a block: block_number, netuid, value in billionths or NULL.
fn series_sql(series: Series<'_>, from: u64, to: u64) -> Sql {
    // what was read every so often was read within that many blocks before
    let floor = from.saturating_sub(REACH);
    let of_subnet = |value: &str, netuid: Option<u16>| {
        let sql = Sql::new(format!(
            "SELECT block_number, netuid, toNullable({value}) AS value FROM subnet_state WHERE "
        ));
        let sql = match netuid {
            Some(netuid) => sql.push("netuid = ?").bind(u32::from(netuid)),
            None => sql.push("netuid != 0"),
        };
        sql.push(" AND block_number BETWEEN ? AND ?").bind(floor).bind(to)
    };
    let of_neuron = |value: &str, netuid: u16, hotkey: &str| {
        Sql::new(format!(
            "SELECT block_number, netuid, toNullable({value}) AS value FROM neuron_state WHERE netuid = "
        ))
        .push("? AND hotkey = ? AND block_number BETWEEN ? AND ?")
        .bind(u32::from(netuid))
        .bind(hotkey)
        .bind(floor)
        .bind(to)
    };
    match series {
        Series::AlphaPrice(netuid) => of_subnet("toInt128(intDiv(price_bits * 1000000000, 4294967296))", netuid),
        Series::MovingPrice(netuid) => of_subnet("toInt128(intDiv(moving_price_bits * 1000000000, 4294967296))", netuid),
        Series::RegistrationCost(netuid) => of_subnet("toInt128(burn_rao)", netuid),
        Series::EmissionShare(netuid) => {
            let share = Sql::new(
                "SELECT block_number, netuid, if(whole = 0 OR isNull(whole), NULL, toNullable(toInt128(intDiv(toInt256(part) * 1000000000, \
                 toInt256(whole))))) AS value FROM (SELECT s.block_number AS block_number, s.netuid AS netuid, \
                 toUInt128(coalesce(v.tao_in_rao, s.tao_in_emission_rao)) + toUInt128(coalesce(s.excess_tao_rao, \
                 v.chain_buy_rao, if(s.spec_version < 298, 0, NULL))) AS part, \
                 if(countIf(isNull(part)) OVER (PARTITION BY block_number) = 0, sum(part) OVER (PARTITION BY block_number), \
                 NULL) AS whole FROM subnet_state AS s LEFT JOIN (SELECT netuid, block_number, tao_in_rao, chain_buy_rao \
                 FROM emission_verifications WHERE block_number BETWEEN ? AND ? AND verdict IN ('verified', 'excused')) AS v \
                 ON v.netuid = s.netuid AND v.block_number = s.block_number \
                 WHERE s.netuid != 0 AND s.block_number BETWEEN ? AND ?) WHERE ",
            )
            .bind(floor)
            .bind(to)
            .bind(floor)
            .bind(to);
            match netuid {
                Some(netuid) => share.push("netuid = ?").bind(u32::from(netuid)),
                None => share.push("1"),
            }
        }
        Series::DeregistrationRank(netuid) => {
            let rank = Sql::new(
                "SELECT block_number, netuid, toNullable(toInt128(place) * 1000000000) AS value FROM (\
                 SELECT s.block_number AS block_number, s.netuid AS netuid, row_number() OVER (PARTITION BY s.block_number \
                 ORDER BY s.moving_price_bits, s.registered_at, s.netuid) AS place FROM subnet_state AS s \
                 WHERE s.netuid != 0 AND s.block_number BETWEEN ? AND ? AND s.block_number >= s.registered_at + \
                 (SELECT ifNull(argMax(toUInt64OrZero(trim(BOTH '\"' FROM ifNull(new_value, '0'))), block_number), 0) \
                  FROM network_parameters WHERE name = 'NetworkImmunityPeriod' AND block_number <= ?)) WHERE ",
            )
            .bind(floor)
            .bind(to)
            .bind(to);
            match netuid {
                Some(netuid) => rank.push("netuid = ?").bind(u32::from(netuid)),
                None => rank.push("1"),
            }
        }
        Series::SubnetCost => {
            Sql::new("SELECT block_number, 0 AS netuid, toNullable(toInt128(lock_cost_rao)) AS value FROM network_state WHERE block_number BETWEEN ? AND ?")
                .bind(floor)
                .bind(to)
        }
        Series::Score(score, netuid, hotkey) => {
            of_neuron(&format!("toInt128(intDiv(toInt64({}) * 1000000000, 65535))", score.column()), netuid, hotkey)
        }
        Series::BlocksSinceUpdate(netuid, hotkey) => of_neuron(
            "toInt128(greatest(toInt64(block_number) - toInt64(last_update), 0)) * 1000000000",
            netuid,
            hotkey,
        ),
        Series::Apy(netuid, hotkey) => Sql::new(
            "SELECT block_number, netuid, if(gap = 0 OR gap > 100000 OR ifNull(alpha_stake_before_rao, 0) = 0, NULL, \
             toNullable(toInt128(least(pow(1 + toFloat64(alpha_dividends_rao) / toFloat64(alpha_stake_before_rao), \
             2629800 / gap) - 1, 1e9) * 1e9))) AS value FROM (SELECT block_number, netuid, alpha_dividends_rao, \
             alpha_stake_before_rao, block_number - lagInFrame(block_number, 1, block_number) OVER (ORDER BY block_number \
             ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS gap FROM dividends WHERE netuid = ? AND hotkey = ? AND block_number BETWEEN ? AND ?)",
        )
        .bind(u32::from(netuid))
        .bind(hotkey)
        .bind(floor)
        .bind(to),
        Series::Take(hotkey) => Sql::new(
            "SELECT block_number, 0 AS netuid, toNullable(toInt128(intDiv(toInt64(argMax(new_take, event_index)) * 1000000000, 65535))) AS value \
             FROM delegate_takes WHERE kind = 'delegate' AND hotkey = ? AND block_number <= ? GROUP BY block_number",
        )
        .bind(hotkey)
        .bind(to),
        Series::Stake(netuid, hotkey) => Sql::new(
            "SELECT block_number, netuid, toNullable(toInt128(total_alpha_rao)) AS value FROM hotkey_pools \
             WHERE hotkey = ? AND netuid = ? AND block_number <= ?",
        )
        .bind(hotkey)
        .bind(u32::from(netuid))
        .bind(to),
        Series::Balance(account) => Sql::new(
            "SELECT block_number, 0 AS netuid, toNullable(toInt128(free_rao) + toInt128(reserved_rao)) AS value FROM account_balances \
             WHERE account = ? AND block_number <= ?",
        )
        .bind(account)
        .bind(to),
    }
}

/// Whether a JSON object names the subnet.
fn names_subnet(column: &str, netuid: u16) -> Sql {
    let mut sql = Sql::new("(");
    for (position, name) in NETUID_NAMES.iter().enumerate() {
        let or = if position == 0 { "" } else { " OR " };
        sql = sql
            .push(&format!("{or}JSONExtract({column}, '{name}', 'Nullable(UInt64)') = "))
            .push("?")
            .bind(u32::from(netuid));
    }
    sql.push(")")
}

/// Whether an event is of the subnet: by name, or by place among unnamed fields.
fn events_of_subnet(netuid: u16) -> Sql {
    let listed = |names: &[&str]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let placed: Vec<&str> = NETUID_PLACES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut sql = Sql::new("((startsWith(args, '{') AND ")
        .append(&names_subnet("args", netuid))
        .push(") OR (pallet = 'SubtensorModule' AND startsWith(args, '[') AND (");
    for (place, names) in NETUID_PLACES {
        sql = sql
            .push(&format!(
                "(variant IN ({}) AND JSONExtract(args, {place}, 'Nullable(UInt64)') = ",
                listed(names)
            ))
            .push("?) OR ")
            .bind(u32::from(netuid));
    }
    sql.push(&format!(
        "(variant NOT IN ({}, {}) AND JSONExtract(args, 1, 'Nullable(UInt64)') = ",
        listed(&placed),
        listed(NO_NETUID)
    ))
    .push("?))))")
    .bind(u32::from(netuid))
}
