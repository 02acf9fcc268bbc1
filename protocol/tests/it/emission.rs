//! The chain's own examples of coinbase and distribution, conservation, and garbage.

use std::collections::BTreeMap;

use proptest::prelude::*;
use yumascan_protocol::{
    amm::{Concentrated, Curve, Order, Pool, Side, SwapError},
    emission::{
        Claim, CoinbaseInputs, DistributionInputs, DistributionOutputs, EmissionError, Era, Exclusion,
        FlowAverage, FlowParameters, HotkeyState, Parent, PaymentKind, Pendings, SubnetInputs, Withholding,
        coinbase, distribute,
    },
    epoch::{AccountKey, Payout},
    fixed::{I64F64, I96F32, U64F64, U96F32},
    share_pool::FixedPool,
};

const UNIT: u64 = 1_000_000_000;
const ALICE: AccountKey = AccountKey([1; 32]);
const BOB: AccountKey = AccountKey([2; 32]);

fn hotkey(owner: u8, alpha_rao: u64, root_rao: u64) -> HotkeyState {
    HotkeyState { owner: AccountKey([owner; 32]), alpha_rao, root_rao, ..HotkeyState::default() }
}

/// A distribution of what validators share, without takes.
fn of_validators(
    tao_weight: u64,
    rao: u64,
    validators: &[(AccountKey, u64, HotkeyState)],
) -> DistributionInputs {
    let payouts = validators.iter().map(|(hotkey, validator, _)| Payout {
        uid: 0,
        hotkey: *hotkey,
        server: 0,
        validator: *validator,
    });
    DistributionInputs {
        era: Era::Spec365,
        netuid: 1,
        pendings: Pendings { server_rao: 0, validator_rao: rao, root_rao: 0, owner_cut_rao: 0 },
        tao_weight,
        childkey_burn: 0,
        payouts: payouts.collect(),
        hotkeys: validators.iter().map(|(hotkey, _, state)| (*hotkey, state.clone())).collect(),
        owner_coldkey: None,
        owner_hotkey: None,
        owned_hotkeys: Vec::new(),
        withholding: Withholding::Burn,
        auto_stake: BTreeMap::new(),
        alpha_out_rao: 100 * UNIT,
    }
}

fn dividends(outputs: &DistributionOutputs) -> [u64; 2] {
    [ALICE, BOB].map(|hotkey| outputs.alpha_dividends.get(&hotkey).copied().unwrap_or(0))
}

/// Alice and Bob have as much alpha as root stake each; Alice lends Bob a part of hers.
fn lent(proportion: u64, childkey_take: u16) -> [u64; 2] {
    let mut alice = hotkey(11, UNIT, UNIT);
    alice.children = vec![proportion];
    let mut bob = hotkey(12, UNIT, UNIT);
    bob.parents = vec![Parent { proportion, hotkey: ALICE }];
    bob.childkey_take = childkey_take;
    // what the epoch gives follows the stake weight: of four billion Bob has his own two and what he was lent
    let to_bob = UNIT / 2
        + u64::try_from(u128::from(UNIT / 2) * u128::from(proportion) / u128::from(u64::MAX)).unwrap();
    let validators = [(ALICE, UNIT - to_bob, alice), (BOB, to_bob, bob)];
    dividends(&distribute(&of_validators(u64::MAX, UNIT, &validators)).unwrap())
}

#[track_caller]
fn assert_near(ours: [u64; 2], expected: [u64; 2], tolerance: u64) {
    let near = ours.iter().zip(expected).all(|(ours, expected)| ours.abs_diff(expected) <= tolerance);
    assert!(near, "{ours:?}, expected {expected:?}");
}

#[test]
fn parents_have_what_their_stake_earned_less_the_take() {
    assert_near(lent(u64::MAX, 0), [500_000_000, 500_000_000], 10);
    assert_near(lent(u64::MAX / 2, 0), [500_000_000, 500_000_000], 10);
    assert_near(lent(u64::MAX, u16::MAX), [0, UNIT], 10);
    assert_near(lent(u64::MAX, 32_767), [250_000_000, 750_000_000], 10_000);
}

