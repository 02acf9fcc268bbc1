//! Whole epochs with Yuma3 bonds: the sequences of the chain's own tests.

mod decimals;

use decimals::Decimals;
use yumascan_protocol::epoch::EpochOutputs;

use super::world::{World, bond};

/// What one epoch of a sequence gives: bonds of validators A, B, C to each server (−1 for no pair), their
/// dividends, validator emission and the servers' emission.
struct Expected<const SERVERS: usize> {
    bonds: [[i32; SERVERS]; 3],
    dividends: [u16; 3],
    validator: [u64; 3],
    server: [u64; SERVERS],
}

const ALL: u64 = 500_000_000;

fn subnet(stakes: [u64; 3], servers: usize, liquid: bool) -> World {
    let mut all = stakes.to_vec();
    all.resize(3 + servers, 0);
    let mut world = World::new(377, &all);
    let parameters = &mut world.inputs.parameters;
    parameters.bonds_penalty = 0;
    parameters.bonds_moving_average = 975_000;
    parameters.yuma3_on = true;
    parameters.liquid_alpha_on = liquid;
    parameters.alpha_low = 6553;
    parameters.alpha_high = 19660;
    parameters.max_allowed_validators = 3;
    world.epoch(2);
    world
}

/// Runs a sequence: `weights` gives the row of a validator at an epoch.
fn sequence<const SERVERS: usize>(
    world: &mut World,
    weights: impl Fn(usize, usize) -> Vec<(u16, u16)>,
    expected: &[(usize, Expected<SERVERS>)],
    decimals: &[Decimals<SERVERS>],
) {
    let last = expected.last().map_or(0, |(epoch, _)| *epoch);
    for epoch in 0..=last {
        let block = epoch as u64 + 2;
        for validator in 0..3 {
            world.weigh(validator, block, &weights(epoch, validator));
        }
        let outputs = world.epoch(block + 1);
        if let Some(decimals) = decimals.iter().find(|known| known.epoch == epoch) {
            assert_near(&outputs, decimals);
        }
        let Some((_, expected)) = expected.iter().find(|(known, _)| *known == epoch) else { continue };
        for validator in 0..3 {
            let row: Vec<i32> = (3..3 + SERVERS as u16)
                .map(|server| bond(&outputs, validator, server).map_or(-1, i32::from))
                .collect();
            assert_eq!(row, expected.bonds[validator], "epoch {epoch}, validator {validator}");
        }
        let mechanism = &outputs.mechanisms[0];
        assert_eq!(outputs.subnet.dividends[..3], expected.dividends, "epoch {epoch}");
        assert_eq!(mechanism.validator_emission[..3], expected.validator, "epoch {epoch}");
        assert_eq!(mechanism.server_emission[3..], expected.server, "epoch {epoch}");
    }
}

/// The chain's own tests assert decimals, within a thousandth.
fn assert_near<const SERVERS: usize>(outputs: &EpochOutputs, decimals: &Decimals<SERVERS>) {
    let is_near = |share: u16, expected: f64| (f64::from(share) / 65535.0 - expected).abs() <= 1e-3;
    let epoch = decimals.epoch;
    for validator in 0..3 {
        for (server, expected) in (3_u16..).zip(decimals.bonds[validator]) {
            let share = bond(outputs, validator, server).unwrap_or(0);
            assert!(
                is_near(share, expected),
                "epoch {epoch}: {share} of {validator} in {server}, {expected}"
            );
        }
        let (share, expected) = (outputs.subnet.dividends[validator], decimals.dividends[validator]);
        assert!(is_near(share, expected), "epoch {epoch}: dividends {share} of {validator}, {expected}");
    }
}

/// All to one of two servers, named `server`: the call sets zero for the other, which keeps old bonds alive.
fn one_of_two(server: u16) -> Vec<(u16, u16)> {
    [3, 4].into_iter().map(|uid| (uid, if uid == server { 65535 } else { 0 })).collect()
}

