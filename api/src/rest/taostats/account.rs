//! Accounts: balances, identities, labels.

use axum::extract::State;
use serde_json::{Map, Value, json};
use yumascan_warehouse::{
    Order,
    query::market::{Moment, identities::IdentityFilter, positions::Position},
    rows::AccountBalanceRow,
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    page::Answer,
    values::{address, digits, network, newest, time},
};
use crate::{ApiError, http::App};

/// What an account has.
struct Holdings {
    free: u64,
    reserved: u64,
    on_root: u128,
    /// `None` where the price of a subnet is not known.
    in_alpha: Option<u128>,
    positions: Vec<Position>,
}

impl Holdings {
    async fn read(app: &App, account: &str, moment: &Moment) -> Result<Option<Self>, ApiError> {
        let warehouse = &app.shared.state.warehouse;
        let balance = warehouse.find_balance(account, moment).await?;
        let positions = warehouse.list_positions(account, moment).await?;
        if balance.is_none() && positions.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self::of(&balance.unwrap_or_default(), positions)))
    }

    fn of(balance: &AccountBalanceRow, positions: Vec<Position>) -> Self {
        let on_root = positions.iter().filter(|of| of.netuid == 0).map(|of| u128::from(of.alpha_rao)).sum();
        let worth = positions.iter().filter(|of| of.netuid != 0).map(|of| of.worth_rao);
        let in_alpha = worth.sum::<Option<u128>>();
        Self { free: balance.free_rao, reserved: balance.reserved_rao, on_root, in_alpha, positions }
    }

    /// All amounts by their names, each with an ending.
    fn write(of: Option<&Self>, ending: &str, out: &mut Map<String, Value>) {
        let staked = of.and_then(|of| Some(of.on_root + of.in_alpha?));
        let total = of.and_then(|of| Some(staked? + u128::from(of.free) + u128::from(of.reserved)));
        let amounts = [
            ("balance_free", digits(of.map(|of| of.free))),
            ("balance_reserved", digits(of.map(|of| of.reserved))),
            ("balance_staked", digits(staked)),
            ("balance_staked_alpha_as_tao", digits(of.and_then(|of| of.in_alpha))),
            ("balance_staked_root", digits(of.map(|of| of.on_root))),
            ("balance_liquidity", Value::Null),
            ("balance_total", digits(total)),
        ];
        out.extend(amounts.into_iter().map(|(name, value)| (format!("{name}{ending}"), value)));
    }

    fn alpha(&self, account: &str) -> Vec<Value> {
        let row = |of: &Position| {
            json!({
                "netuid": of.netuid,
                "hotkey": of.hotkey,
                "coldkey": account,
                "balance": digits(Some(of.alpha_rao)),
                "balance_as_tao": digits(of.worth_rao),
            })
        };
        self.positions.iter().filter(|of| of.netuid != 0).map(row).collect()
    }
}

