//! Validators: what they weigh, earn and do.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_protocol::fixed::U64F64;
use yumascan_warehouse::query::market::{
    Moment,
    validators::{Validator, ValidatorSeat},
    yields::{Paid, StakeYield, WINDOWS},
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    page::{Answer, Place},
    values::{address, digits, merged, names, newest, percent, share, time},
};
use crate::{ApiError, graphql::Decimal, http::App};

/// All validators at a moment, and what a day paid them.
struct Board {
    validators: Vec<Validator>,
    takes: BTreeMap<String, u16>,
    paid: BTreeMap<String, BTreeMap<u16, Paid>>,
    tao_weight: Option<u64>,
}

impl Board {
    async fn read(app: &App, moment: Moment) -> Result<Self, ApiError> {
        let warehouse = &app.shared.state.warehouse;
        Ok(Self {
            validators: warehouse.list_validators(&moment).await?,
            takes: warehouse.list_current_takes(&moment).await?,
            paid: warehouse.list_paid(&moment, DAY_MS).await?.by_hotkey,
            tao_weight: warehouse.find_network(&moment).await?.and_then(|network| network.tao_weight),
        })
    }

    /// Root stake by the chain's weight of TAO.
    fn weighted(&self, root_rao: Option<u64>) -> Option<u64> {
        let weight = U64F64::from_u64_share(self.tao_weight?);
        Some(U64F64::from_u64(root_rao?).saturating_mul(weight).to_u64())
    }

    /// What a day paid to those who stake to a hotkey, rao; on one subnet or on all.
    fn to_stakers(&self, hotkey: &str, netuid: Option<u16>) -> Option<u128> {
        let worth = |paid: &Paid| Some(paid.alpha_worth_rao.unwrap_or(0) + paid.root_worth_rao.unwrap_or(0));
        let of = self.paid.get(hotkey)?;
        match netuid {
            Some(netuid) => of.get(&netuid).and_then(worth),
            None => of.values().map(worth).sum(),
        }
    }

    /// What its take was of that, rao.
    fn to_validator(&self, hotkey: &str, netuid: Option<u16>) -> Option<u128> {
        let (paid, take) = (self.to_stakers(hotkey, netuid)?, u128::from(*self.takes.get(hotkey)?));
        (paid * take).checked_div(u128::from(u16::MAX) - take)
    }

    /// Places by a measure, from 1.
    fn ranks(&self, measure: impl Fn(&Validator) -> u128) -> BTreeMap<&str, usize> {
        let mut order: Vec<&Validator> = self.validators.iter().collect();
        order.sort_by_key(|of| std::cmp::Reverse(measure(of)));
        order.into_iter().enumerate().map(|(at, of)| (of.hotkey.as_str(), at + 1)).collect()
    }
}

/// Two digits after the point.
fn dominance(ppm: Option<u64>) -> Value {
    digits(ppm.map(|ppm| format!("{}.{:02}", ppm / 10_000, ppm % 10_000 / 100)))
}

/// The difference of two amounts.
fn difference(now: Option<u128>, then: Option<u128>) -> Value {
    let signed = |of: u128| i128::try_from(of).unwrap_or(i128::MAX);
    digits(now.zip(then).map(|(now, then)| signed(now) - signed(then)))
}