/// Weights to one of two servers from the epoch on that each validator moves.
fn moving(moves: [usize; 3]) -> impl Fn(usize, usize) -> Vec<(u16, u16)> {
    move |epoch, validator| one_of_two(if epoch >= moves[validator] { 4 } else { 3 })
}

fn of<const SERVERS: usize>(
    bonds: [[i32; SERVERS]; 3],
    dividends: [u16; 3],
    validator: [u64; 3],
    server: [u64; SERVERS],
) -> Expected<SERVERS> {
    Expected { bonds, dividends, validator, server }
}

fn numbered<const SERVERS: usize>(rows: Vec<Expected<SERVERS>>) -> Vec<(usize, Expected<SERVERS>)> {
    rows.into_iter().enumerate().collect()
}

const FIRST: [u64; 2] = [ALL, 0];
const SECOND: [u64; 2] = [0, ALL];

#[test]
fn the_majority_moves_first() {
    let expected = vec![
        of([[6640, -1]; 3], [52428, 6553, 6553], [400_000_000, 49_999_999, 49_999_999], FIRST),
        of([[5951, 6640], [24229, -1], [24229, -1]], [65535, 0, 0], [ALL, 0, 0], SECOND),
        of(
            [[5336, 12607], [20770, 6640], [36565, -1]],
            [61486, 4048, 0],
            [469_114_009, 30_885_990, 0],
            SECOND,
        ),
        of(
            [[4786, 17970], [18119, 12607], [28221, 6640]],
            [57796, 5068, 2669],
            [440_959_013, 38_671_990, 20_368_996],
            SECOND,
        ),
        of(
            [[4294, 22789], [15957, 17970], [23518, 12607]],
            [56122, 5531, 3881],
            [428_185_483, 42_204_163, 29_610_352],
            SECOND,
        ),
        of(
            [[3853, 27120], [14133, 22789], [20244, 17970]],
            [55170, 5795, 4569],
            [420_923_057, 44_213_590, 34_863_351],
            SECOND,
        ),
    ];
    sequence(&mut subnet([8, 1, 1], 2, true), moving([1, 2, 3]), &numbered(expected), &decimals::FIRST);
}

#[test]
fn the_majority_moves_second() {
    let expected = vec![
        of([[6640, -1]; 3], [52428, 6553, 6553], [400_000_000, 49_999_999, 49_999_999], FIRST),
        of(
            [[12607, -1], [5951, 19572], [12607, -1]],
            [55350, 3266, 6918],
            [422_294_004, 24_919_245, 52_786_750],
            FIRST,
        ),
        of(
            [[11235, 6640], [5336, 24229], [28414, -1]],
            [45007, 20527, 0],
            [343_388_321, 156_611_677, 0],
            SECOND,
        ),
        of(
            [[10030, 12607], [4786, 28414], [23641, 6640]],
            [48632, 13700, 3201],
            [371_042_835, 104_528_080, 24_429_083],
            SECOND,
        ),
        of(
            [[8966, 17970], [4294, 32175], [20336, 12607]],
            [49969, 11183, 4382],
            [381_239_730, 85_325_643, 33_434_624],
            SECOND,
        ),
        of(
            [[8023, 22789], [3853, 35555], [17771, 17970]],
            [50661, 9879, 4993],
            [386_523_246, 75_379_034, 38_097_718],
            SECOND,
        ),
    ];
    sequence(&mut subnet([8, 1, 1], 2, true), moving([2, 1, 3]), &numbered(expected), &decimals::SECOND);
}

