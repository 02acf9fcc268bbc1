//! Canonical JSON as something to read: accounts linked, amounts of TAO where the field is known to be one, long
//! bytes folded, variants as tags. Every view has a budget, so that hostile or huge values stay small on the page.

use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::{text, ui};

/// Values shown in one block of arguments; what is beyond is in the raw JSON.
const NODES: usize = 600;
/// Levels shown.
const LEVELS: usize = 24;
/// Entries of a list shown before it is folded.
const OPEN_ENTRIES: usize = 12;
/// Characters of a text shown.
const TEXT: usize = 400;

/// Whose arguments these are: some fields mean an amount of TAO in one pallet and something else in another.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Pallet.
    pub pallet: &'a str,
    /// Call or event.
    pub item: &'a str,
}

/// Whether a field is an amount of TAO in rao. Only fields that are one in every runtime are listed: subnet tokens
/// (alpha) and prices look the same on the wire.
fn is_rao(names: Names<'_>, field: &str) -> bool {
    match names.pallet {
        "Balances" => {
            matches!(field, "amount" | "value" | "free" | "new_free" | "reserved" | "new_reserved" | "delta")
        }
        "TransactionPayment" => matches!(field, "actual_fee" | "tip"),
        "Crowdloan" => {
            matches!(
                field,
                "amount" | "deposit" | "cap" | "new_cap" | "min_contribution" | "new_min_contribution"
            )
        }
        "Proxy" => matches!(field, "old_deposit" | "new_deposit"),
        "SafeMode" => matches!(field, "amount"),
        "SubtensorModule" => matches!(
            (names.item, field),
            ("add_stake" | "add_stake_limit", "amount_staked")
                | ("ColdkeySwapped" | "ColdkeySwapScheduled", "swap_cost")
                | ("AllBalanceUnstakedAndTransferredToNewColdkey", "total_balance")
                | ("AddStakeBurn", "amount")
        ),
        _ => false,
    }
}

/// Parses canonical JSON; `None` for text that is none (never written by the decoder).
#[must_use]
pub fn parse(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

/// Arguments in full: one line per field, nested.
pub fn full(json: &str, names: Names<'_>) -> AnyView {
    let Some(value) = parse(json) else { return raw(json) };
    if value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty) {
        return view! { <p class="none">"no arguments"</p> }.into_any();
    }
    let mut writer = Writer { names, left: NODES };
    let shown = writer.value(&value, "", 0);
    view! { <div class="args">{shown}{(writer.left == 0).then(|| view! { <p class="none">"Cut here; the raw JSON has the rest."</p> })}</div> }.into_any()
}

/// Arguments on one line, for dense lists; what does not fit is left to the full view.
pub fn inline(json: &str, names: Names<'_>) -> AnyView {
    let Some(value) = parse(json) else { return raw(json) };
    let fields: Vec<(String, Value)> = match value {
        Value::Object(fields) => fields.into_iter().collect(),
        Value::Array(items) => items.into_iter().map(|item| (String::new(), item)).collect(),
        other => vec![(String::new(), other)],
    };
    let more = fields.len().saturating_sub(6);
    let parts = fields
        .iter()
        .take(6)
        .map(|(key, value)| {
            let label = (!key.is_empty()).then(|| view! { <span class="k">{key.clone()}</span> });
            view! { <span class="kv">{label}{brief(value, key, names)}</span> }
        })
        .collect_view();
    view! { <span class="inline">{parts}{(more > 0).then(|| view! { <span class="none">{format!("+{more} more")}</span> })}</span> }.into_any()
}

/// One value on one line.
fn brief(value: &Value, key: &str, names: Names<'_>) -> AnyView {
    match value {
        Value::Object(fields) => match single(fields) {
            _ if known(fields).is_some() => known(fields).into_any(),
            Some((variant, Value::Null)) => view! { <span class="tag">{variant.clone()}</span> }.into_any(),
            Some((variant, inner)) if is_variant(variant) && !inner.is_array() => {
                view! { <span class="tag">{variant.clone()}</span>" "{brief(inner, key, names)} }.into_any()
            }
            _ => view! { <span class="none">{format!("{{{} fields}}", fields.len())}</span> }.into_any(),
        },
        Value::Array(items) if items.is_empty() => {
            view! { <span class="none">"empty list"</span> }.into_any()
        }
        Value::Array(items) => {
            view! { <span class="none">{format!("[{} items]", text::group(items.len() as u128))}</span> }
                .into_any()
        }
        scalar => leaf(scalar, key, names),
    }
}