#[test]
fn a_child_without_stake_has_its_take_alone() {
    let mut parent = hotkey(11, UNIT, 0);
    parent.children = vec![u64::MAX];
    let mut child = hotkey(12, 0, 0);
    child.parents = vec![Parent { proportion: u64::MAX, hotkey: ALICE }];
    child.childkey_take = 6_553;
    let inputs = of_validators(0, UNIT, &[(ALICE, 0, parent), (BOB, UNIT, child)]);
    let outputs = distribute(&inputs).unwrap();
    let after = [ALICE, BOB].map(|hotkey| outputs.hotkey_alpha[&hotkey]);
    assert_near(after, [1_900_000_000, 100_000_000], 10_000);
}

#[test]
fn between_different_owners_a_part_is_burned_and_between_the_same_nothing_is_taken() {
    let run = |owner_of_child: u8| {
        let mut parent = hotkey(11, UNIT, 0);
        parent.children = vec![u64::MAX];
        let mut child = hotkey(owner_of_child, 0, 0);
        child.parents = vec![Parent { proportion: u64::MAX, hotkey: ALICE }];
        child.childkey_take = u16::MAX / 2;
        let mut inputs = of_validators(0, UNIT, &[(ALICE, 0, parent), (BOB, UNIT, child)]);
        inputs.childkey_burn = u64::MAX / 4;
        distribute(&inputs).unwrap()
    };
    let different = run(12);
    assert!(different.childkey_burned_rao.abs_diff(250_000_000) <= 1);
    assert_eq!(different.alpha_out_rao, 100 * UNIT - different.childkey_burned_rao);
    let same = run(11);
    assert_eq!(same.childkey_burned_rao, 0);
    assert_near(dividends(&same), [UNIT, 0], 10);
}

#[test]
fn stakers_of_one_hotkey_share_its_dividends() {
    let outputs = distribute(&of_validators(0, UNIT, &[(ALICE, 7, hotkey(11, 2 * UNIT, 0))])).unwrap();
    let half = U64F64::from_u64(UNIT);
    let mut pool = FixedPool { value_rao: 2 * UNIT, denominator: U64F64::from_u64(2 * UNIT) };
    pool.value_rao += outputs.alpha_dividends[&ALICE];
    let worth = pool.value_of(half);
    assert_near([worth, worth], [1_500_000_000, 1_500_000_000], 10);
}

#[test]
fn dividends_sum_to_what_there_is_to_share() {
    let alice = hotkey(11, 4_859_302, 2_342_352);
    let bob = hotkey(12, 23_423, 859_273);
    let validators = [(ALICE, 77_783_738, alice), (BOB, 19_283_940, bob)];
    let weight = u64::MAX / 100 * 18;
    let mut inputs = of_validators(weight, 183_123_567_452, &validators);
    inputs.pendings.root_rao = 837_120_949_872;
    let outputs = distribute(&inputs).unwrap();
    let sum = |part: fn(&yumascan_protocol::emission::Dividend) -> U96F32| {
        outputs.dividends.iter().map(|one| part(one).to_u64()).sum::<u64>()
    };
    assert!(sum(|one| one.alpha).abs_diff(183_123_567_452) <= 1_000);
    assert!(sum(|one| one.root).abs_diff(837_120_949_872) <= 1_000);
}

#[test]
fn root_dividends_become_claimable_after_the_take() {
    let mut validator = hotkey(11, 0, 2_000_000);
    validator.take = 11_796;
    let mut inputs = of_validators(u64::MAX, 0, &[(ALICE, 5, validator)]);
    inputs.pendings.root_rao = 1_000_000;
    let outputs = distribute(&inputs).unwrap();
    let take = outputs.payments.iter().find(|payment| payment.kind == PaymentKind::RootTake).unwrap();
    assert!(take.rao.abs_diff(180_000) <= 10, "{}", take.rao);
    let rate = outputs.claimable[&ALICE];
    let claim = rate.saturating_mul(I96F32::from_u64(2_000_000)).to_u64();
    assert!(claim.abs_diff(820_000) <= 10, "{rate} gives {claim}");
    assert_eq!(outputs.root_alpha_dividends.as_ref().unwrap()[&ALICE], outputs.dividends[0].root_rao);
    // more alpha than there is TAO on root cannot be had for each rao of it: it is staked
    inputs.pendings.root_rao = 10_000_000;
    let outputs = distribute(&inputs).unwrap();
    assert_eq!(outputs.dividends[0].claim, Claim::Staked);
    assert!(outputs.claimable.is_empty());
    // before 361 they counted among the alpha dividends
    inputs.era = Era::Spec343;
    let older = distribute(&inputs).unwrap();
    assert_eq!(older.root_alpha_dividends, None);
    assert_eq!(older.alpha_dividends[&ALICE], outputs.dividends[0].root_rao);
}