#[test]
fn the_majority_moves_last() {
    let expected = vec![
        of([[6640, -1]; 3], [52428, 6553, 6553], [400_000_000, 49_999_999, 49_999_999], FIRST),
        of(
            [[12607, -1], [5951, 19572], [12607, -1]],
            [55350, 3266, 6918],
            [422_294_004, 24_919_245, 52_786_750],
            FIRST,
        ),
        of(
            [[17970, -1], [5336, 33299], [11235, 19572]],
            [58761, 2181, 4592],
            [448_321_481, 16_641_518, 35_036_999],
            FIRST,
        ),
        of(
            [[15832, 6640], [4786, 36565], [10030, 24229]],
            [30561, 21034, 13938],
            [233_169_897, 160_486_565, 106_343_537],
            SECOND,
        ),
        of(
            [[14026, 12607], [4294, 39500], [8966, 28414]],
            [39164, 15337, 11033],
            [298_803_620, 117_019_120, 84_177_258],
            SECOND,
        ),
        of(
            [[12471, 17970], [3853, 42138], [8023, 32175]],
            [43202, 12663, 9669],
            [329_614_927, 96_613_626, 73_771_445],
            SECOND,
        ),
    ];
    sequence(&mut subnet([8, 1, 1], 2, true), moving([3, 1, 2]), &numbered(expected), &decimals::LAST);
}

/// All to the first server, validator C to the second for one epoch.
fn one_switch(epoch: usize, validator: usize) -> Vec<(u16, u16)> {
    one_of_two(if (epoch, validator) == (2, 2) { 4 } else { 3 })
}

#[test]
fn one_validator_switches_for_one_epoch() {
    let even = [165_000_000, 165_000_000, 169_999_999];
    let expected = vec![
        of([[6640, -1]; 3], [21626, 21626, 22281], even, FIRST),
        of([[12607, -1]; 3], [21626, 21626, 22281], even, FIRST),
        of(
            [[17970, -1], [17970, -1], [11235, 19572]],
            [24784, 24784, 15965],
            [189_096_121, 189_096_121, 121_807_756],
            FIRST,
        ),
        of(
            [[22789, -1], [22789, -1], [16737, 17153]],
            [23773, 23773, 17988],
            [181_377_975, 181_377_975, 137_244_048],
            FIRST,
        ),
        of(
            [[27120, -1], [27120, -1], [21681, 15147]],
            [23209, 23209, 19116],
            [177_073_512, 177_073_512, 145_852_973],
            FIRST,
        ),
        of(
            [[31012, -1], [31012, -1], [26124, 13439]],
            [22851, 22851, 19832],
            [174_342_485, 174_342_485, 151_315_029],
            FIRST,
        ),
    ];
    sequence(&mut subnet([33, 33, 34], 2, true), one_switch, &numbered(expected), &decimals::SWITCH);
}

#[test]
fn one_validator_switches_with_the_fixed_alpha() {
    let even = [165_000_000, 165_000_000, 169_999_999];
    let expected = vec![
        of([[1638, -1]; 3], [21626, 21626, 22281], even, FIRST),
        of([[3235, -1]; 3], [21626, 21626, 22281], even, FIRST),
        of(
            [[4792, -1], [4792, -1], [3154, 1638]],
            [24470, 24470, 16593],
            [186_700_830, 186_700_830, 126_598_338],
            FIRST,
        ),
        of(
            [[6310, -1], [6310, -1], [4713, 1597]],
            [23662, 23662, 18209],
            [180_534_164, 180_534_164, 138_931_670],
            FIRST,
        ),
        of(
            [[7790, -1], [7790, -1], [6233, 1557]],
            [23203, 23203, 19128],
            [177_029_922, 177_029_922, 145_940_154],
            FIRST,
        ),
        of(
            [[9233, -1], [9233, -1], [7715, 1518]],
            [22907, 22907, 19720],
            [174_769_338, 174_769_338, 150_461_322],
            FIRST,
        ),
    ];
    sequence(&mut subnet([33, 33, 34], 2, false), one_switch, &numbered(expected), &decimals::FIXED);
}

