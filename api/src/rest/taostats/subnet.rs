//! Subnets with their hyperparameters.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use serde_json::{Value, json};
use yumascan_warehouse::{
    Order,
    query::market::{Moment, identities::IdentityFilter, registrations::RegistrationFilter},
    rows::{HyperparameterRow, NeuronStateRow, SubnetStateRow},
};

use super::{
    asked::Asked,
    history::{DAY_MS, moments},
    page::Answer,
    values::{address, digits, merged, newest, time, times},
};
use crate::{ApiError, http::App};

/// Hyperparameters of a subnet by storage item: canonical JSON.
type Parameters = HashMap<String, String>;

fn parameters_of(rows: Vec<HyperparameterRow>) -> BTreeMap<u16, Parameters> {
    let mut by_subnet: BTreeMap<u16, Parameters> = BTreeMap::new();
    for row in rows {
        if let Some(value) = row.new_value {
            by_subnet.entry(row.netuid).or_default().insert(row.name, value);
        }
    }
    by_subnet
}

/// What a subnet's row is made of.
struct Subnet<'s> {
    row: &'s SubnetStateRow,
    neurons: &'s [NeuronStateRow],
    parameters: &'s Parameters,
    cost: Option<u64>,
    registered: Option<Value>,
    recycled_24_hours: Option<i128>,
    at: u64,
}

impl Subnet<'_> {
    /// A parameter as a number or flag.
    fn plain(&self, item: &str) -> Value {
        let parsed = self.parameters.get(item).and_then(|json| serde_json::from_str(json).ok());
        match parsed {
            Some(Value::String(text)) => text.parse::<u64>().map_or(Value::Null, Value::from),
            Some(value) => value,
            None => Value::Null,
        }
    }

    /// A parameter as digits.
    fn digits(&self, item: &str) -> Value {
        digits(self.parameters.get(item).map(|json| json.trim_matches('"')))
    }

    fn count(&self, is_counted: impl Fn(&NeuronStateRow) -> bool) -> usize {
        self.neurons.iter().filter(|neuron| is_counted(neuron)).count()
    }

    fn value(&self) -> Value {
        merged(merged(self.state(), self.schedule()), self.rules())
    }

    /// What it is and has.
    fn state(&self) -> Value {
        let row = self.row;
        let mines = |neuron: &NeuronStateRow| neuron.incentive.is_some_and(|part| part > 0);
        let validates = |neuron: &NeuronStateRow| neuron.dividends.is_some_and(|part| part > 0);
        json!({
            "block_number": row.block_number,
            "timestamp": time(row.timestamp_ms),
            "netuid": row.netuid,
            "owner": address(row.owner.as_deref()),
            "owner_hotkey": address(row.owner_hotkey.as_deref()),
            "registration_block_number": row.registered_at,
            "registration_timestamp": self.registered,
            "registration_cost": digits(self.cost.or(row.locked_rao)),
            "neuron_registration_cost": digits(row.burn_rao),
            "active_keys": row.neuron_count,
            "validators": self.count(|neuron| neuron.validator_permit == Some(true)),
            "active_validators": self.count(validates),
            "active_miners": self.count(mines),
            "active_dual": self.count(|neuron| mines(neuron) && validates(neuron)),
            "emission": digits(row.alpha_out_emission_rao),
            "difficulty": digits(row.difficulty),
            "recycled_lifetime": digits(row.recycled_rao),
            "recycled_24_hours": digits(self.recycled_24_hours),
            "recycled_since_registration": digits(row.recycled_rao),
            "mech_count": row.mechanism_count,
            "tao_flow": digits(row.tao_flow_rao),
            "excess_tao": digits(row.excess_tao_rao),
            "registration_allowed": row.registration_allowed,
            "subtoken_enabled": row.subtoken_enabled,
            "fee_rate": row.fee_rate,
        })
    }

    /// When what happens.
    fn schedule(&self) -> Value {
        let row = self.row;
        let tempo = row.tempo.map(u64::from);
        let since = row.blocks_since_last_step.or_else(|| self.at.checked_sub(row.last_step_block?));
        let interval = self.plain("AdjustmentInterval").as_u64();
        let adjusted = self.plain("LastAdjustmentBlock").as_u64();
        let next = interval.zip(adjusted).map(|(interval, last)| last.saturating_add(interval));
        json!({
            "tempo": row.tempo,
            "adjustment_interval": interval,
            "last_adjustment_block": adjusted,
            "blocks_since_last_step": since,
            "blocks_until_next_epoch": tempo.zip(since).map(|(tempo, since)| tempo.saturating_sub(since)),
            "blocks_until_next_adjustment": next.map(|next| next.saturating_sub(self.at)),
        })
    }

    /// Its hyperparameters.
    fn rules(&self) -> Value {
        json!({
            "max_neurons": self.plain("MaxAllowedUids"),
            "modality": self.plain("NetworkModality"),
            "rho": self.plain("Rho"),
            "kappa": self.plain("Kappa"),
            "immunity_period": self.plain("ImmunityPeriod"),
            "min_allowed_weights": self.plain("MinAllowedWeights"),
            "max_weights_limit": self.plain("MaxWeightsLimit"),
            "min_difficulty": self.digits("MinDifficulty"),
            "max_difficulty": self.digits("MaxDifficulty"),
            "weights_version": self.digits("WeightsVersionKey"),
            "weights_rate_limit": self.digits("WeightsSetRateLimit"),
            "activity_cutoff": self.plain("ActivityCutoff"),
            "target_regs_per_interval": self.plain("TargetRegistrationsPerInterval"),
            "min_burn": self.digits("MinBurn"),
            "max_burn": self.digits("MaxBurn"),
            "bonds_moving_avg": self.digits("BondsMovingAverage"),
            "max_regs_per_block": self.plain("MaxRegistrationsPerBlock"),
            "serving_rate_limit": self.digits("ServingRateLimit"),
            "max_validators": self.plain("MaxAllowedValidators"),
            "adjustment_alpha": self.digits("AdjustmentAlpha"),
            "commit_reveal_weights_enabled": self.plain("CommitRevealWeightsEnabled"),
            "liquid_alpha_enabled": self.plain("LiquidAlphaOn"),
            "yuma3_on": self.plain("Yuma3On"),
        })
    }
}

