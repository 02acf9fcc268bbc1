//! Verdicts over GraphQL, and an epoch recomputed from its kept inputs.

use serde_json::{Value, json};
use yumascan_protocol::epoch::{
    AccountKey, EpochInputs, Era, MechanismInputs, Neuron, Parameters, StakeInputs, Workspace, run,
};
use yumascan_warehouse::{
    VerifiedWindow,
    rows::{EmissionVerificationRow, EpochDifferenceRow, EpochInputsRow, EpochVerificationRow, Verdict},
};

use crate::world::{Api, plain};

const BLOCK: u64 = 3_000;

/// Two validators and two miners.
fn inputs() -> EpochInputs {
    let neuron = |uid: u8| Neuron {
        key: Some(AccountKey([uid + 1; 32])),
        block_at_registration: 10,
        permit: uid < 2,
        stake: StakeInputs {
            alpha: [70, 30, 0, 0][usize::from(uid)] * 1_000_000_000,
            ..StakeInputs::default()
        },
    };
    let mechanism = MechanismInputs {
        last_update: vec![BLOCK - 5; 4],
        weights: vec![vec![(2, 65535), (3, 100)], vec![(2, 30000), (3, 65535)], vec![], vec![]],
        bonds: vec![vec![]; 4],
        commit_blocks: None,
    };
    EpochInputs {
        era: Era::of_spec(377).unwrap(),
        netuid: 7,
        block: BLOCK,
        rao: u64::MAX / 4,
        parameters: Parameters {
            tempo: 360,
            kappa: 32767,
            bonds_penalty: 65535,
            bonds_moving_average: 900_000,
            yuma3_on: false,
            liquid_alpha_on: false,
            alpha_low: 45875,
            alpha_high: 58982,
            alpha_sigmoid_steepness: 1000,
            activity_cutoff: 5000,
            max_allowed_validators: 64,
            stake_threshold: 0,
            tao_weight: u64::MAX,
            max_stake: None,
        },
        owner_uid: None,
        last_step_block: 0,
        neurons: (0..4).map(neuron).collect(),
        mechanism_split: None,
        mechanisms: vec![mechanism],
    }
}

async fn api() -> Api {
    let api = Api::empty(plain()).await;
    let mut window = VerifiedWindow { first: BLOCK, last: BLOCK, generation: 1, ..VerifiedWindow::default() };
    for (netuid, verdict) in [(7, Verdict::Verified), (9, Verdict::Differs)] {
        window.epochs.push(EpochVerificationRow {
            block_number: BLOCK,
            netuid,
            verdict: verdict.name().to_owned(),
            neurons: 4,
            fields_checked: 40,
            fields_equal: if verdict == Verdict::Verified { 40 } else { 39 },
            first_difference: (verdict == Verdict::Differs).then(|| "Incentive, uid 2: …".to_owned()),
            ..EpochVerificationRow::default()
        });
        window.emissions.push(EmissionVerificationRow {
            block_number: BLOCK,
            netuid,
            verdict: verdict.name().to_owned(),
            tao_in_rao: Some(u64::MAX),
            ..EmissionVerificationRow::default()
        });
    }
    window.differences.push(EpochDifferenceRow {
        block_number: BLOCK,
        netuid: 9,
        field: "Incentive".to_owned(),
        uid: Some(2),
        hotkey: Some("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".to_owned()),
        expected: "5".to_owned(),
        stored: "6".to_owned(),
        ..EpochDifferenceRow::default()
    });
    let text = serde_json::to_string(&inputs()).unwrap();
    window.inputs.push(EpochInputsRow {
        block_number: BLOCK,
        netuid: 7,
        inputs_hash: "0x00".to_owned(),
        inputs: text,
    });
    api.state.warehouse.write_verified(&window).await.unwrap();
    api
}

#[tokio::test]
async fn verdicts_are_listed_filtered_and_counted() {
    let api = api().await;
    let data = api
        .data(
            "{ all: epochVerifications { totalCount nodes { id verdict reason } }
               bad: epochVerifications(filter: { verdict: DIFFERS, fromBlock: 1 }) {
                 nodes { netuid firstDifference differences { field uid hotkey expected stored excusedBy } epoch { mechid } } }
               epochVerdicts { verified differs total }
               emissionVerdicts(filter: { netuid: 9 }) { differs total }
               emissionVerifications(first: 1) { pageInfo { hasNextPage } nodes { id verdict taoInRao } } }",
        )
        .await;
    assert_eq!(data["all"]["totalCount"], 2);
    assert_eq!(data["all"]["nodes"][1], json!({"id": "3000-7-0", "verdict": "VERIFIED", "reason": null}));
    let bad = &data["bad"]["nodes"];
    assert_eq!((bad.as_array().unwrap().len(), &bad[0]["netuid"]), (1, &json!(9)));
    assert_eq!(bad[0]["epoch"], Value::Null, "its inputs are not kept");
    let found = &bad[0]["differences"][0];
    assert_eq!(
        (&found["field"], &found["expected"], &found["stored"]),
        (&json!("Incentive"), &json!(5), &json!(6))
    );
    assert_eq!(data["epochVerdicts"], json!({"verified": 1, "differs": 1, "total": 2}));
    assert_eq!(data["emissionVerdicts"], json!({"differs": 1, "total": 1}));
    let emission = &data["emissionVerifications"];
    assert_eq!(emission["pageInfo"]["hasNextPage"], true);
    assert_eq!(emission["nodes"][0]["taoInRao"], u64::MAX.to_string());
}

#[tokio::test]
async fn an_epoch_is_recomputed_from_its_kept_inputs() {
    let api = api().await;
    let data = api
        .data("{ epoch(netuid: 7, block: 3000) { mechid verdict { verdict fieldsEqual } inputs steps outputs } }")
        .await;
    let epoch = &data["epoch"];
    assert_eq!(epoch["verdict"], json!({"verdict": "VERIFIED", "fieldsEqual": 40}));
    assert_eq!(epoch["inputs"]["parameters"]["tao_weight"], u64::MAX.to_string(), "no reader rounds it");
    let outputs = run(&inputs(), &mut Workspace::default()).unwrap();
    assert_eq!(epoch["outputs"]["mechanism"]["incentive"], json!(outputs.mechanisms[0].incentive));
    assert_eq!(epoch["outputs"]["subnet"]["dividends"], json!(outputs.subnet.dividends));
    assert!(outputs.mechanisms[0].incentive.iter().any(|share| *share > 0));
    assert_eq!(epoch["steps"]["consensus"].as_array().unwrap().len(), 4);
    let missing = api.data("{ epoch(netuid: 8, block: 3000) { mechid } }").await;
    assert_eq!(missing["epoch"], Value::Null);
}