#[test]
fn the_owner_s_incentive_is_withheld_and_others_are_staked_where_they_wish() {
    let owner = AccountKey([9; 32]);
    let miner = |hotkey, server| Payout { uid: 0, hotkey, server, validator: 0 };
    let mut inputs = of_validators(0, 500, &[]);
    inputs.payouts = vec![miner(ALICE, 300), miner(BOB, 200)];
    inputs.hotkeys =
        BTreeMap::from([(ALICE, hotkey(11, 0, 0)), (BOB, hotkey(12, 0, 0)), (owner, hotkey(13, 0, 0))]);
    inputs.owned_hotkeys = vec![ALICE];
    (inputs.owner_coldkey, inputs.owner_hotkey) = (Some(AccountKey([13; 32])), Some(owner));
    inputs.pendings.owner_cut_rao = 77;
    inputs.auto_stake.insert(AccountKey([12; 32]), owner);
    let burned = distribute(&inputs).unwrap();
    assert_eq!((burned.burned_rao, burned.recycled_rao, burned.alpha_out_rao), (300, 0, 100 * UNIT));
    assert_eq!(burned.hotkey_alpha[&owner], 77 + 200, "the cut and Bob's automatic stake");
    inputs.withholding = Withholding::Recycle;
    let recycled = distribute(&inputs).unwrap();
    assert_eq!(
        (recycled.burned_rao, recycled.recycled_rao, recycled.alpha_out_rao),
        (0, 300, 100 * UNIT - 300)
    );
    inputs.hotkeys.remove(&owner);
    assert!(distribute(&inputs).is_err(), "the state of the destination is missing");
}

/// Pieces of random numbers from which a subnet is made.
type Pieces =
    ((Option<u64>, bool, bool, bool), (i64, u64, i64, i64), (u64, u64, u64, u128), (u16, bool, bool));

fn subnet(netuid: u16, pieces: Pieces) -> SubnetInputs {
    let (flags, numbers, amounts, kinds) = pieces;
    SubnetInputs {
        netuid,
        first_emission_block: flags.0,
        subtoken_enabled: flags.1,
        registration_allowed: flags.2,
        pow_registration_allowed: flags.3,
        moving_price: I96F32::from_bits(i128::from(numbers.0)),
        price_halving_blocks: numbers.1,
        tao_flow_rao: numbers.2,
        average_flow: kinds
            .1
            .then(|| FlowAverage { block_number: numbers.1, rao: I64F64::from_i64(numbers.3) }),
        pool: Pool {
            mechanism: kinds.0 % 2,
            tao_rao: amounts.0,
            tao_provided_rao: 0,
            alpha_in_rao: amounts.1,
            alpha_in_provided_rao: 0,
            curve: Curve::Concentrated(Box::new(Concentrated {
                initialized: kinds.2,
                sqrt_price: U64F64::from_bits(amounts.3),
                ..Concentrated::default()
            })),
        },
        alpha_out_rao: amounts.2,
        pendings: Pendings::default(),
    }
}

