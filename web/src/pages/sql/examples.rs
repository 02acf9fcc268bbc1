//! Questions that teach, from simple to involved. A test runs every one of them.

/// A question with what it teaches.
pub(crate) struct Example {
    pub(crate) title: &'static str,
    pub(crate) teaches: &'static str,
    pub(crate) sql: &'static str,
}

pub(crate) const EXAMPLES: [Example; 10] = [
    Example {
        title: "The newest blocks",
        teaches: "Views are named v_…; `time` is the block time in UTC.",
        sql: "SELECT number, time, author, extrinsic_count, event_count\nFROM v_blocks\nORDER BY number DESC\nLIMIT 20",
    },
    Example {
        title: "Blocks by hour",
        teaches: "Group by a rounded time; WITH FILL shows hours without a block too.",
        sql: "SELECT toStartOfHour(time) AS hour, count() AS blocks, sum(event_count) AS events\nFROM v_blocks\nWHERE time IS NOT NULL\nGROUP BY hour\nORDER BY hour WITH FILL STEP 3600",
    },
    Example {
        title: "What the chain is used for",
        teaches: "calls has every call of every extrinsic, also those within batches and proxies.",
        sql: "SELECT concat(pallet, '.', call) AS name, count() AS calls, countIf(success = false) AS failed\nFROM v_calls\nGROUP BY name\nORDER BY calls DESC\nLIMIT 20",
    },
    Example {
        title: "Large transfers",
        teaches: "Amounts are exact integers in rao; the columns in TAO are exact decimals.",
        sql: "SELECT block_number, time, from_account, to_account, amount_tao\nFROM v_transfers\nORDER BY amount_rao DESC\nLIMIT 25",
    },
    Example {
        title: "Stake that moved, by subnet",
        teaches: "NULL is `unknown`, not 0: sumIf and count tell them apart.",
        sql: "SELECT netuid, count() AS moves, uniqExact(coldkey) AS coldkeys, sum(tao) AS tao_moved\nFROM v_stake_moves\nWHERE netuid IS NOT NULL\nGROUP BY netuid\nORDER BY moves DESC\nLIMIT 50",
    },
    Example {
        title: "Who pays the fees",
        teaches: "Quantiles of a column; success is NULL for what is not signed.",
        sql: "SELECT signer, count() AS extrinsics, sum(fee_tao) AS fees, quantile(0.5)(fee_rao) AS median_fee_rao\nFROM v_extrinsics\nWHERE signer IS NOT NULL\nGROUP BY signer\nORDER BY fees DESC\nLIMIT 20",
    },
    Example {
        title: "What events say",
        teaches: "args is canonical JSON: take values out with JSONExtract….",
        sql: "SELECT block_number, JSONExtractString(args, 'who') AS who, JSONExtractString(args, 'amount') AS rao\nFROM v_events\nWHERE pallet = 'Balances' AND variant = 'Withdraw'\nORDER BY block_number DESC, event_index DESC\nLIMIT 20",
    },
    Example {
        title: "Miners and their incentive",
        teaches: "State tables hold a row where something changed: argMax takes the newest value.",
        sql: "SELECT netuid, uid, argMax(hotkey, block_number) AS key, argMax(incentive, block_number) / 65535 AS share\nFROM v_neuron_state\nGROUP BY netuid, uid\nORDER BY share DESC\nLIMIT 50",
    },
    Example {
        title: "Are the chain's epochs right?",
        teaches: "Every epoch is recomputed; the verdicts are data as well.",
        sql: "SELECT netuid, count() AS epochs, countIf(verdict = 'verified') AS verified, sum(fields_checked) AS numbers_compared\nFROM v_epoch_verifications\nGROUP BY netuid\nORDER BY netuid",
    },
    Example {
        title: "Time between blocks",
        teaches: "Window functions look at neighbouring rows.",
        sql: "SELECT number, timestamp_ms - lagInFrame(timestamp_ms) OVER (ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS ms\nFROM v_blocks\nWHERE number > 1\nORDER BY number DESC\nLIMIT 200",
    },
];

#[cfg(test)]
mod tests {
    use yumascan_warehouse::Question;

    use super::*;

    #[test]
    fn every_example_may_be_asked() {
        for example in &EXAMPLES {
            Question::new(example.sql).unwrap_or_else(|refusal| panic!("{}: {refusal}", example.title));
        }
    }
}
