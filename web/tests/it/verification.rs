//! The verification board and the pages of epochs, over an epoch that is written down here.

use axum::http::StatusCode;
use yumascan_protocol::epoch::{
    AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, Workspace, run,
};
use yumascan_warehouse::{
    VerifiedWindow,
    rows::{EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict},
};

use crate::support::{self, Explorer, text_of};

const BLOCK: u64 = 3_101;
const NETUID: u16 = 7;

/// Two validators of 3 and 1 parts of the stake; the greater gives all to uid 2, the other all to uid 3.
fn inputs() -> EpochInputs {
    let neuron = |uid: u8, alpha: u64| Neuron {
        key: Some(AccountKey([uid + 1; 32])),
        block_at_registration: 0,
        permit: alpha > 0,
        stake: StakeInputs { alpha, ..StakeInputs::default() },
    };
    EpochInputs {
        era: Era::of_spec(377).unwrap(),
        netuid: NETUID,
        block: BLOCK,
        rao: 1_000_000_000,
        parameters: Parameters {
            tempo: 99,
            kappa: 32_767,
            bonds_penalty: 65_535,
            bonds_moving_average: 900_000,
            yuma3_on: false,
            liquid_alpha_on: false,
            alpha_low: 45_875,
            alpha_high: 58_982,
            alpha_sigmoid_steepness: 1_000,
            activity_cutoff: 5_000,
            max_allowed_validators: 64,
            stake_threshold: 0,
            tao_weight: 0,
            max_stake: None,
        },
        owner_uid: None,
        last_step_block: 0,
        neurons: vec![neuron(0, 3_000_000_000), neuron(1, 1_000_000_000), neuron(2, 0), neuron(3, 0)],
        mechanism_split: None,
        mechanisms: vec![MechanismInputs {
            last_update: vec![BLOCK - 1; 4],
            weights: vec![vec![(2, 65_535)], vec![(3, 65_535)], Vec::new(), Vec::new()],
            bonds: vec![Vec::new(); 4],
            commit_blocks: None,
        }],
    }
}

async fn verified(difference: bool) -> Explorer {
    let explorer = support::over(3_100..=3_104).await;
    let verdict = if difference { Verdict::Differs } else { Verdict::Verified };
    let row = EpochVerificationRow {
        block_number: BLOCK,
        netuid: NETUID,
        spec_version: 377,
        era: "365".to_owned(),
        verdict: verdict.name().to_owned(),
        neurons: 4,
        fields_checked: 40,
        fields_equal: if difference { 39 } else { 40 },
        first_difference: difference.then(|| "Incentive of uid 2".to_owned()),
        emission_rao: Some(1_000_000_000),
        emission_source: "recomputed".to_owned(),
        replay_ns: 1_500_000,
        inputs_hash: format!("0x{}", "ab".repeat(32)),
        ..EpochVerificationRow::default()
    };
    let differing = EpochDifferenceRow {
        block_number: BLOCK,
        netuid: NETUID,
        field: "Incentive".to_owned(),
        uid: Some(2),
        expected: "65535".to_owned(),
        stored: "65534".to_owned(),
        ..EpochDifferenceRow::default()
    };
    let kept = EpochInputsRow {
        block_number: BLOCK,
        netuid: NETUID,
        inputs_hash: row.inputs_hash.clone(),
        inputs: serde_json::to_string(&inputs()).unwrap(),
    };
    let window = VerifiedWindow {
        first: BLOCK,
        last: BLOCK,
        generation: 1,
        epochs: vec![row],
        differences: if difference { vec![differing] } else { Vec::new() },
        inputs: vec![kept],
        ..VerifiedWindow::default()
    };
    explorer.warehouse.write_verified(&window).await.unwrap();
    explorer
}

#[tokio::test]
async fn before_anything_is_verified_the_board_says_how() {
    let explorer = support::empty().await;
    assert!(text_of(&explorer.page("/verification").await).contains("yumascan verify"));
}