proptest! {
    #[test]
    fn a_coinbase_never_panics_and_never_issues_more_than_the_block_may(
        issuance: u64, root: u64, weight: u64, cut: u16, alpha: i64, block: u64,
        flow in (any::<u64>(), any::<u128>(), any::<i128>()),
        pieces in prop::collection::vec(any::<Pieces>(), 0..8),
        newest: bool,
    ) {
        let inputs = CoinbaseInputs {
            era: if newest { Era::Spec401 } else { Era::Spec365 },
            block_number: block,
            total_issuance_rao: issuance,
            root_tao_rao: root,
            tao_weight: weight,
            owner_cut: cut,
            moving_alpha: I96F32::from_bits(i128::from(alpha)),
            flow: FlowParameters {
                smoothing_factor: flow.0,
                norm_exponent: U64F64::from_bits(flow.1),
                cutoff: I64F64::from_bits(flow.2),
            },
            subnets: (1..).zip(pieces).map(|(netuid, pieces)| subnet(netuid, pieces)).collect(),
        };
        let outputs = coinbase(&inputs).unwrap();
        prop_assert!(outputs.issued_rao <= outputs.block_emission_rao);
        prop_assert_eq!(outputs.subnets.len() + outputs.unknown.len() + outputs.excluded.len(), inputs.subnets.len());
        for subnet in &outputs.subnets {
            let added = subnet.accrual.added;
            let split = added.epoch_rao() + added.owner_cut_rao + subnet.accrual.recycled_rao;
            prop_assert!(split <= subnet.alpha_out_emission_rao);
        }
        let text = serde_json::to_string(&outputs).unwrap();
        prop_assert_eq!(serde_json::from_str::<yumascan_protocol::emission::CoinbaseOutputs>(&text).unwrap(), outputs);
    }

    #[test]
    fn a_distribution_pays_no_more_than_was_pending(
        pendings in (0_u64..1 << 50, 0_u64..1 << 50, 0_u64..1 << 50, 0_u64..1 << 50),
        weight: u64, burn: u64,
        hotkeys in prop::collection::vec(
            (any::<u8>(), 0_u64..1 << 53, 0_u64..1 << 53, any::<u16>(), any::<u16>(), any::<(u64, u8)>(), any::<bool>()),
            1..10,
        ),
        payouts in prop::collection::vec((any::<u8>(), 0_u64..1 << 40, 0_u64..1 << 50), 0..10),
        recycle: bool,
    ) {
        let count = u8::try_from(hotkeys.len()).unwrap();
        let account = |index: u8| AccountKey([index % count; 32]);
        let states = hotkeys.iter().map(|(owner, alpha, root, take, childkey_take, parent, is_child)| HotkeyState {
            take: *take,
            childkey_take: *childkey_take,
            parents: is_child.then_some(Parent { proportion: parent.0, hotkey: account(parent.1) }).into_iter().collect(),
            children: vec![parent.0],
            ..hotkey(*owner, *alpha, *root)
        });
        let payouts: Vec<Payout> = payouts
            .into_iter()
            .map(|(index, server, validator)| Payout { uid: 0, hotkey: account(index), server, validator })
            .collect();
        let servers: u64 = payouts.iter().map(|payout| payout.server).sum();
        let inputs = DistributionInputs {
            era: Era::Spec401,
            netuid: 3,
            pendings: Pendings {
                server_rao: pendings.0,
                validator_rao: pendings.1,
                root_rao: pendings.2,
                owner_cut_rao: pendings.3,
            },
            tao_weight: weight,
            childkey_burn: burn,
            payouts,
            hotkeys: (0..count).map(account).zip(states).collect(),
            owner_coldkey: Some(AccountKey([200; 32])),
            owner_hotkey: Some(account(0)),
            owned_hotkeys: vec![account(1)],
            withholding: if recycle { Withholding::Recycle } else { Withholding::Burn },
            auto_stake: BTreeMap::new(),
            alpha_out_rao: u64::MAX / 2,
        };
        let outputs = distribute(&inputs).unwrap();
        let paid: u64 = outputs.payments.iter().map(|payment| payment.rao).sum();
        let claimable: u64 = outputs
            .dividends
            .iter()
            .filter(|dividend| dividend.claim != Claim::Staked)
            .map(|dividend| dividend.root_rao)
            .sum();
        let withheld = outputs.burned_rao + outputs.recycled_rao;
        let most = outputs.validator_rao + inputs.pendings.root_rao + inputs.pendings.owner_cut_rao + servers;
        prop_assert!(paid + claimable + withheld <= most, "{} of {most}", paid + claimable + withheld);
    }
}