/// A subnet's value needs its neurons, its parameters and its registration.
async fn values(app: &App, rows: &[SubnetStateRow], moment: &Moment) -> Result<Vec<Value>, ApiError> {
    let warehouse = &app.shared.state.warehouse;
    let parameters = match rows {
        [only] => warehouse.list_hyperparameters(only.netuid, moment).await?,
        _ => warehouse.list_all_hyperparameters(moment).await?,
    };
    let parameters = parameters_of(parameters);
    let registered = times(app, rows.iter().filter_map(|row| row.registered_at)).await?;
    let costs = registration_costs(app).await?;
    let earlier = match warehouse.find_earlier_moment(moment, DAY_MS).await? {
        Some(earlier) => warehouse.list_subnets(&earlier).await?,
        None => Vec::new(),
    };
    let recycled_then: BTreeMap<(u16, Option<u64>), u64> =
        earlier.iter().filter_map(|row| Some(((row.netuid, row.registered_at), row.recycled_rao?))).collect();
    let nothing = Parameters::new();
    let mut written = Vec::with_capacity(rows.len());
    for row in rows {
        let neurons = warehouse.list_metagraph(row, moment).await?;
        let then = recycled_then.get(&(row.netuid, row.registered_at)).copied();
        let subnet = Subnet {
            row,
            neurons: &neurons,
            parameters: parameters.get(&row.netuid).unwrap_or(&nothing),
            cost: costs.get(&(row.netuid, row.registered_at)).copied(),
            registered: row.registered_at.and_then(|block| registered.get(&block).cloned()),
            recycled_24_hours: row
                .recycled_rao
                .zip(then)
                .map(|(now, then)| i128::from(now) - i128::from(then)),
            at: moment.block,
        };
        written.push(subnet.value());
    }
    Ok(written)
}

/// What subnets cost whose registration is stored.
async fn registration_costs(app: &App) -> Result<HashMap<(u16, Option<u64>), u64>, ApiError> {
    let filter = RegistrationFilter { kind: Some("subnet".to_owned()), ..RegistrationFilter::default() };
    let slice = yumascan_warehouse::Slice { skip: 0, limit: 1_000, order: Order::Newest };
    let rows = app.shared.state.warehouse.slice_registrations(&filter, slice).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some(((row.netuid, Some(row.block_number)), row.cost_rao?)))
        .collect())
}