fn single(fields: &Map<String, Value>) -> Option<(&String, &Value)> {
    let mut entries = fields.iter();
    let entry = entries.next()?;
    entries.next().is_none().then_some(entry)
}

/// Objects that have a name of their own: a module's error, a weight, a dispatch info.
fn known(fields: &Map<String, Value>) -> Option<AnyView> {
    if let (Some(_), Some(_), Some(Value::String(name))) =
        (fields.get("index"), fields.get("error"), fields.get("name"))
    {
        return Some(view! { <span class="badge bad">{name.clone()}</span> }.into_any());
    }
    let units = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    if let (2, Some(time), Some(proof)) = (fields.len(), fields.get("ref_time"), fields.get("proof_size")) {
        let weight =
            format!("{} of time, {} of proof", text::ref_time(units(time)?), text::bytes(units(proof)?));
        return Some(view! { <span class="num">{weight}</span> }.into_any());
    }
    if let (Some(Value::Object(weight)), Some(Value::Object(class))) =
        (fields.get("weight"), fields.get("class"))
    {
        let (class, _) = single(class)?;
        let weight = known(weight)?;
        return Some(view! { {weight}<span class="tag">{class.clone()}</span> }.into_any());
    }
    None
}

fn is_variant(name: &str) -> bool {
    name.chars().next().is_some_and(|first| first.is_ascii_uppercase())
}

/// A scalar.
fn leaf(value: &Value, key: &str, names: Names<'_>) -> AnyView {
    let rao = match value {
        Value::String(digits) => digits.parse::<u128>().ok(),
        Value::Number(number) => number.as_u64().map(u128::from),
        _ => None,
    };
    match (value, rao) {
        (_, Some(rao)) if is_rao(names, key) => ui::tao(rao),
        (Value::String(text), _) => string(text),
        (Value::Number(number), _) => view! { <span class="num">{number.to_string()}</span> }.into_any(),
        (Value::Bool(flag), _) => view! { <span class="word">{flag.to_string()}</span> }.into_any(),
        _ => view! { <span class="none" title="no value">"none"</span> }.into_any(),
    }
}

fn string(text: &str) -> AnyView {
    if text::looks_like_account(text) && text.parse::<yumascan_chain::AccountId>().is_ok() {
        return ui::account(text);
    }
    let is_hex =
        text.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hex && text.len() > 20 {
        return hex(text);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // Integers above 32 bits are strings; grouped they are easier to read, and the raw form keeps them plain.
        let grouped = text.parse::<u128>().map_or_else(|_| text.to_owned(), text::group);
        return view! { <span class="num">{grouped}</span> }.into_any();
    }
    let shown: String = text.chars().take(TEXT).collect();
    let cut = shown.len() < text.len();
    view! { <span class="text">{shown}{cut.then_some("…")}</span> }.into_any()
}

fn hex(text: &str) -> AnyView {
    let bytes = (text.len() - 2) / 2;
    if bytes <= 96 {
        let size =
            (bytes > 32).then(|| view! { " "<span class="none nowrap">{text::bytes(bytes as u64)}</span> });
        return view! { <span class="hex">{ui::middle(text)}</span>{size} }.into_any();
    }
    let shown: String = text.chars().take(40).collect();
    view! { <span class="hex">{shown}"…"</span>" "<span class="none">{text::bytes(bytes as u64)}</span> }
        .into_any()
}

fn raw(json: &str) -> AnyView {
    let shown: String = json.chars().take(TEXT).collect();
    view! { <code class="text">{shown}</code> }.into_any()
}

