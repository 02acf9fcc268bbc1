//! Whole epochs with classic bonds: the figures of the chain's own tests.

use super::world::{World, bond};

const HALF: u64 = 500_000_000;
const ALL: u64 = 1_000_000_000;

/// A validator with all the stake and a server, after the epoch that permits the validator.
fn validator_and_server() -> World {
    let mut world = World::new(377, &[1, 0]);
    let outputs = world.epoch(0);
    assert_eq!(outputs.subnet.validator_permit, [true, false]);
    world
}

#[test]
fn without_weights_that_count_the_stake_takes_all() {
    let mut world = validator_and_server();
    assert_eq!(world.epoch(1).subnet.emission, [ALL, 0], "no weights");
    world.weigh(0, 1, &[(0, 65535)]);
    assert_eq!(world.epoch(2).subnet.emission, [ALL, 0], "to itself");
    world.weigh(0, 2, &[]);
    world.weigh(1, 2, &[(1, 65535)]);
    assert_eq!(world.epoch(3).subnet.emission, [ALL, 0], "of a server without permit");
    world.inputs.neurons[1].block_at_registration = 4;
    world.weigh(0, 4, &[(1, 65535)]);
    assert_eq!(world.epoch(5).subnet.emission, [ALL, 0], "set in the block of the registration");
    world.weigh(0, 5, &[(1, 65535)]);
    assert_eq!(world.epoch(6).subnet.emission, [HALF, HALF], "a block later");
}

#[test]
fn ten_self_voters_share_by_stake_and_lose_the_dust() {
    let mut world = World::new(377, &[1; 10]);
    world.epoch(0);
    for uid in 0..10 {
        world.weigh(usize::from(uid), 1, &[(uid, 65535)]);
    }
    let outputs = world.epoch(1);
    assert_eq!(outputs.subnet.emission, [99_999_999; 10]);
    assert_eq!(outputs.subnet.consensus, [0; 10]);
    assert_eq!(outputs.subnet.dividends, [0; 10]);
    assert_eq!(outputs.subnet.validator_trust, [0; 10]);
    assert_eq!(outputs.mechanisms[0].incentive, [0; 10]);
}

#[test]
fn a_graph_of_512_shares_evenly() {
    const VALIDATORS: usize = 64;
    let stakes: Vec<u64> =
        (0..512).map(|uid| if uid < VALIDATORS { 328_125_000_000_000 } else { 0 }).collect();
    let mut world = World::new(377, &stakes);
    world.inputs.parameters.max_allowed_validators = 64;
    world.epoch(0);
    let servers: Vec<(u16, u16)> = (64..512).map(|uid| (uid, 65535)).collect();
    for uid in 0..VALIDATORS {
        world.weigh(uid, 1, &servers);
    }
    let outputs = world.epoch(1);
    for uid in 0..VALIDATORS {
        assert_eq!(outputs.subnet.dividends[uid], 1023);
        assert_eq!(outputs.subnet.emission[uid], 7_812_500);
        assert_eq!(outputs.mechanisms[0].incentive[uid], 0);
        assert_eq!(outputs.subnet.consensus[uid], 0);
        let bonds: Vec<(u16, u16)> = (64..512).map(|target| (target, 65535)).collect();
        assert_eq!(outputs.mechanisms[0].bonds[uid], bonds, "all servers alike, and no validator");
    }
    for uid in VALIDATORS..512 {
        assert_eq!(outputs.subnet.dividends[uid], 0);
        assert_eq!(outputs.subnet.emission[uid], 1_116_071);
        assert_eq!(outputs.mechanisms[0].incentive[uid], 146);
        assert_eq!(outputs.subnet.consensus[uid], 146);
        assert!(outputs.mechanisms[0].bonds[uid].is_empty());
    }
}

#[test]
fn a_single_neuron_takes_all_but_the_dust() {
    let mut world = World::new(377, &[10_000]);
    let outputs = world.epoch(0);
    let mechanism = &outputs.mechanisms[0];
    let paid = mechanism.server_emission[0] + mechanism.validator_emission[0];
    assert!(ALL - paid <= 1000, "{paid}");
}

#[test]
fn a_longer_last_update_does_not_matter() {
    let mut world = World::new(377, &[1, 0]);
    world.inputs.mechanisms[0].last_update = vec![0; 9];
    let outputs = world.epoch(0);
    assert_eq!(outputs.mechanisms[0].incentive, [0, 0]);
    assert_eq!(outputs.subnet.dividends, [0, 0]);
}

