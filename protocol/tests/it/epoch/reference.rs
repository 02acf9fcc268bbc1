//! A second epoch, written from the rules as they stand: dense, slow, on plain integers.
//!
//! It shares no code with the first but the exponential and the logarithm, which have tables of their own.

use yumascan_protocol::{
    epoch::{
        EpochInputs, EpochOutputs, Era, LiquidAlpha, MechanismInputs, MechanismOutputs, NeuronVectors,
        Payout, Rules,
        era::{BondsMask, StakeRule},
    },
    fixed::{I32F32, exp_safe, exp_unclamped, ln_or_zero},
};

/// Bits of a value with 32 fraction bits.
type Bits = i128;
/// A row in its stored order.
type Row = Vec<(usize, Bits)>;

const ONE: Bits = 1 << 32;

fn mul(a: Bits, b: Bits) -> Bits {
    (a * b) >> 32
}

fn div(a: Bits, b: Bits) -> Bits {
    if b == 0 { 0 } else { (a << 32) / b }
}

fn share(value: u16) -> Bits {
    div(Bits::from(value), 65535)
}

fn to_share(value: Bits) -> u16 {
    u16::try_from(((value * 65535) >> 32).clamp(0, 65535)).unwrap()
}

fn normalised(values: &[Bits]) -> Vec<Bits> {
    let sum: Bits = values.iter().sum();
    values.iter().map(|value| if sum == 0 { *value } else { div(*value, sum) }).collect()
}

fn fixed(bits: Bits) -> I32F32 {
    I32F32::from_bits(i64::try_from(bits).unwrap())
}

fn bits(value: I32F32) -> Bits {
    Bits::from(value.to_bits())
}

/// The epoch of all mechanisms.
pub(crate) fn run(inputs: &EpochInputs) -> EpochOutputs {
    let rules = inputs.era.rules();
    let n = inputs.neurons.len();
    let owner = inputs.owner_uid.map(usize::from);
    let stake = stake_shares(inputs, &rules);
    let mut permits: Vec<bool> = inputs.neurons.iter().map(|neuron| neuron.permit).collect();
    let mut next = seats(&stake, usize::from(inputs.parameters.max_allowed_validators), &rules);
    if let (true, Some(owner)) = (rules.owner_always_permitted, owner) {
        permits[owner] = true;
        next[owner] = true;
    }

    let parts = rao_parts(inputs);
    let zeros = vec![0_u16; n];
    let mut outputs = EpochOutputs {
        subnet: NeuronVectors {
            active: vec![false; n],
            emission: vec![0; n],
            consensus: zeros.clone(),
            dividends: zeros.clone(),
            validator_trust: zeros.clone(),
            validator_permit: next.clone(),
            stake_weight: (inputs.era != Era::Mechanisms320).then_some(zeros),
            ..NeuronVectors::default()
        },
        ..EpochOutputs::default()
    };
    for (mechid, mechanism) in inputs.mechanisms.iter().enumerate() {
        let results = Mechanism { inputs, mechanism, rules: &rules, stake: &stake, permits: &permits }.run();
        let rao = parts[mechid];
        let omega: u128 = match (inputs.rao, mechid) {
            (0, 0) => 1 << 64,
            (0, _) => 0,
            _ => (u128::from(rao) << 64) / u128::from(inputs.rao),
        };
        // twice floored, as written: the product, then the sum
        let weighed = |old: u64, new: u64| {
            let sum = (u128::from(old) << 64) + u128::from(new) * omega;
            u64::try_from(sum >> 64).unwrap()
        };
        let paid = |shares: &[Bits]| -> Vec<u64> {
            shares.iter().map(|share| u64::try_from((share * Bits::from(rao)) >> 32).unwrap()).collect()
        };
        let subnet = &mut outputs.subnet;
        let add = |old: &mut Vec<u16>, shares: &[Bits]| {
            for (old, share) in old.iter_mut().zip(shares) {
                *old = u16::try_from(weighed(u64::from(*old), u64::from(to_share(*share)))).unwrap();
            }
        };
        add(&mut subnet.consensus, &results.consensus);
        add(&mut subnet.dividends, &results.dividends);
        add(&mut subnet.validator_trust, &results.trust);
        if let Some(stake_weight) = &mut subnet.stake_weight {
            add(stake_weight, &stake);
        }
        for (old, new) in subnet.emission.iter_mut().zip(paid(&results.combined_share)) {
            *old = weighed(*old, new);
        }
        for (old, new) in subnet.active.iter_mut().zip(&results.active) {
            *old = *old || *new;
        }
        if inputs.era < Era::Mechanisms365 {
            subnet.rank = Some(results.incentive.iter().map(|share| to_share(*share)).collect());
            let trust = results.ranks.iter().zip(&results.preranks);
            subnet.trust = Some(trust.map(|(rank, all)| to_share(div(*rank, *all))).collect());
            subnet.pruning_scores = Some(upscaled(&results.combined_share));
        }
        let stored = |uid: usize| -> Vec<(u16, u16)> {
            if next[uid] {
                let row = &results.scaled_bonds[uid];
                return row.iter().map(|(j, bond)| (*j as u16, to_share(*bond))).collect();
            }
            let old = mechanism.bonds.get(uid).cloned().unwrap_or_default();
            if rules.mechanisms || inputs.neurons[uid].permit { Vec::new() } else { old }
        };
        outputs.mechanisms.push(MechanismOutputs {
            mechid: mechid as u8,
            index: mechid as u16 * 4096 + inputs.netuid,
            rao,
            incentive: results.incentive.iter().map(|share| to_share(*share)).collect(),
            bonds: (0..n).map(stored).collect(),
            server_emission: paid(&results.server_share),
            validator_emission: paid(&results.validator_share),
        });
    }
    let mut payouts: Vec<Payout> = (0..n)
        .map(|uid| Payout {
            uid: uid as u16,
            hotkey: inputs.neurons[uid].key.unwrap(),
            server: outputs.mechanisms.iter().map(|mechanism| mechanism.server_emission[uid]).sum(),
            validator: outputs.mechanisms.iter().map(|mechanism| mechanism.validator_emission[uid]).sum(),
        })
        .collect();
    payouts.sort_by_key(|payout| payout.hotkey);
    outputs.payouts = payouts;
    outputs
}