struct Writer<'a> {
    names: Names<'a>,
    left: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, key: &str, level: usize) -> AnyView {
        if self.left == 0 || level > LEVELS {
            return view! { <span class="none">"…"</span> }.into_any();
        }
        self.left -= 1;
        match value {
            Value::Object(fields) => self.object(fields, key, level),
            Value::Array(items) => self.list(items, key, level),
            scalar => leaf(scalar, key, self.names),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, key: &str, level: usize) -> AnyView {
        if let Some(named) = known(fields) {
            return view! { <span class="kv">{named}</span> }.into_any();
        }
        match single(fields) {
            Some((reference, Value::String(path))) if reference == "$call" => {
                let href = format!("#c-{path}");
                return view! { <a class="ref" href=href>"call "{path.clone()}</a> }.into_any();
            }
            Some((variant, Value::Null)) if is_variant(variant) => {
                return view! { <span class="tag">{variant.clone()}</span> }.into_any();
            }
            Some((variant, inner)) if is_variant(variant) => {
                let inner = self.value(inner, key, level + 1);
                return view! { <span class="variant"><span class="tag">{variant.clone()}</span>" "{inner}</span> }.into_any();
            }
            _ => {}
        }
        let mut rows = Vec::new();
        for (field, value) in fields {
            if self.left == 0 {
                break;
            }
            let shown = self.value(value, field, level + 1);
            rows.push(view! { <div><dt>{field.clone()}</dt><dd>{shown}</dd></div> }.into_any());
        }
        view! { <dl>{rows}</dl> }.into_any()
    }

    fn list(&mut self, items: &[Value], key: &str, level: usize) -> AnyView {
        if items.is_empty() {
            return view! { <span class="none">"empty list"</span> }.into_any();
        }
        let is_call = |item: &Value| {
            item.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key("$call"))
        };
        if items.len() > OPEN_ENTRIES && items.iter().all(is_call) {
            return view! { <span class="none">{format!("{}, drawn below", text::count(items.len() as u128, "call"))}</span> }.into_any();
        }
        let plain = items.iter().all(|item| item.is_number() || item.is_boolean());
        if plain && items.len() > OPEN_ENTRIES {
            return self.numbers(items);
        }
        let mut rows = Vec::new();
        for item in items {
            if self.left == 0 {
                break;
            }
            let shown = self.value(item, key, level + 1);
            rows.push(view! { <li>{shown}</li> }.into_any());
        }
        if items.len() <= OPEN_ENTRIES {
            return view! { <ol start="0">{rows}</ol> }.into_any();
        }
        let count = text::group(items.len() as u128);
        view! { <details class="fold"><summary>{format!("{count} items")}</summary><ol start="0">{rows}</ol></details> }.into_any()
    }

    /// A long vector of numbers (uids, weights): one flowing paragraph.
    fn numbers(&mut self, items: &[Value]) -> AnyView {
        let shown: Vec<String> = items.iter().take(512).map(ToString::to_string).collect();
        let cut = (items.len() > shown.len()).then_some(", …");
        let count = text::group(items.len() as u128);
        view! { <details class="fold"><summary>{format!("{count} numbers")}</summary><p class="numbers">{shown.join(", ")}{cut}</p></details> }.into_any()
    }
}

/// JSON indented for reading, cut at `limit` bytes.
#[must_use]
pub fn pretty(json: &str, limit: usize) -> (String, bool) {
    let mut text = match parse(json) {
        Some(value) if json.len() <= limit => {
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| json.to_owned())
        }
        _ => json.to_owned(),
    };
    if text.len() <= limit {
        return (text, false);
    }
    let end = (0..=limit).rev().find(|position| text.is_char_boundary(*position)).unwrap_or(0);
    text.truncate(end);
    (text, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCES: Names<'_> = Names { pallet: "Balances", item: "transfer_keep_alive" };

    #[test]
    fn amounts_are_tao_only_where_the_field_is_one() {
        assert!(full(r#"{"value":"1500000000"}"#, BALANCES).to_html().contains("1.5"));
        let stake = Names { pallet: "SubtensorModule", item: "remove_stake" };
        let html = full(r#"{"amount_unstaked":"1500000000"}"#, stake).to_html();
        assert!(html.contains("1,500,000,000") && !html.contains("TAO"), "alpha is not TAO: {html}");
    }

    #[test]
    fn accounts_are_linked_and_lookalikes_are_not() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert!(
            full(&format!(r#"{{"dest":{{"Id":"{alice}"}}}}"#), BALANCES)
                .to_html()
                .contains(&format!("/account/{alice}"))
        );
        let lookalike = alice.replace("utQY", "utQX");
        assert!(!full(&format!(r#"{{"dest":"{lookalike}"}}"#), BALANCES).to_html().contains("/account/"));
    }

    #[test]
    fn hostile_values_are_escaped_and_bounded() {
        let html = full(r#"{"<b>":"<script>alert(1)</script>"}"#, BALANCES).to_html();
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        let many = format!("[{}]", vec![r#"{"a":"b"}"#; 50_000].join(","));
        assert!(full(&many, BALANCES).to_html().len() < 200_000);
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(full(&deep, BALANCES).to_html().contains('…'));
        let too_deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(full(&too_deep, BALANCES).to_html().len() < 2_000);
    }

    #[test]
    fn raw_json_is_cut_on_a_character() {
        let (text, cut) = pretty(&format!("\"{}\"", "é".repeat(1_000)), 101);
        assert!(cut && text.len() <= 101);
        assert_eq!(pretty(r#"{"a":1}"#, 100), ("{\n  \"a\": 1\n}".to_owned(), false));
    }
}