#[tokio::test]
async fn the_board_leads_to_the_epoch_and_the_epoch_to_every_number() {
    let explorer = verified(false).await;
    let board = explorer.page("/verification").await;
    let place = format!("/subnet/{NETUID}/epoch/{BLOCK}?mechid=0");
    assert!(board.contains(&place) && board.contains("v-verified"), "{board}");

    let page = explorer.page(&place).await;
    let text = text_of(&page);
    let outputs = run(&inputs(), &mut Workspace::default()).unwrap();
    let incentive = outputs.mechanisms[0].incentive[2];
    assert_eq!(incentive, 65_535, "the majority's miner has it all");
    assert!(text.contains("verified") && !text.contains("differs"), "{text}");
    assert!(page.contains(&format!("title=\"{incentive} of 65535\"")), "{page}");
    assert!(!text.contains("stored 6"), "nothing is stored otherwise");
    assert_eq!(page.matches("class=\"chart heat\"").count(), 3, "three pictures");
    assert!(page.contains("2 validators by 4 neurons, 2 values"), "the weights are drawn");
}

#[tokio::test]
async fn a_number_that_the_chain_stored_otherwise_stands_beside_ours() {
    let explorer = verified(true).await;
    let board = text_of(&explorer.page("/verification").await);
    assert!(board.contains("What differs") && board.contains("65534"), "{board}");
    let page = text_of(&explorer.page(&format!("/subnet/{NETUID}/epoch/{BLOCK}")).await);
    assert!(page.contains("differs") && page.contains("stored 65534"), "{page}");
    assert!(page.contains("nothing excuses it"), "{page}");
}

#[tokio::test]
async fn subnets_and_their_hotkeys_say_up_to_where_they_are_verified() {
    let explorer = verified(false).await;
    let badge = "verified at block 3,101";
    let place = format!("/subnet/{NETUID}/epoch/{BLOCK}?mechid=0");
    let subnet = explorer.page(&format!("/subnet/{NETUID}")).await;
    assert!(text_of(&subnet).contains(badge) && subnet.contains(&place), "{subnet}");
    let hotkey = yumascan_chain::AccountId([2; 32]).to_ss58();
    let account = explorer.page(&format!("/account/{hotkey}")).await;
    assert!(text_of(&account).contains(badge) && account.contains(&place), "{account}");
    let other = yumascan_chain::AccountId([9; 32]).to_ss58();
    assert!(!text_of(&explorer.page(&format!("/account/{other}")).await).contains("verified at"));
    assert_eq!(explorer.get("/subnet/8").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn why_tells_who_made_a_neuron_earn() {
    let explorer = verified(false).await;
    let page = text_of(&explorer.page(&format!("/subnet/{NETUID}/epoch/{BLOCK}?uid=2")).await);
    assert!(page.contains("Why neuron 2 got what it got"), "{page}");
    assert!(page.contains("75.0000 %"), "the greater validator's stake: {page}");
    let none = text_of(&explorer.page(&format!("/subnet/{NETUID}/epoch/{BLOCK}?uid=99")).await);
    assert!(none.contains("There is no neuron of this uid"), "{none}");
}

#[tokio::test]
async fn what_if_runs_the_epoch_again() {
    let explorer = verified(false).await;
    let page = |query: &str| format!("/subnet/{NETUID}/epoch/{BLOCK}?{query}");
    // the majority moves to the other miner: all incentive goes with it
    let moved = text_of(&explorer.page(&page("whose=1&percent=900")).await);
    assert!(moved.contains("100.000 % → 0.000 %") && moved.contains("0.000 % → 100.000 %"), "{moved}");
    let same = text_of(&explorer.page(&page("by=0&on=2&weight=65535")).await);
    assert!(same.contains("Nothing changes"), "{same}");
    let refused = text_of(&explorer.page(&page("kappa=70000")).await);
    assert!(refused.contains("Kappa: “70000” is not a whole number from 0 to 65535"), "{refused}");
}

#[tokio::test]
async fn inputs_are_handed_out_as_they_are_kept() {
    let explorer = verified(false).await;
    let answer = explorer.get(&format!("/subnet/{NETUID}/epoch/{BLOCK}/inputs.json")).await;
    let kept: EpochInputs = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(kept, inputs());
    for missing in ["/subnet/7/epoch/3102", "/subnet/7/epoch/3102/inputs.json"] {
        assert_eq!(explorer.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
}