#[test]
fn permits_go_to_the_greatest_stakes_above_the_threshold() {
    for (neurons, seats) in [(2_usize, 1_u16), (4, 2), (8, 4)] {
        let threshold = u64::from(seats);
        let mut world = World::new(377, &vec![1; neurons]);
        world.inputs.parameters.max_allowed_validators = seats;
        world.inputs.parameters.stake_threshold = threshold;
        let permits = world.epoch(0).subnet.validator_permit;
        // equal stakes: the last ones are the greatest, if a stake of one suffices
        let expected: Vec<bool> =
            (0..neurons).map(|uid| threshold <= 1 && uid + usize::from(seats) >= neurons).collect();
        assert_eq!(permits, expected, "{neurons}: all alike");
        for uid in 0..usize::from(seats) {
            world.inputs.neurons[uid].stake.alpha = threshold + neurons as u64;
        }
        let permits = world.epoch(1).subnet.validator_permit;
        let expected: Vec<bool> = (0..neurons).map(|uid| uid < usize::from(seats)).collect();
        assert_eq!(permits, expected, "{neurons}: validators");
        for uid in usize::from(seats)..neurons {
            world.inputs.neurons[uid].stake.alpha += 2 * neurons as u64 + threshold;
        }
        let permits = world.epoch(2).subnet.validator_permit;
        let servers = permits.iter().skip(usize::from(seats)).filter(|permit| **permit).count();
        assert_eq!(servers, usize::from(seats), "{neurons}: servers take the permits");
        assert!(permits.iter().take(usize::from(seats)).all(|permit| !permit));
    }
}

/// Four validators with stakes 1 to 4 that weigh four servers alike.
fn four_by_four(spec: u32) -> World {
    let mut world = World::new(spec, &[1, 2, 3, 4, 0, 0, 0, 0]);
    world.epoch(0);
    for uid in 0..4 {
        world.weigh(uid, 1, &[(4, 16383), (5, 32767), (6, 49149), (7, 65535)]);
    }
    world
}

#[test]
fn bonds_follow_the_sequence_of_the_chain() {
    type Row = ([u64; 8], [u16; 4], [u16; 4], [u16; 4]);
    const SERVERS: [u64; 4] = [49_998_779, 100_000_610, 149_996_337, 200_004_272];
    let alone = |validators: [u64; 4]| {
        [validators[0], validators[1], validators[2], validators[3], 0, 0, 0, 500_000_000]
    };
    let with_servers = |validators: [u64; 4]| {
        let mut all = [0; 8];
        all[..4].copy_from_slice(&validators);
        all[4..].copy_from_slice(&SERVERS);
        all
    };
    // emission, bonds to uid 4, bonds to uid 7, dividends of uids 0 to 3
    let expected: [Row; 8] = [
        (
            with_servers([49_999_998, 99_999_999, 150_000_000, 200_000_001]),
            [16383, 32767, 49151, 65535],
            [16383, 32767, 49151, 65535],
            [6553, 13106, 19660, 26214],
        ),
        (
            with_servers([44_998_351, 101_110_561, 151_667_215, 202_223_870]),
            [14582, 32767, 49151, 65535],
            [14582, 32767, 49151, 65535],
            [5897, 13252, 19879, 26505],
        ),
        (
            with_servers([40_496_805, 90_999_783, 157_929_636, 210_573_773]),
            [12603, 28321, 49151, 65535],
            [12603, 28321, 49151, 65535],
            [5307, 11927, 20699, 27599],
        ),
        (
            [99_999_999, 199_999_999, 299_999_999, 399_999_999, 0, 0, 0, 0],
            [12602, 28320, 49150, 65535],
            [12602, 28320, 49150, 65535],
            [0; 4],
        ),
        (
            alone([36_443_733, 81_898_628, 163_565_493, 218_092_144]),
            [12601, 28319, 49149, 65535],
            [10951, 24609, 49150, 65535],
            [4776, 10734, 21438, 28585],
        ),
        (
            alone([32_799_427, 73_706_612, 168_638_129, 224_855_830]),
            [12600, 28318, 49148, 65535],
            [9559, 21482, 49150, 65535],
            [4299, 9660, 22103, 29471],
        ),
        (
            alone([29_518_068, 66_336_137, 173_203_134, 230_942_659]),
            [12599, 28317, 49147, 65535],
            [8376, 18824, 49150, 65535],
            [3868, 8694, 22701, 30269],
        ),
        (
            alone([26_565_175, 59_701_871, 177_311_856, 236_421_095]),
            [12598, 28316, 49146, 65535],
            [7363, 16549, 49150, 65535],
            [3481, 7825, 23240, 30987],
        ),
    ];
    let mut world = four_by_four(377);
    for (block, (emission, to_first, to_last, dividends)) in (1..).zip(expected) {
        match block {
            2 => world.weigh(0, 1, &[(0, 65535)]),
            3 => world.weigh(1, 2, &[(1, 65535)]),
            4 => world.weigh(2, 3, &[(2, 65535)]),
            5 => world.weigh(2, 4, &[(7, 65535)]),
            _ => {}
        }
        let outputs = world.epoch(block);
        assert_eq!(outputs.subnet.emission, emission, "block {block}");
        for uid in 0..4 {
            assert_eq!(bond(&outputs, uid, 4), Some(to_first[uid]), "block {block}, uid {uid}");
            assert_eq!(bond(&outputs, uid, 7), Some(to_last[uid]), "block {block}, uid {uid}");
        }
        assert_eq!(outputs.subnet.dividends[..4], dividends, "block {block}");
        if block == 1 {
            let shares = [0, 0, 0, 0, 6553, 13107, 19660, 26214];
            assert_eq!(outputs.mechanisms[0].incentive, shares);
            assert_eq!(outputs.subnet.consensus, shares);
            assert_eq!(outputs.subnet.validator_trust[..4], [65534; 4]);
        }
    }
}