/// `GET /api/subnet/latest/v1`.
pub(super) async fn latest(State(app): State<App>, asked: Asked) -> Answer {
    let (field, descends) = asked.order(&["netuid", "emission"], ("netuid", false))?;
    let place = asked.place_in(Order::Newest)?;
    let netuid = asked.value::<u16>("netuid")?;
    let moment = newest(&app).await?;
    let mut rows = app.shared.state.warehouse.list_subnets(&moment).await?;
    rows.retain(|row| netuid.is_none_or(|of| of == row.netuid));
    if field == "emission" {
        rows.sort_by_key(|row| row.alpha_out_emission_rao);
    }
    if descends {
        rows.reverse();
    }
    let (rows, total) = place.cut(rows);
    Ok(place.envelope(values(&app, &rows, &moment).await?, total))
}

/// `GET /api/subnet/history/v1`.
pub(super) async fn history(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let netuid = Asked::required("netuid", asked.value::<u16>("netuid")?)?;
    let (moments, total) = moments(&app, &asked, place, None).await?;
    let mut written = Vec::with_capacity(moments.len());
    for moment in &moments {
        let found = app.shared.state.warehouse.find_subnet(netuid, moment).await?;
        if let Some(row) = found {
            written.extend(values(&app, &[row], moment).await?);
        }
    }
    Ok(place.envelope(written, total))
}

/// `GET /api/subnet/identity/v1`.
pub(super) async fn identities(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let netuid = asked.value::<u16>("netuid")?;
    let moment = newest(&app).await?;
    let warehouse = &app.shared.state.warehouse;
    let filter = IdentityFilter { kind: Some("subnet".to_owned()), netuid, ..IdentityFilter::default() };
    let identities = warehouse.list_identities(&filter, &moment, 10_000).await?;
    let by_netuid: BTreeMap<u16, _> =
        identities.into_iter().filter_map(|row| Some((row.netuid?, row))).collect();
    let subnets = warehouse.list_subnets(&moment).await?;
    let row = |subnet: &SubnetStateRow| {
        let of = by_netuid.get(&subnet.netuid);
        json!({
            "netuid": subnet.netuid,
            "subnet_name": of.and_then(|of| of.name.clone()).or_else(|| subnet.name.clone()),
            "github_repo": of.and_then(|of| of.github_repo.clone()),
            "subnet_contact": of.and_then(|of| of.contact.clone()),
            "subnet_url": of.and_then(|of| of.url.clone()),
            "logo_url": of.and_then(|of| of.image.clone()),
            "discord": of.and_then(|of| of.discord.clone()),
            "description": of.and_then(|of| of.description.clone()),
            "additional": of.and_then(|of| of.additional.clone()),
        })
    };
    let wanted = subnets.iter().filter(|subnet| netuid.is_none_or(|of| of == subnet.netuid));
    Ok(place.envelope_of(wanted.map(row).collect()))
}

/// `GET /api/subnet/owner/v1`: the owner of every subnet since its registration.
pub(super) async fn owners(State(app): State<App>, asked: Asked) -> Answer {
    let place = asked.place()?;
    let (netuid, owner) = (asked.value::<u16>("netuid")?, asked.account("owner")?);
    let moment = newest(&app).await?;
    let warehouse = &app.shared.state.warehouse;
    let filter = RegistrationFilter { kind: Some("subnet".to_owned()), ..RegistrationFilter::default() };
    let slice = yumascan_warehouse::Slice { skip: 0, limit: 1_000, order: Order::Newest };
    let registrations = warehouse.slice_registrations(&filter, slice).await?;
    let first: HashMap<_, _> =
        registrations.into_iter().map(|row| ((row.netuid, Some(row.block_number)), row.coldkey)).collect();
    let subnets = warehouse.list_subnets(&moment).await?;
    let times = times(&app, subnets.iter().filter_map(|row| row.registered_at)).await?;
    let is_wanted = |row: &&SubnetStateRow| {
        row.netuid != 0
            && netuid.is_none_or(|of| of == row.netuid)
            && owner.as_ref().is_none_or(|of| row.owner.as_ref() == Some(of))
    };
    let row = |row: &SubnetStateRow| {
        let first = first.get(&(row.netuid, row.registered_at));
        json!({
            "block_number": row.registered_at,
            "timestamp": row.registered_at.and_then(|block| times.get(&block).cloned()),
            "netuid": row.netuid,
            "owner": address(row.owner.as_deref()),
            "is_coldkey_swap": first.map(|first| *first != row.owner),
        })
    };
    Ok(place.envelope_of(subnets.iter().filter(is_wanted).map(row).collect()))
}