async fn rows(app: &App, asked: &Asked, moment: Moment, place: Place) -> Result<(Vec<Value>, u64), ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let board = Board::read(app, moment).await?;
    let earlier = match warehouse.find_earlier_moment(&moment, DAY_MS).await? {
        Some(earlier) => warehouse.list_validators(&earlier).await?,
        None => Vec::new(),
    };
    let earlier: BTreeMap<&str, &Validator> = earlier.iter().map(|of| (of.hotkey.as_str(), of)).collect();
    let ranks = board.ranks(|of| of.weight_rao);
    let root_ranks = board.ranks(|of| of.root_stake_rao.unwrap_or(0).into());
    let alpha_ranks = board.ranks(|of| of.alpha_worth_rao);
    let hotkey = asked.account("hotkey")?;
    let wanted = board.validators.iter().filter(|of| hotkey.as_ref().is_none_or(|key| *key == of.hotkey));
    let (wanted, total) = place.cut(wanted.collect());
    let names = names(app, wanted.iter().map(|of| of.hotkey.clone()), &moment).await?;
    let system: u128 = board.validators.iter().map(|of| of.weight_rao).sum();
    let mut written = Vec::with_capacity(wanted.len());
    for of in wanted {
        let key = of.hotkey.as_str();
        let then = earlier.get(key);
        let nominators: u64 = warehouse.count_nominators(key, &moment).await?.get(&0).copied().unwrap_or(0);
        let dominance_then = then.and_then(|then| then.dominance_ppm);
        let dominance_change =
            of.dominance_ppm.zip(dominance_then).map(|(now, then)| now as i64 - then as i64);
        let netuids: Vec<u16> = of.seats.iter().map(|seat| seat.neuron.netuid).collect();
        let take = board.takes.get(key).copied();
        let (nominator_return, validator_return) =
            (board.to_stakers(key, None), board.to_validator(key, None));
        let stake = of.root_stake_rao.map(u128::from);
        let row = json!({
            "hotkey": address(Some(key)),
            "coldkey": address(of.coldkey.as_deref()),
            "name": names.get(key),
            "block_number": moment.block,
            "timestamp": time(moment.timestamp_ms),
            "created_on_date": null,
            "rank": ranks.get(key),
            "root_rank": root_ranks.get(key),
            "alpha_rank": alpha_ranks.get(key),
            "active_subnets": of.seats.len(),
            "global_nominators": null,
            "global_nominators_24_hr_change": null,
            "take": share(take),
            "global_weighted_stake": digits(Some(of.weight_rao)),
            "global_weighted_stake_24_hr_change": difference(Some(of.weight_rao), then.map(|then| then.weight_rao)),
            "global_alpha_stake_as_tao": digits(Some(of.alpha_worth_rao)),
            "root_stake": digits(of.root_stake_rao),
            "weighted_root_stake": digits(board.weighted(of.root_stake_rao)),
            "dominance": dominance(of.dominance_ppm),
            "dominance_24_hr_change": percent(dominance_change),
            "nominator_return_per_day": digits(nominator_return),
            "validator_return_per_day": digits(validator_return),
        });
        let older = json!({
            "nominators": nominators,
            "nominators_24_hr_change": null,
            "system_stake": digits(Some(system)),
            "stake": digits(stake),
            "stake_24_hr_change": difference(stake, then.and_then(|then| then.root_stake_rao).map(u128::from)),
            "validator_stake": null,
            "total_daily_return": digits(nominator_return.zip(validator_return).map(|(a, b)| a + b)),
            "validator_return": digits(validator_return),
            "nominator_return_per_k": null,
            "apr": null,
            "nominator_return_per_k_7_day_average": null,
            "nominator_return_per_k_30_day_average": null,
            "apr_7_day_average": null,
            "apr_30_day_average": null,
            "pending_emission": null,
            "blocks_until_next_reward": null,
            "last_reward_block": null,
            "registrations": netuids,
            "permits": netuids,
            "subnet_dominance": of.seats.iter().map(|seat| seat_dominance(&board, seat)).collect::<Vec<_>>(),
        });
        written.push(merged(row, older));
    }
    Ok((written, total))
}

/// Stake weight of a seat: its alpha and its weighted root stake.
fn weight(board: &Board, seat: &ValidatorSeat) -> Option<u64> {
    board.weighted(seat.neuron.root_stake_rao)?.checked_add(seat.neuron.alpha_stake_rao?)
}

/// The seat's part of the stake weight of all validators of the subnet, parts per million.
fn seat_ppm(board: &Board, seat: &ValidatorSeat) -> Option<u64> {
    let netuid = seat.neuron.netuid;
    let seats =
        board.validators.iter().flat_map(|of| &of.seats).filter(|other| other.neuron.netuid == netuid);
    let all: u128 = seats.filter_map(|other| weight(board, other)).map(u128::from).sum();
    u64::try_from((u128::from(weight(board, seat)?) * 1_000_000).checked_div(all)?).ok()
}

fn seat_dominance(board: &Board, seat: &ValidatorSeat) -> Value {
    json!({
        "netuid": seat.neuron.netuid,
        "dominance": dominance(seat_ppm(board, seat)),
        "family_stake": digits(weight(board, seat)),
    })
}

/// `GET /api/dtao/validator/latest/v1` and `/api/validator/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    asked.order(&["rank", "global_weighted_stake", "stake"], ("rank", false))?;
    let place = asked.place_in(yumascan_warehouse::Order::Newest)?;
    let moment = newest(&app).await?;
    let (rows, total) = rows(&app, &asked, moment, place).await?;
    Ok(place.envelope(rows, total))
}