#[test]
fn inactive_stake_loses_its_dividends() {
    let mut world = World::new(377, &[1; 4]);
    world.epoch(0);
    for uid in 0..2 {
        world.weigh(uid, 1, &[(2, 65535), (3, 65535)]);
    }
    let outputs = world.epoch(1);
    assert_eq!(outputs.subnet.emission, [250_000_000; 4]);
    assert_eq!(outputs.subnet.dividends, [32767, 32767, 0, 0]);
    for (uid, target) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
        assert_eq!(bond(&outputs, uid, target), Some(65535));
    }

    world.inputs.mechanisms[0].last_update[0] = 5002;
    let outputs = world.epoch(5002);
    assert_eq!(outputs.subnet.active, [true, false, false, false]);
    assert_eq!(outputs.subnet.emission, [274_999_999, 224_999_999, 250_000_000, 250_000_000]);
    assert_eq!(outputs.subnet.dividends, [36044, 29490, 0, 0]);
    assert_eq!((bond(&outputs, 0, 2), bond(&outputs, 1, 2)), (Some(65535), Some(53619)));
    assert_eq!((bond(&outputs, 0, 3), bond(&outputs, 1, 3)), (Some(65535), Some(53619)));

    world.inputs.mechanisms[0].last_update[1] = 5002;
    let outputs = world.epoch(5003);
    assert_eq!(outputs.subnet.emission, [272_501_132, 227_498_866, 250_000_000, 250_000_000]);
    assert_eq!(outputs.subnet.dividends, [35716, 29818, 0, 0]);
    assert_eq!((bond(&outputs, 0, 2), bond(&outputs, 1, 2)), (Some(65535), Some(54712)));
    assert_eq!((bond(&outputs, 0, 3), bond(&outputs, 1, 3)), (Some(65535), Some(54712)));
}

