//! Ethereum transactions and the logs of contracts.

use std::collections::HashMap;

use serde_json::Value;
use yumascan_chain::{AccountId, Hash};
use yumascan_warehouse::rows::{EvmLogRow, EvmTransactionRow, MoveRows};

use super::{
    MovesOf,
    args::{Args, integer, variant},
    events::{Event, Log},
    read::{Moment, Reader},
};

const ETHEREUM: &str = "Ethereum";

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    let executed: Vec<&Event<'_>> =
        log.events.iter().filter(|event| event.pallet == ETHEREUM && event.name == "Executed").collect();
    let mut of_extrinsic: HashMap<Option<u32>, (u32, String)> = HashMap::new();
    if !executed.is_empty() {
        let outcomes = Outcomes::read(reader);
        for (position, event) in (0_u32..).zip(executed) {
            let Some(row) = transaction(block, log, event, position, &outcomes) else { continue };
            of_extrinsic.insert(event.extrinsic, (position, row.hash.clone()));
            rows.evm_transactions.push(row);
        }
    }
    for event in log.events.iter().filter(|event| event.pallet == "EVM" && event.name == "Log") {
        let transaction = of_extrinsic.get(&event.extrinsic).filter(|_| event.extrinsic.is_some());
        rows.evm_logs.extend(contract_log(block, event, transaction));
    }
}

/// What the pallet keeps of the block's transactions.
struct Outcomes {
    receipts: Vec<Value>,
    statuses: Vec<Value>,
}

impl Outcomes {
    fn read(reader: &Reader<'_>) -> Self {
        let list = |item| match reader.value(Moment::After, ETHEREUM, item, &[]) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        Self { receipts: list("CurrentReceipts"), statuses: list("CurrentTransactionStatuses") }
    }

    fn position(&self, hash: &str) -> Option<usize> {
        self.statuses
            .iter()
            .position(|status| status.get("transaction_hash").and_then(Value::as_str) == Some(hash))
    }

    /// Gas used by the block up to and with a transaction.
    fn gas_until(&self, position: usize) -> Option<u64> {
        let (_, receipt) = self.receipts.get(position)?.as_object()?.iter().next()?;
        integer(receipt.get("used_gas")?)
    }

    fn gas_used(&self, hash: &str) -> Option<u64> {
        let position = self.position(hash)?;
        let before = match position.checked_sub(1) {
            Some(previous) => self.gas_until(previous)?,
            None => 0,
        };
        self.gas_until(position)?.checked_sub(before)
    }

    fn status(&self, hash: &str, field: &str) -> Option<&Value> {
        self.statuses.get(self.position(hash)?)?.get(field)
    }
}

fn transaction(
    block: &MovesOf,
    log: &Log<'_>,
    event: &Event<'_>,
    position: u32,
    outcomes: &Outcomes,
) -> Option<EvmTransactionRow> {
    let args = &event.args;
    let hash = args.text("transaction_hash", 2)?;
    let from_address = args.text("from", 0)?;
    let exit_reason = args.get("exit_reason", 3)?;
    let call = log.calls(event.extrinsic, &["transact"]).into_iter().next();
    let sent = call.as_ref().and_then(|call| call.args.named("transaction"));
    let kind = sent.and_then(variant);
    let sent = kind.and_then(|kind| sent?.get(kind));
    let field = |name: &str| sent.and_then(|sent| sent.get(name));
    let digits = |name: &str| field(name).and_then(wei);
    let creates = sent.and_then(action).is_some_and(|action| action == Action::Create);
    let status = |name: &str| outcomes.status(&hash, name).and_then(Value::as_str).map(str::to_owned);
    let to = args.text("to", 1);
    Some(EvmTransactionRow {
        block_number: block.number,
        transaction_index: position,
        event_index: event.index,
        extrinsic_index: event.extrinsic,
        timestamp_ms: block.timestamp_ms,
        kind: kind.map(str::to_ascii_lowercase),
        from_account: account_of(&from_address).map(|account| account.to_ss58()).unwrap_or_default(),
        from_address,
        // of a creation the event names the new contract
        contract_address: status("contract_address").or_else(|| to.clone().filter(|_| creates)),
        to_address: to.filter(|_| !creates),
        nonce: field("nonce").and_then(integer),
        value_wei: digits("value"),
        gas_limit: field("gas_limit").and_then(integer),
        gas_used: outcomes.gas_used(&hash),
        gas_price_wei: digits("gas_price").or_else(|| digits("max_fee_per_gas")),
        priority_fee_wei: digits("max_priority_fee_per_gas"),
        success: variant(exit_reason).map(|reason| reason == "Succeed"),
        exit_reason: exit_reason.to_string(),
        input: field("input").or_else(|| field("data")).and_then(Value::as_str).map(str::to_owned),
        log_count: outcomes
            .status(&hash, "logs")
            .and_then(Value::as_array)
            .and_then(|logs| u32::try_from(logs.len()).ok()),
        hash,
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Action {
    Call,
    Create,
}

/// Field `action`, or `destination` as later transaction types have it.
fn action(sent: &Value) -> Option<Action> {
    let action = sent.get("action").or_else(|| sent.get("destination"))?;
    match variant(action)? {
        "Create" => Some(Action::Create),
        _ => Some(Action::Call),
    }
}

/// Decimal digits of an integer of any width.
fn wei(value: &Value) -> Option<String> {
    match value {
        Value::String(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.clone())
        }
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    }
}

/// The account that an address acts as on the Substrate side: the hash of `evm:` and its bytes.
fn account_of(address: &str) -> Option<AccountId> {
    let bytes = const_hex::decode(address).ok().filter(|bytes| bytes.len() == 20)?;
    Some(AccountId(Hash::blake2_256(&[b"evm:", bytes.as_slice()].concat()).0))
}

fn contract_log(
    block: &MovesOf,
    event: &Event<'_>,
    transaction: Option<&(u32, String)>,
) -> Option<EvmLogRow> {
    let log = event.args.get("log", 0)?;
    let log = Args::of(log.clone());
    let topics = log.get("topics", 1)?.as_array()?;
    Some(EvmLogRow {
        block_number: block.number,
        event_index: event.index,
        extrinsic_index: event.extrinsic,
        timestamp_ms: block.timestamp_ms,
        transaction_index: transaction.map(|(position, _)| *position),
        transaction_hash: transaction.map(|(_, hash)| hash.clone()),
        address: log.text("address", 0)?,
        topics: topics.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        data: log.text("data", 2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_acts_as_the_hash_of_its_prefixed_bytes() {
        let account = account_of("0x3e20ab25eb721dd4b691516238df14f0f5d3f7a3").unwrap();
        let bytes = const_hex::decode("65766d3a3e20ab25eb721dd4b691516238df14f0f5d3f7a3").unwrap();
        assert_eq!(account.0, Hash::blake2_256(&bytes).0);
        assert_eq!(account_of("0x00"), None);
    }

    #[test]
    fn gas_is_what_a_transaction_adds_to_the_block() {
        let receipts = r#"[{"Legacy":{"used_gas":"21000"}},{"EIP1559":{"used_gas":"71000"}}]"#;
        let statuses = r#"[{"transaction_hash":"0xa"},{"transaction_hash":"0xb"}]"#;
        let outcomes = Outcomes {
            receipts: serde_json::from_str(receipts).unwrap(),
            statuses: serde_json::from_str(statuses).unwrap(),
        };
        let used = ["0xa", "0xb", "0xc"].map(|hash| outcomes.gas_used(hash));
        assert_eq!(used, [Some(21_000), Some(50_000), None]);
    }
}