#[test]
fn what_the_cap_keeps_out_of_the_pool_buys_alpha_and_recycles_it() {
    // a hundredth of a TAO for one alpha: the block's whole TAO would need a hundred times the alpha it may inject
    let cheap = (10_000 * UNIT, 1_000_000 * UNIT, 0, 0);
    let mut only = subnet(1, ((Some(1), true, true, true), (0, 100, 0, 7), cheap, (1, true, false)));
    let order = Order { side: Side::Buy, amount_rao: 0, limit_price_rao: None, with_fee: false };
    only.pool = only.pool.swap(order).unwrap().1;
    let mut inputs = CoinbaseInputs {
        era: Era::Spec401,
        block_number: 1_000,
        total_issuance_rao: 0,
        root_tao_rao: UNIT,
        tao_weight: u64::MAX,
        owner_cut: 0,
        moving_alpha: I96F32::ONE,
        flow: FlowParameters { smoothing_factor: 0, norm_exponent: U64F64::ONE, cutoff: I64F64::ZERO },
        subnets: vec![only.clone()],
    };
    let outputs = coinbase(&inputs).unwrap();
    let emitted = &outputs.subnets[0];
    assert_eq!(emitted.alpha_in_emission_rao, UNIT, "the cap");
    assert!(emitted.tao_in_emission_rao.abs_diff(UNIT / 100) < 10, "{}", emitted.tao_in_emission_rao);
    assert!(outputs.issued_rao.abs_diff(UNIT) <= 2, "{}", outputs.issued_rao);
    let bought = emitted.bought_alpha_rao.unwrap();
    assert!(bought.abs_diff(99 * UNIT) < UNIT / 10, "{bought}");
    assert_eq!(emitted.pool.tao_rao, only.pool.tao_rao + outputs.issued_rao);
    assert_eq!(emitted.pool.alpha_in_rao, only.pool.alpha_in_rao + UNIT - bought);
    assert_eq!(emitted.alpha_out_rao, UNIT - emitted.accrual.recycled_rao);
    assert!(emitted.pool.price() > only.pool.price() && emitted.moving_price > I96F32::ZERO);

    let Curve::Concentrated(state) = &mut inputs.subnets[0].pool.curve else { panic!("{inputs:?}") };
    state.user_liquidity = true;
    let outputs = coinbase(&inputs).unwrap();
    assert_eq!(outputs.unknown, [(1, SwapError::UserLiquidity)], "the swap may cross a user's ticks");
    assert!(outputs.issued_rao.abs_diff(UNIT) <= 2, "what is issued is known all the same");
    inputs.subnets[0].pool.curve = Curve::ConstantProduct;
    assert_eq!(coinbase(&inputs), Err(EmissionError::WrongPool { netuid: 1 }));
}

#[test]
fn a_subnet_that_does_not_receive_says_why() {
    let open = (Some(1), true, true, true);
    let closed = |flags| (flags, (0, 100, 5, 5), (UNIT, UNIT, UNIT, 1 << 64), (1, true, true));
    let subnets = [
        open,
        (None, true, true, true),
        (Some(1), false, true, true),
        (Some(1), true, false, true),
        (Some(1), true, false, false),
    ];
    let mut inputs = CoinbaseInputs {
        era: Era::Spec365,
        block_number: 7,
        total_issuance_rao: 0,
        root_tao_rao: 0,
        tao_weight: 0,
        owner_cut: 0,
        moving_alpha: I96F32::ZERO,
        flow: FlowParameters { smoothing_factor: 0, norm_exponent: U64F64::ONE, cutoff: I64F64::ZERO },
        subnets: (1..).zip(subnets).map(|(netuid, flags)| subnet(netuid, closed(flags))).collect(),
    };
    let at_377 = coinbase(&inputs).unwrap().excluded;
    let started = [(2, Exclusion::NotStarted), (3, Exclusion::SubtokenDisabled)];
    assert_eq!(at_377[..2], started);
    assert_eq!(at_377[2..], [(5, Exclusion::RegistrationClosed)], "proof of work keeps subnet 4 open");
    inputs.era = Era::Spec401;
    let at_402 = coinbase(&inputs).unwrap().excluded;
    assert_eq!(at_402[2..], [(4, Exclusion::RegistrationClosed), (5, Exclusion::RegistrationClosed)]);
}