fn rao_parts(inputs: &EpochInputs) -> Vec<u64> {
    let count = inputs.mechanisms.len();
    let mut parts: Vec<u64> = match &inputs.mechanism_split {
        Some(split) => {
            let mut parts: Vec<u64> = split
                .iter()
                .map(|share| (u128::from(inputs.rao) * u128::from(*share) / 65535) as u64)
                .collect();
            parts.resize(count, 0);
            parts
        }
        None => vec![inputs.rao / count as u64; count],
    };
    parts[0] += inputs.rao.saturating_sub(parts.iter().sum());
    parts
}

/// Stake as shares of all, with 64 fraction bits until the end.
fn stake_shares(inputs: &EpochInputs, rules: &Rules) -> Vec<Bits> {
    let parameters = &inputs.parameters;
    let phi = |proportion: u64| ((u128::from(proportion) << 32) / u128::from(u64::MAX)) as i128;
    let term = |stake: u64, proportion: u64| i128::from(stake) * phi(proportion);
    let inherit = |own: u64, children: &[u64], parents: Vec<(u64, u64)>| -> u64 {
        let given: i128 = children.iter().map(|proportion| term(own, *proportion)).sum();
        let received: i128 = parents.iter().map(|(proportion, stake)| term(*stake, *proportion)).sum();
        let kept = (i128::from(own) << 32) - given;
        let kept = if rules.stake == StakeRule::Alpha { kept.max(0) } else { kept };
        u64::try_from(((kept + received) >> 32).max(0)).unwrap()
    };
    let tao_weight = phi(parameters.tao_weight);
    let weights: Vec<i128> = inputs
        .neurons
        .iter()
        .map(|neuron| {
            let stake = &neuron.stake;
            let alpha_parents =
                stake.parents.iter().map(|parent| (parent.proportion, parent.alpha)).collect();
            let tao_parents = stake.parents.iter().map(|parent| (parent.proportion, parent.tao)).collect();
            if rules.stake == StakeRule::Tao {
                let given: i128 = stake.children.iter().map(|p| term(stake.alpha, *p) >> 32).sum();
                let received: i128 =
                    stake.parents.iter().map(|parent| term(parent.alpha, parent.proportion) >> 32).sum();
                let total = (i128::from(stake.alpha) - given).max(0) + received;
                return total.min(i128::from(parameters.max_stake.unwrap_or(u64::MAX))) << 64;
            }
            let alpha = inherit(stake.alpha, &stake.children, alpha_parents);
            let tao = inherit(stake.tao, &stake.children, tao_parents);
            (i128::from(alpha) << 64) + ((i128::from(tao) * tao_weight) << 32)
        })
        .collect();
    let owner = inputs.owner_uid.map(usize::from);
    let counted: Vec<i128> = weights
        .iter()
        .enumerate()
        .map(|(uid, stake)| {
            let exempt = rules.owner_always_permitted && owner == Some(uid);
            let below = rules.stake_threshold && (stake >> 64) < i128::from(parameters.stake_threshold);
            if below && !exempt { 0 } else { *stake }
        })
        .collect();
    let sum = num_bigint::BigInt::from(counted.iter().sum::<i128>());
    let to_share = |stake: &i128| -> Bits {
        if sum == num_bigint::BigInt::ZERO {
            return 0;
        }
        let share: num_bigint::BigInt = (num_bigint::BigInt::from(*stake) << 64) / &sum;
        i128::try_from(share).unwrap() >> 32
    };
    counted.iter().map(to_share).collect()
}

