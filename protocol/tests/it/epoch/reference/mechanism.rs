//! One mechanism: from weights to bonds and shares.

use yumascan_protocol::{
    epoch::{EpochInputs, Era, LiquidAlpha, MechanismInputs, Rules, era::BondsMask},
    fixed::{exp_safe, exp_unclamped, ln_or_zero},
};

use super::arithmetic::{Bits, ONE, Row, bits, div, fixed, mul, normalised, share};

/// One mechanism and what all share.
pub(super) struct Mechanism<'a> {
    pub(super) inputs: &'a EpochInputs,
    pub(super) mechanism: &'a MechanismInputs,
    pub(super) rules: &'a Rules,
    pub(super) stake: &'a [Bits],
    pub(super) permits: &'a [bool],
}

/// What it computes.
pub(super) struct Results {
    pub(super) active: Vec<bool>,
    pub(super) consensus: Vec<Bits>,
    pub(super) trust: Vec<Bits>,
    pub(super) preranks: Vec<Bits>,
    pub(super) ranks: Vec<Bits>,
    pub(super) incentive: Vec<Bits>,
    pub(super) dividends: Vec<Bits>,
    pub(super) scaled_bonds: Vec<Row>,
    pub(super) server_share: Vec<Bits>,
    pub(super) validator_share: Vec<Bits>,
    pub(super) combined_share: Vec<Bits>,
}

impl Mechanism<'_> {
    fn n(&self) -> usize {
        self.stake.len()
    }

    fn updated(&self, uid: usize) -> u64 {
        self.mechanism.last_update.get(uid).copied().unwrap_or(0)
    }

    pub(super) fn run(&self) -> Results {
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