fn head(account: &str, network: Option<&str>, moment: &Moment) -> Map<String, Value> {
    let values = [
        ("address", address(Some(account))),
        ("network", network.map_or(Value::Null, Value::from)),
        ("block_number", moment.block.into()),
        ("timestamp", time(moment.timestamp_ms)),
        ("rank", Value::Null),
        ("root_claim_type", Value::Null),
        ("created_on_date", Value::Null),
        ("created_on_network", Value::Null),
        ("coldkey_swap", Value::Null),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `GET /api/account/latest/v1`: one account, or all by what they have free.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    asked.order(&["balance_free"], ("balance_free", true))?;
    let place = asked.place_in(Order::Newest)?;
    let (moment, network) = (newest(&app).await?, network(&app).await?);
    let warehouse = &app.shared.state.warehouse;
    if let Some(account) = asked.account("address")? {
        let Some(now) = Holdings::read(&app, &account, &moment).await? else {
            return Ok(place.envelope(Vec::new(), 0));
        };
        let earlier = warehouse.find_earlier_moment(&moment, DAY_MS).await?;
        let then = match &earlier {
            Some(earlier) => Holdings::read(&app, &account, earlier).await?,
            None => None,
        };
        let mut row = head(&account, network.as_deref(), &moment);
        Holdings::write(Some(&now), "", &mut row);
        Holdings::write(then.as_ref(), "_24hr_ago", &mut row);
        row.insert("alpha_balances".into(), now.alpha(&account).into());
        row.insert("alpha_balances_24hr_ago".into(), then.map(|then| then.alpha(&account)).into());
        return Ok(place.envelope_of(vec![Value::Object(row)]));
    }
    let balances = warehouse.slice_balances(&moment, place.slice()).await?;
    let (total, _) = warehouse.count_balances(&moment).await?;
    let mut rows = Vec::with_capacity(balances.len());
    for balance in balances {
        let positions = warehouse.list_positions(&balance.account, &moment).await?;
        let mut row = head(&balance.account, network.as_deref(), &moment);
        Holdings::write(Some(&Holdings::of(&balance, positions)), "", &mut row);
        Holdings::write(None, "_24hr_ago", &mut row);
        row.insert("alpha_balances".into(), Value::Null);
        row.insert("alpha_balances_24hr_ago".into(), Value::Null);
        rows.push(Value::Object(row));
    }
    Ok(place.envelope(rows, total))
}

/// `GET /api/account/history/v1`: an account at the end of every day.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let account = Asked::required("address", asked.account("address")?)?;
    let network = network(&app).await?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut rows = Vec::with_capacity(moments.len());
    for moment in &moments {
        let of = Holdings::read(&app, &account, moment).await?;
        let mut row = head(&account, network.as_deref(), moment);
        Holdings::write(of.as_ref(), "", &mut row);
        rows.push(Value::Object(row));
    }
    Ok(place.envelope(rows, total))
}

/// `GET /api/identity/latest/v1`.
pub(super) async fn identities(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    let filter = IdentityFilter {
        kind: Some("coldkey".to_owned()),
        accounts: asked.account("address")?.into_iter().collect(),
        ..IdentityFilter::default()
    };
    let rows = app.shared.state.warehouse.list_identities(&filter, &moment, 100_000).await?;
    let row = |row: yumascan_warehouse::rows::IdentityRow| {
        json!({
            "address": address(row.account.as_deref()),
            "validator_hotkey": null,
            "name": row.name,
            "url": row.url,
            "github_repo": row.github_repo,
            "image": row.image,
            "discord": row.discord,
            "description": row.description,
            "additional": row.additional,
        })
    };
    Ok(place.envelope_of(rows.into_iter().map(row).collect()))
}

/// `GET /api/pending_coldkey_swap/v1`.
pub(super) async fn pending_swaps(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    let rows = app.shared.state.warehouse.list_pending_swaps(&moment).await?;
    let row = |row: yumascan_warehouse::rows::KeySwapRow| {
        let left = row.execution_block.map(|block| block.saturating_sub(moment.block) * 12_000);
        let predicted = left.zip(moment.timestamp_ms).map(|(left, now)| now.saturating_add(left));
        json!({
            "old_coldkey": address(row.old_key.as_deref()),
            "new_coldkey": address(row.new_key.as_deref()),
            "new_coldkey_hash": row.new_key_hash,
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "execution_block_number": row.execution_block,
            "predicted_execution_timestamp": time(predicted),
        })
    };
    Ok(place.envelope_of(rows.into_iter().map(row).collect()))
}

/// `GET /api/exchange/v1`: accounts that the operator labelled as those of exchanges.
pub(super) async fn exchanges(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let labels = app.shared.state.labels.list();
    let of_exchanges = labels.iter().filter(|label| label.kind == "exchange");
    let rows = of_exchanges.flat_map(|label| label.accounts.iter().map(|account| (account, &label.name)));
    let row = |(account, name): (&String, &String)| json!({ "coldkey": address(Some(account)), "name": name, "icon": null });
    Ok(place.envelope_of(rows.map(row).collect()))
}