#[test]
fn a_stable_miner_keeps_its_validators() {
    let weights = |epoch: usize, validator: usize| {
        let moves = [2, 1, 3];
        if epoch >= moves[validator] {
            vec![(3, 0), (4, 65535), (5, 65535)]
        } else {
            vec![(3, 65535), (4, 0), (5, 65535)]
        }
    };
    let expected = vec![
        of(
            [[3320, -1, 3320]; 3],
            [52428, 6553, 6553],
            [400_000_000, 49_999_999, 49_999_999],
            [250_000_000, 0, 250_000_000],
        ),
        of(
            [[6303, -1, 6303], [2980, 6553, 6303], [6303, -1, 6303]],
            [53911, 4884, 6738],
            [411_317_889, 37_267_374, 51_414_735],
            [236_842_105, 0, 263_157_894],
        ),
        of(
            [[5650, 3320, 8984], [2675, 9209, 8984], [11595, -1, 8984]],
            [50789, 11044, 3700],
            [387_497_383, 84_267_565, 28_235_050],
            [0, 236_842_105, 263_157_894],
        ),
        of(
            [[5067, 6303, 11394], [2402, 11596, 11394], [10347, 3320, 11394]],
            [51538, 8990, 5005],
            [393_213_910, 68_596_697, 38_189_391],
            [0, 250_000_000, 250_000_000],
        ),
        of(
            [[4545, 8984, 13559], [2157, 13741, 13559], [9246, 6303, 13559]],
            [51851, 8133, 5550],
            [395_599_268, 62_054_384, 42_346_346],
            [0, 250_000_000, 250_000_000],
        ),
        of(
            [[4078, 11394, 15505], [1937, 15668, 15505], [8271, 8984, 15505]],
            [52013, 7688, 5832],
            [396_837_428, 58_663_177, 44_499_394],
            [0, 250_000_000, 250_000_000],
        ),
    ];
    sequence(&mut subnet([8, 1, 1], 3, true), weights, &numbered(expected), &decimals::STABLE);
}

#[test]
fn a_reset_drops_all_bonds_to_a_miner() {
    let weights = |epoch: usize, validator: usize| {
        let to_first = match (epoch, validator) {
            (0, _) | (1, 0) | (21, 1 | 2) => true,
            (epoch, _) => epoch >= 22,
        };
        one_of_two(if to_first { 3 } else { 4 })
    };
    let even = |bonds: [[i32; 2]; 2], dividends: [u16; 2], validator: [u64; 2], server| {
        of(
            [bonds[0], bonds[1], bonds[1]],
            [dividends[0], dividends[1], dividends[1]],
            [validator[0], validator[1], validator[1]],
            server,
        )
    };
    let before = [
        (0, even([[6640, -1]; 2], [52428, 6553], [400_000_000, 49_999_999], FIRST)),
        (1, even([[12607, -1], [5951, 19572]], [58617, 3458], [447_219_804, 26_390_097], FIRST)),
        (2, even([[11235, 6640], [5336, 24229]], [34272, 15631], [261_485_085, 119_257_456], SECOND)),
        (19, even([[1757, 55953], [852, 58813]], [51897, 6818], [395_951_612, 52_024_193], SECOND)),
    ];
    let mut world = subnet([8, 1, 1], 2, true);
    sequence(&mut world, weights, &before, &decimals::RESET);

    // the commitment of the hotkey of uid 3 asks for the reset before the epoch of 20
    for row in &mut world.inputs.mechanisms[0].bonds {
        row.retain(|(target, _)| *target != 3);
    }
    let after = [
        (20, even([[-1, 56923], [-1, 59494]], [51958, 6788], [396_420_218, 51_789_890], SECOND)),
        (21, even([[-1, 57795], [19572, 41844]], [55491, 5021], [423_369_439, 38_315_280], SECOND)),
        (40, even([[56923, 3784], [59494, 3425]], [51958, 6788], [396_420_218, 51_789_890], FIRST)),
    ];
    let mut later = after.into_iter().map(|(epoch, expected)| (epoch - 20, expected)).collect::<Vec<_>>();
    later.sort_by_key(|(epoch, _)| *epoch);
    let shifted: Vec<Decimals<2>> = decimals::RESET
        .into_iter()
        .filter(|decimals| decimals.epoch >= 20)
        .map(|decimals| Decimals { epoch: decimals.epoch - 20, ..decimals })
        .collect();
    sequence(&mut world, |epoch, validator| weights(epoch + 20, validator), &later, &shifted);
}