/// `GET /api/dtao/validator/history/v1` and `/api/validator/history/v1`: a validator at the end of every day.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    Asked::required("hotkey", asked.account("hotkey")?)?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let whole = Place { page: 1, limit: 1, ..place };
    let mut written = Vec::with_capacity(moments.len());
    for moment in moments {
        written.extend(rows(&app, &asked, moment, whole).await?.0);
    }
    Ok(place.envelope(written, total))
}

/// What a validator is on each of its subnets.
async fn seats(app: &App, asked: &Asked, moment: Moment) -> Result<Vec<Value>, ApiError> {
    let hotkey = Asked::required("hotkey", asked.account("hotkey")?)?;
    let netuid = asked.value::<u16>("netuid")?;
    let warehouse = &app.shared.state.warehouse;
    let board = Board::read(app, moment).await?;
    let Some(of) = board.validators.iter().find(|of| of.hotkey == hotkey) else { return Ok(Vec::new()) };
    let nominators = warehouse.count_nominators(&hotkey, &moment).await?;
    let subnets = warehouse.list_subnets(&moment).await?;
    let tempos: BTreeMap<u16, Option<u16>> = subnets.iter().map(|row| (row.netuid, row.tempo)).collect();
    let takes: BTreeMap<(String, u16), u16> = warehouse
        .list_childkey_takes(&moment)
        .await?
        .into_iter()
        .map(|(key, netuid, take)| ((key, netuid), take))
        .collect();
    let family = warehouse.find_family(&hotkey, &moment).await?;
    let name = names(app, std::iter::once(hotkey.clone()), &moment).await?.remove(&hotkey);
    let row = |seat: &ValidatorSeat| {
        let neuron = &seat.neuron;
        let on_subnet = |other: &&ValidatorSeat| other.neuron.netuid == neuron.netuid;
        let heavier = board.validators.iter().flat_map(|of| &of.seats).filter(on_subnet);
        let position = 1 + heavier.filter(|other| weight(&board, other) > weight(&board, seat)).count();
        let is_alone = family.parents.iter().chain(&family.children).all(|kin| kin.netuid != neuron.netuid);
        let root_weight = board.weighted(neuron.root_stake_rao);
        let own = |amount: Option<u64>| digits(amount.filter(|_| is_alone));
        json!({
            "name": name,
            "hotkey": address(Some(&hotkey)),
            "coldkey": address(of.coldkey.as_deref()),
            "block_number": neuron.block_number,
            "timestamp": time(neuron.timestamp_ms),
            "netuid": neuron.netuid,
            "uid": neuron.uid,
            "position": position,
            "last_updated": neuron.last_update,
            "nominators": nominators.get(&neuron.netuid).copied().unwrap_or(0),
            "vtrust": share(neuron.validator_trust),
            "validator_type": null,
            "take": share(board.takes.get(&hotkey).copied()),
            "childkey_take": share(takes.get(&(hotkey.clone(), neuron.netuid)).copied()),
            "proportion": null,
            "subnet_weight": digits(weight(&board, seat)),
            "root_weight": digits(root_weight),
            "alpha": digits(neuron.alpha_stake_rao),
            "family_subnet_weight": own(weight(&board, seat)),
            "family_root_weight": own(root_weight),
            "family_alpha": own(neuron.alpha_stake_rao),
            "dominance": dominance(seat_ppm(&board, seat)),
            "dividends": share(neuron.dividends),
            "nominator_return_per_day": digits(board.to_stakers(&hotkey, Some(neuron.netuid))),
            "validator_return_per_day": digits(board.to_validator(&hotkey, Some(neuron.netuid))),
            "emission": digits(neuron.emission_rao),
            "blocks_since_weights_set": seat.blocks_since_update,
            "update_status": null,
            "tempo": tempos.get(&neuron.netuid).copied().flatten(),
        })
    };
    let wanted = of.seats.iter().filter(|seat| netuid.is_none_or(|netuid| netuid == seat.neuron.netuid));
    Ok(wanted.map(row).collect())
}

/// `GET /api/dtao/validator/performance/latest/v1` and `/api/validator/performance/v1`.
pub(super) async fn performance(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let moment = newest(&app).await?;
    Ok(place.envelope_of(seats(&app, &asked, moment).await?))
}

/// `GET /api/dtao/validator/performance/history/v1`: at the end of every day.
pub(super) async fn performances(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    Asked::required("hotkey", asked.account("hotkey")?)?;
    let (moments, total) = moments(&app, &asked, place, Some(DAY_MS)).await?;
    let mut written = Vec::new();
    for moment in moments {
        written.extend(seats(&app, &asked, moment).await?);
    }
    Ok(place.envelope(written, total))
}

