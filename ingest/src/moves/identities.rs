//! Identities of accounts and subnets, of all generations.

use serde_json::Value;
use yumascan_warehouse::rows::{IdentityRow, MoveRows};

use super::{
    MovesOf,
    events::{Event, Log},
    read::{Key, Moment, Reader, SUBTENSOR, account_key},
};

/// Where identities of accounts are, the newest first.
const OF_ACCOUNTS: [&str; 2] = ["IdentitiesV2", "Identities"];
/// Where identities of subnets are, the newest first.
const OF_SUBNETS: [&str; 3] = ["SubnetIdentitiesV3", "SubnetIdentitiesV2", "SubnetIdentities"];

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    for event in &log.events {
        let Some(row) = read_event(event, reader) else { continue };
        rows.identities.push(IdentityRow {
            block_number: block.number,
            event_index: event.index,
            extrinsic_index: event.extrinsic,
            timestamp_ms: block.timestamp_ms,
            ..row
        });
    }
}

fn read_event(event: &Event<'_>, reader: &Reader<'_>) -> Option<IdentityRow> {
    let args = &event.args;
    match (event.pallet, event.name) {
        (SUBTENSOR, "ChainIdentitySet") => {
            Some(of_account("set", args.account("coldkey", 0).or_else(|| args.account("who", 0))?, reader))
        }
        // an identity goes with its coldkey, without an event of its own
        (SUBTENSOR, "ColdkeySwapped") => {
            let row = of_account("moved", args.account("new_coldkey", 1)?, reader);
            row.value.is_some().then_some(row)
        }
        (SUBTENSOR, "SubnetIdentitySet") => {
            let netuid = args.u16("netuid", 0)?;
            Some(of_subnet(netuid, reader))
        }
        (SUBTENSOR, "SubnetIdentityRemoved") => Some(IdentityRow {
            kind: "subnet".to_owned(),
            action: "removed".to_owned(),
            netuid: args.u16("netuid", 0),
            ..IdentityRow::default()
        }),
        (SUBTENSOR, "SymbolUpdated") => Some(IdentityRow {
            kind: "subnet_symbol".to_owned(),
            action: "set".to_owned(),
            netuid: args.u16("netuid", 0),
            name: args.get("symbol", 1).and_then(text),
            value: args.get("symbol", 1).map(Value::to_string),
            ..IdentityRow::default()
        }),
        ("Registry", "IdentitySet") => {
            let who = args.account("who", 0)?;
            let value = account_key(&who)
                .and_then(|key| reader.value(Moment::After, "Registry", "IdentityOf", &[key]));
            Some(IdentityRow {
                kind: "registry".to_owned(),
                action: "set".to_owned(),
                account: Some(who),
                ..described(value)
            })
        }
        ("Registry", "IdentityDissolved") => Some(IdentityRow {
            kind: "registry".to_owned(),
            action: "removed".to_owned(),
            account: args.account("who", 0),
            ..IdentityRow::default()
        }),
        _ => None,
    }
}

fn of_account(action: &str, account: String, reader: &Reader<'_>) -> IdentityRow {
    let item = OF_ACCOUNTS.into_iter().find(|item| reader.has(Moment::After, SUBTENSOR, item));
    let key = account_key(&account);
    let value = item.zip(key).and_then(|(item, key)| reader.value(Moment::After, SUBTENSOR, item, &[key]));
    IdentityRow {
        kind: "coldkey".to_owned(),
        action: action.to_owned(),
        account: Some(account),
        ..described(value)
    }
}

fn of_subnet(netuid: u16, reader: &Reader<'_>) -> IdentityRow {
    let item = OF_SUBNETS.into_iter().find(|item| reader.has(Moment::After, SUBTENSOR, item));
    let value = item.and_then(|item| reader.value(Moment::After, SUBTENSOR, item, &[Key::U16(netuid)]));
    IdentityRow {
        kind: "subnet".to_owned(),
        action: "set".to_owned(),
        netuid: Some(netuid),
        ..described(value)
    }
}

/// What an identity says, whatever its generation calls it.
fn described(value: Option<Value>) -> IdentityRow {
    let Some(value) = value else { return IdentityRow::default() };
    let info = value.get("info").unwrap_or(&value);
    let field = |names: &[&str]| names.iter().find_map(|name| info.get(name).and_then(text));
    IdentityRow {
        name: field(&["name", "subnet_name", "display"]),
        url: field(&["url", "subnet_url", "web"]),
        github_repo: field(&["github_repo"]),
        image: field(&["image", "logo_url"]),
        discord: field(&["discord"]),
        contact: field(&["subnet_contact", "email"]),
        description: field(&["description"]),
        additional: field(&["additional"]),
        value: Some(value.to_string()),
        ..IdentityRow::default()
    }
}

/// Bytes as text, with U+FFFD for what is none; the bytes of an enum such as `{"Raw5": "0x…"}` too.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => match text.strip_prefix("0x").map(const_hex::decode) {
            Some(Ok(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => Some(text.clone()),
        },
        Value::Object(fields) if fields.len() == 1 => fields.values().next().and_then(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generation_of_identities_is_described() {
        let newest = described(
            serde_json::from_str(r#"{"subnet_name":"0x616c706861","logo_url":"0x","subnet_contact":"0x63"}"#)
                .ok(),
        );
        assert_eq!(newest.name.as_deref(), Some("alpha"));
        assert_eq!((newest.image.as_deref(), newest.discord), (Some(""), None));
        assert_eq!(newest.contact.as_deref(), Some("c"));
        let registry =
            r#"{"deposit":"1","info":{"display":{"Raw2":"0x6869"},"web":{"None":null},"additional":[]}}"#;
        let registry = described(serde_json::from_str(registry).ok());
        assert_eq!((registry.name.as_deref(), registry.url), (Some("hi"), None));
        let broken = described(serde_json::from_str(r#"{"name":"0xff"}"#).ok());
        assert_eq!(broken.name.as_deref(), Some("\u{fffd}"));
        assert_eq!(described(None), IdentityRow::default());
    }
}