#[test]
fn weights_older_than_a_registration_do_not_count() {
    // the stale pair of uid 1 as stored before spec 320, and as zeroed since
    for stale in [32768, 0] {
        let mut world = World::new(377, &[1; 4]);
        world.inputs.parameters.tempo = 0;
        world.epoch(0);
        for uid in 0..2 {
            world.weigh(uid, 1, &[(2, 65535), (3, 32768)]);
        }
        for uid in 2..4_u16 {
            world.weigh(usize::from(uid), 1, &[(uid, 65535)]);
        }
        let outputs = world.epoch(1);
        assert_eq!(outputs.subnet.emission, [250_000_000, 250_000_000, 333_331_637, 166_668_361]);
        assert_eq!(outputs.mechanisms[0].incentive, [0, 0, 43689, 21845]);
        assert_eq!(outputs.subnet.consensus, [0, 0, 43689, 21845]);
        assert_eq!(outputs.subnet.dividends, [32767, 32767, 0, 0]);

        world.replace(3, 1);
        world.weigh(0, 2, &[(2, 65535), (3, 32768)]);
        world.weigh(1, 1, &[(2, 65535), (3, stale)]);
        let outputs = world.epoch(2);
        assert_eq!(outputs.subnet.emission, [250_000_000, 250_000_000, 500_000_000, 0]);
        assert_eq!(outputs.mechanisms[0].incentive, [0, 0, 65535, 0]);
        assert_eq!(outputs.subnet.consensus, [0, 0, 43689, 0]);
        assert_eq!(outputs.subnet.dividends[0], 32767);
        assert_eq!((bond(&outputs, 0, 2), bond(&outputs, 0, 3)), (Some(65535), Some(65535)));
    }
}

#[test]
fn bonds_to_a_replaced_miner_go_and_the_others_stay() {
    let mut world = World::new(377, &[1, 1, 0, 0]);
    world.inputs.parameters.tempo = 10;
    world.epoch(0);
    for uid in 0..2 {
        world.weigh(uid, 1, &[(2, 65535), (3, 32768)]);
    }
    let before = world.epoch(1);
    world.weigh(1, 1, &[(2, 65535), (3, 65535)]);
    world.epoch(12);
    world.replace(3, 20);
    for uid in 0..2 {
        world.weigh(uid, 21, &[(2, 65535), (3, 65535)]);
    }
    let after = world.epoch(23);
    assert!(bond(&after, 0, 2) >= bond(&before, 0, 2));
    assert!(bond(&after, 0, 3) <= bond(&before, 0, 3));
}

#[test]
fn only_the_owner_may_weigh_itself_and_only_since_252() {
    let incentive = |spec, owner| {
        let mut world = World::new(spec, &[1, 0]);
        world.inputs.owner_uid = owner;
        world.epoch(0);
        world.weigh(0, 2, &[(0, 32767), (1, 32767)]);
        world.epoch(2).mechanisms[0].incentive.clone()
    };
    assert_eq!(incentive(377, Some(0)), [32767, 32767]);
    assert_eq!(incentive(252, Some(0)), [32767, 32767]);
    assert_eq!(incentive(247, Some(0)), [0, 65535]);
    assert_eq!(incentive(377, None), [0, 65535]);
    assert_eq!(incentive(377, Some(1)), [0, 65535]);
}

#[test]
fn liquid_alpha_with_equal_ends_is_the_fixed_alpha() {
    let sequence = |liquid: bool| {
        let mut world = World::new(377, &[1, 2, 3, 4, 0, 0, 0, 0]);
        world.inputs.parameters.yuma3_on = true;
        world.inputs.parameters.liquid_alpha_on = liquid;
        world.inputs.parameters.alpha_low = 6553;
        world.inputs.parameters.alpha_high = 6553;
        world.epoch(0);
        for uid in 0..4 {
            world.weigh(uid, 1, &[(4, 16383), (5, 32767), (6, 49149), (7, 65535)]);
        }
        let mut outputs = world.epoch(1);
        for block in 2..6 {
            outputs = world.epoch(block);
        }
        outputs
    };
    let (liquid, fixed) = (sequence(true), sequence(false));
    for uid in 0..4 {
        for target in 4..8 {
            let gap = bond(&liquid, uid, target).unwrap().abs_diff(bond(&fixed, uid, target).unwrap());
            assert!(gap <= 65, "uid {uid} of {target}");
        }
        assert!(liquid.subnet.dividends[uid].abs_diff(fixed.subnet.dividends[uid]) <= 65);
    }
}

#[test]
fn liquid_alpha_of_the_first_form_moves_classic_bonds_fast() {
    let mut world = four_by_four(261);
    world.inputs.parameters.liquid_alpha_on = true;
    let outputs = world.epoch(1);
    let to_first = |outputs: &_| (0..4).map(|uid| bond(outputs, uid, 4).unwrap()).collect::<Vec<_>>();
    assert_eq!(to_first(&outputs), [16383, 32767, 49151, 65535]);
    world.weigh(0, 1, &[(0, 65535)]);
    let outputs = world.epoch(2);
    assert_eq!(to_first(&outputs), [2862, 32767, 49151, 65535]);
}