fn seats(stake: &[Bits], count: usize, rules: &Rules) -> Vec<bool> {
    let mut permits: Vec<bool> = stake.iter().map(|share| !rules.permits_need_stake || *share != 0).collect();
    if stake.len() < count {
        return permits;
    }
    let mut order: Vec<usize> = (0..stake.len()).collect();
    order.sort_by_key(|uid| stake[*uid]);
    for uid in &order[..stake.len() - count] {
        permits[*uid] = false;
    }
    permits
}

fn upscaled(values: &[Bits]) -> Vec<u16> {
    let greatest = values.iter().copied().max().unwrap_or(0);
    // shares never exceed one, so the rule for large values does not apply
    let round = |value: Bits| u16::try_from((value + (ONE / 2)) >> 32).unwrap();
    values.iter().map(|value| if greatest == 0 { 0 } else { round(div(value * 65535, greatest)) }).collect()
}

struct Mechanism<'a> {
    inputs: &'a EpochInputs,
    mechanism: &'a MechanismInputs,
    rules: &'a Rules,
    stake: &'a [Bits],
    permits: &'a [bool],
}

struct Results {
    active: Vec<bool>,
    consensus: Vec<Bits>,
    trust: Vec<Bits>,
    preranks: Vec<Bits>,
    ranks: Vec<Bits>,
    incentive: Vec<Bits>,
    dividends: Vec<Bits>,
    scaled_bonds: Vec<Row>,
    server_share: Vec<Bits>,
    validator_share: Vec<Bits>,
    combined_share: Vec<Bits>,
}