/// `GET /api/dtao/validator/yield/latest/v1`.
pub(super) async fn yields(State(app): State<App>, asked: Asked) -> Answer {
    let fields = ["stake", "one_hour_apy", "one_day_apy", "seven_day_apy", "thirty_day_apy"];
    let (field, descends) = asked.order(&fields, ("stake", true))?;
    let place = asked.place_in(yumascan_warehouse::Order::Newest)?;
    let (hotkey, netuid) = (asked.account("hotkey")?, asked.value::<u16>("netuid")?);
    if hotkey.is_none() && netuid.is_none() {
        Asked::required("hotkey or netuid", None::<u16>)?;
    }
    let least = asked.value::<u64>("min_stake")?.unwrap_or(0);
    let moment = newest(&app).await?;
    let warehouse = &app.shared.state.warehouse;
    let mut by_key: BTreeMap<(u16, String), [Option<StakeYield>; 4]> = BTreeMap::new();
    for (at, (_, length)) in WINDOWS.iter().enumerate() {
        let found = match (&hotkey, netuid) {
            (Some(hotkey), _) => warehouse.list_hotkey_yields(hotkey, &moment, *length).await?,
            (None, netuid) => warehouse.list_subnet_yields(netuid.unwrap_or(0), &moment, *length).await?,
        };
        for of in found {
            let Some(key) = of.hotkey.clone() else { continue };
            let place = by_key.entry((of.netuid, key)).or_default();
            place[at] = Some(of);
        }
    }
    by_key.retain(|(of, _), windows| {
        netuid.is_none_or(|netuid| netuid == *of) && stake(windows).unwrap_or(0) >= least
    });
    let names = names(&app, by_key.keys().map(|(_, key)| key.clone()), &moment).await?;
    let mut rows: Vec<_> = by_key.into_iter().collect();
    rows.sort_by_key(|(_, windows)| match fields.iter().position(|name| *name == field) {
        Some(at @ 1..) => apy(&windows[at - 1]).map(U64F64::to_bits),
        _ => stake(windows).map(u128::from),
    });
    if descends {
        rows.reverse();
    }
    let row = |((netuid, key), windows): &((u16, String), [Option<StakeYield>; 4])| {
        let rate = |at: usize| digits(apy(&windows[at]).map(|rate| Decimal::rate(rate).0));
        let participation = |at: usize| {
            let of = windows[at].as_ref().filter(|of| of.alpha.epochs > 0);
            digits(of.map(|of| {
                Decimal::rate(U64F64::ratio(of.alpha.epochs_used.into(), of.alpha.epochs.into())).0
            }))
        };
        json!({
            "hotkey": address(Some(key)),
            "name": names.get(key),
            "netuid": netuid,
            "block_number": moment.block,
            "timestamp": time(moment.timestamp_ms),
            "stake": digits(stake(windows)),
            "one_hour_apy": rate(0),
            "one_day_apy": rate(1),
            "seven_day_apy": rate(2),
            "thirty_day_apy": rate(3),
            "one_day_epoch_participation": participation(1),
            "seven_day_epoch_participation": participation(2),
            "thirty_day_epoch_participation": participation(3),
        })
    };
    Ok(place.envelope_of(rows.iter().map(row).collect()))
}

fn apy(of: &Option<StakeYield>) -> Option<U64F64> {
    of.as_ref()?.alpha.apy
}

fn stake(windows: &[Option<StakeYield>; 4]) -> Option<u64> {
    windows.iter().flatten().find_map(|of| of.stake_rao)
}

/// `GET /api/dtao/validator/available/v1`: hotkeys with a permit on a subnet.
pub(super) async fn available(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let netuid = asked.value::<u16>("netuid")?;
    let moment = newest(&app).await?;
    let validators = app.shared.state.warehouse.list_validators(&moment).await?;
    let names = names(&app, validators.iter().map(|of| of.hotkey.clone()), &moment).await?;
    let seats = validators.iter().flat_map(|of| of.seats.iter().map(move |seat| (of, seat)));
    let row = |(of, seat): (&Validator, &ValidatorSeat)| {
        json!({
            "address": address(Some(&of.hotkey)),
            "name": names.get(&of.hotkey),
            "netuid": seat.neuron.netuid,
            "hotkey_alpha": digits(seat.neuron.alpha_stake_rao),
        })
    };
    let wanted = seats.filter(|(_, seat)| netuid.is_none_or(|netuid| netuid == seat.neuron.netuid));
    Ok(place.envelope_of(wanted.map(row).collect()))
}