impl Mechanism<'_> {
    fn n(&self) -> usize {
        self.stake.len()
    }

    fn updated(&self, uid: usize) -> u64 {
        self.mechanism.last_update.get(uid).copied().unwrap_or(0)
    }

    fn run(&self) -> Results {
        let n = self.n();
        let parameters = &self.inputs.parameters;
        let active: Vec<bool> =
            (0..n).map(|i| self.updated(i) + parameters.activity_cutoff >= self.inputs.block).collect();
        let counted: Vec<Bits> =
            (0..n).map(|i| if active[i] && self.permits[i] { self.stake[i] } else { 0 }).collect();
        let act = normalised(&counted);
        let weights = self.weights();
        let consensus = self.consensus(&weights, &act);
        let clipped: Vec<Row> = weights
            .iter()
            .map(|row| {
                let cut = row.iter().map(|(j, w)| (*j, *w, (*w).min(consensus[*j])));
                cut.filter(|(_, w, c)| *c != 0 || *w == 0).map(|(j, _, c)| (j, c)).collect()
            })
            .collect();
        let trust = clipped.iter().map(|row| row.iter().map(|(_, w)| w).sum()).collect();
        let column_sums = |rows: &[Row]| {
            let mut sums = vec![0; n];
            for (row, stake) in rows.iter().zip(&act) {
                row.iter().for_each(|(j, w)| sums[*j] += mul(*stake, *w));
            }
            sums
        };
        let preranks = column_sums(&weights);
        let ranks: Vec<Bits> = column_sums(&clipped);
        let incentive = normalised(&ranks);
        let for_bonds = self.weights_for_bonds(weights, &clipped);
        let (scaled_bonds, dividends) = if self.rules.yuma3 && parameters.yuma3_on {
            self.yuma3(&for_bonds, &consensus, &incentive, &act)
        } else {
            self.classic(&for_bonds, &consensus, &incentive, &act)
        };
        let combined: Vec<Bits> = incentive.iter().zip(&dividends).map(|(i, d)| i + d).collect();
        let all: Bits = combined.iter().sum();
        let fallback = if act.iter().sum::<Bits>() == 0 { self.stake.to_vec() } else { act };
        let scaled = |shares: &[Bits]| shares.iter().map(|share| div(*share, all)).collect::<Vec<_>>();
        let (server_share, validator_share, combined_share) = if all == 0 {
            (incentive.clone(), fallback.clone(), fallback)
        } else {
            (scaled(&incentive), scaled(&dividends), scaled(&combined))
        };
        Results {
            active,
            consensus,
            trust,
            preranks,
            ranks,
            incentive,
            dividends,
            scaled_bonds,
            server_share,
            validator_share,
            combined_share,
        }
    }

    fn weights(&self) -> Vec<Row> {
        let owner = self.inputs.owner_uid.map(usize::from);
        let registered = |j: usize| self.inputs.neurons[j].block_at_registration;
        (0..self.n())
            .map(|i| {
                let mut row: Row = self.mechanism.weights[i]
                    .iter()
                    .map(|(j, w)| (usize::from(*j), Bits::from(*w) << 32))
                    .filter(|(j, _)| *j < self.n())
                    .collect();
                if !self.permits[i] {
                    row.clear();
                }
                row.retain(|(j, _)| *j != i || (self.inputs.era >= Era::Alpha252 && owner == Some(i)));
                row.retain(|(j, _)| self.updated(i) > registered(*j));
                if let (true, Some(commits)) =
                    (self.inputs.era >= Era::Commit297, &self.mechanism.commit_blocks)
                {
                    row.retain(|(j, _)| commits[i] >= registered(*j));
                }
                let sum: Bits = row.iter().map(|(_, w)| w).sum();
                row.iter().map(|(j, w)| (*j, if sum > 0 { div(*w, sum) } else { *w })).collect()
            })
            .collect()
    }

    fn consensus(&self, weights: &[Row], act: &[Bits]) -> Vec<Bits> {
        let voters: Vec<usize> = (0..self.n()).filter(|i| act[*i] > 0).collect();
        let votes: Vec<Bits> = normalised(&voters.iter().map(|i| act[*i]).collect::<Vec<_>>());
        let all: Bits = votes.iter().sum();
        let minority = all - share(self.inputs.parameters.kappa);
        (0..self.n())
            .map(|j| {
                let score = |i: &usize| weights[*i].iter().find(|(k, _)| *k == j).map_or(0, |(_, w)| *w);
                let scores: Vec<Bits> = voters.iter().map(score).collect();
                by_pivots(&votes, &scores, minority, all)
            })
            .collect()
    }

    fn weights_for_bonds(&self, weights: Vec<Row>, clipped: &[Row]) -> Vec<Row> {
        let penalty = if self.rules.bonds_penalty { self.inputs.parameters.bonds_penalty } else { u16::MAX };
        match penalty {
            0 => weights,
            u16::MAX => clipped.to_vec(),
            penalty => (0..self.n())
                .map(|i| {
                    let value = |j: usize| {
                        let of = |row: &Row| row.iter().find(|(k, _)| *k == j).map_or(0, |(_, w)| *w);
                        of(&weights[i]) + mul(share(penalty), of(&clipped[i]) - of(&weights[i]))
                    };
                    (0..self.n()).map(|j| (j, value(j))).filter(|(_, v)| *v > 0).collect()
                })
                .collect(),
        }
    }

    fn old_bonds(&self, yuma3: bool) -> Vec<Row> {
        let inputs = self.inputs;
        let tempo_ago = inputs.block.saturating_sub(u64::from(inputs.parameters.tempo));
        (0..self.n())
            .map(|i| {
                let horizon = match self.rules.bonds_mask {
                    BondsMask::WeightUpdate => self.updated(i),
                    BondsMask::LastStep if inputs.last_step_block != 0 => inputs.last_step_block + 1,
                    BondsMask::LastTempo | BondsMask::LastStep => tempo_ago,
                };
                let row = self.mechanism.bonds[i].iter().map(|(j, bond)| (usize::from(*j), *bond));
                row.filter(|(j, _)| *j < self.n() && horizon > inputs.neurons[*j].block_at_registration)
                    .map(|(j, bond)| (j, if yuma3 { share(bond) } else { Bits::from(bond) << 32 }))
                    .collect()
            })
            .collect()
    }

    fn fixed_alpha(&self) -> Bits {
        let kept = (u128::from(self.inputs.parameters.bonds_moving_average) << 64) / 1_000_000;
        ONE - (kept >> 32) as Bits
    }

    fn classic(
        &self,
        weights: &[Row],
        consensus: &[Bits],
        incentive: &[Bits],
        act: &[Bits],
    ) -> (Vec<Row>, Vec<Bits>) {
        let old = self.columns_divided(&self.old_bonds(false), false);
        let bought = weights
            .iter()
            .zip(act)
            .map(|(row, stake)| row.iter().map(|(j, w)| (*j, mul(*w, *stake))).collect());
        let new = self.columns_divided(&bought.collect::<Vec<Row>>(), false);
        let v1 = self.rules.liquid_alpha == LiquidAlpha::Columns && self.inputs.parameters.liquid_alpha_on;
        let alphas = v1.then(|| self.column_alphas(consensus)).flatten();
        let alpha = |j: usize| alphas.as_ref().map_or_else(|| self.fixed_alpha(), |alphas| alphas[j]);
        let bonds = self.columns_divided(&self.average(&new, &old, alpha), false);
        let dividends: Vec<Bits> =
            bonds.iter().map(|row| row.iter().map(|(j, bond)| mul(incentive[*j], *bond)).sum()).collect();
        (self.columns_divided(&bonds, true), normalised(&dividends))
    }

    fn average(&self, new: &[Row], old: &[Row], alpha: impl Fn(usize) -> Bits) -> Vec<Row> {
        let of = |row: &Row, j: usize| row.iter().find(|(k, _)| *k == j).map_or(0, |(_, v)| *v);
        (0..self.n())
            .map(|i| {
                let value = |j: usize| mul(alpha(j), of(&new[i], j)) + mul(ONE - alpha(j), of(&old[i], j));
                (0..self.n()).map(|j| (j, value(j))).filter(|(_, v)| *v > 0).collect()
            })
            .collect()
    }

    /// Columns divided by their sum, or by their greatest value.
    fn columns_divided(&self, rows: &[Row], by_greatest: bool) -> Vec<Row> {
        let divisor = |j: usize| -> Bits {
            let column = rows.iter().flatten().filter(|(k, _)| *k == j).map(|(_, v)| *v);
            if by_greatest { column.max().unwrap_or(0) } else { column.sum() }
        };
        let divisors: Vec<Bits> = (0..self.n()).map(divisor).collect();
        let divided =
            |(j, v): &(usize, Bits)| (*j, if divisors[*j] == 0 { *v } else { div(*v, divisors[*j]) });
        rows.iter().map(|row| row.iter().map(divided).collect()).collect()
    }

    fn column_alphas(&self, consensus: &[Bits]) -> Option<Vec<Bits>> {
        if consensus.iter().all(|c| *c == 0) {
            return None;
        }
        let mut sorted = consensus.to_vec();
        sorted.sort_unstable();
        // positions are quarters, which floating point holds exactly
        let quantile = |q: f64| {
            let position = q * (sorted.len() - 1) as f64;
            let (below, above) = (position.floor() as usize, position.ceil() as usize);
            let weight = ((position - position.floor()) * 4_294_967_296.0) as Bits;
            sorted[below] + mul(sorted[above] - sorted[below], weight)
        };
        let (high, low) = (quantile(0.75), quantile(0.25));
        if !(high > low || high != 0 || low < 0) {
            return None;
        }
        let (alpha_low, alpha_high) =
            (share(self.inputs.parameters.alpha_low), share(self.inputs.parameters.alpha_high));
        let logit = |alpha: Bits| bits(ln_or_zero(fixed(div(ONE, alpha) - ONE)));
        let (a, b) = if high <= low || alpha_low == 0 || alpha_high == 0 {
            (0, 0)
        } else {
            let a = div(logit(alpha_high) - logit(alpha_low), low - high);
            (a, logit(alpha_low) + mul(a, low))
        };
        let alpha = |c: &Bits| {
            let power = b - mul(a, *c);
            let power = power.clamp(Bits::from(i64::MIN), Bits::from(i64::MAX));
            let exponential = bits(exp_unclamped(fixed(power)));
            div(ONE, (ONE + exponential).min(Bits::from(i64::MAX))).clamp(alpha_low, alpha_high)
        };
        Some(consensus.iter().map(alpha).collect())
    }

    fn yuma3(
        &self,
        weights: &[Row],
        consensus: &[Bits],
        incentive: &[Bits],
        act: &[Bits],
    ) -> (Vec<Row>, Vec<Bits>) {
        let old = self.old_bonds(true);
        let liquid = self.inputs.parameters.liquid_alpha_on && consensus.iter().any(|c| *c != 0);
        let bonds = if liquid {
            let row = |(new, old): (&Row, &Row)| self.liquid_row(new, old, consensus);
            weights.iter().zip(&old).map(row).collect()
        } else {
            self.average(weights, &old, |_| self.fixed_alpha())
        };
        let shares = self.columns_divided(&bonds, false);
        let earned = |(row, stake): (&Row, &Bits)| {
            mul(row.iter().map(|(j, bond)| mul(*bond, incentive[*j])).sum(), *stake)
        };
        let dividends: Vec<Bits> = shares.iter().zip(act).map(earned).collect();
        (bonds, normalised(&dividends))
    }

    fn liquid_row(&self, new: &Row, old: &Row, consensus: &[Bits]) -> Row {
        let parameters = &self.inputs.parameters;
        let (low, high) = (share(parameters.alpha_low), share(parameters.alpha_high));
        let steepness = Bits::from(parameters.alpha_sigmoid_steepness) << 32;
        let (seen_weights, seen_bonds) = (self.merge(new), self.merge(old));
        let alpha = |j: usize| {
            let (w, b, c) = (seen_weights[j], seen_bonds[j], consensus[j]);
            let distance = if w >= b { (w - c).clamp(0, ONE) } else { (b - w).clamp(0, ONE) };
            let power = if self.inputs.era == Era::Yuma273 {
                -mul(steepness, distance - ONE / 2)
            } else {
                mul(div(steepness, -100 * ONE), distance - ONE / 2)
            };
            let exponential = if self.rules.liquid_alpha == LiquidAlpha::Entries {
                exp_safe(fixed(power))
            } else {
                exp_unclamped(fixed(power))
            };
            let sum = (ONE + bits(exponential)).min(Bits::from(i64::MAX));
            (low + mul(div(ONE, sum), high - low)).clamp(low, high)
        };
        let of = |j: usize| old.iter().find(|(k, _)| *k == j).map_or(0, |(_, v)| *v);
        new.iter()
            .map(|(j, w)| {
                let a = alpha(*j);
                (*j, (mul(ONE - a, of(*j)) + mul(a, *w).max(0)).min(ONE))
            })
            .filter(|(_, v)| *v > 0)
            .collect()
    }

    /// A row as one forward merge over all columns sees it.
    fn merge(&self, row: &Row) -> Vec<Bits> {
        let mut cursor = 0;
        let mut values = vec![0; self.n()];
        for (j, value) in values.iter_mut().enumerate() {
            while cursor < row.len() && row[cursor].0 < j {
                cursor += 1;
            }
            if cursor < row.len() && row[cursor].0 == j {
                *value = row[cursor].1;
            }
        }
        values
    }
}

/// The weighted median, narrowed around pivots.
fn by_pivots(stake: &[Bits], scores: &[Bits], minority: Bits, all: Bits) -> Bits {
    let mut part: Vec<usize> = (0..scores.len()).collect();
    let (mut low, mut high) = (0, all);
    loop {
        if part.len() < 2 {
            return part.first().map_or(0, |only| scores[*only]);
        }
        let pivot = scores[part[part.len() / 2]];
        let lower: Vec<usize> = part.iter().copied().filter(|k| scores[*k] < pivot).collect();
        let upper: Vec<usize> = part.iter().copied().filter(|k| scores[*k] > pivot).collect();
        let below = low + lower.iter().map(|k| stake[*k]).sum::<Bits>();
        let up_to = high - upper.iter().map(|k| stake[*k]).sum::<Bits>();
        if minority < below && !lower.is_empty() {
            (part, high) = (lower, below);
        } else if up_to <= minority && !upper.is_empty() {
            (part, low) = (upper, up_to);
        } else {
            return pivot;
        }
    }
}
