//! What is answered, beside what the decoder says.

use serde_json::{Value, json};

use crate::world::{Api, CALM, FIRST, LAST, plain, world};

#[tokio::test]
async fn a_block_is_answered_with_its_extrinsics_their_calls_and_events() {
    let api = Api::new(yumascan_api::ApiConfig { max_complexity: usize::MAX, ..plain() }).await;
    let query = format!(
        "{{ block(number: {CALM}) {{ number hash extrinsicCount eventCount callCount finalized
             extrinsics(first: 1000) {{ totalCount nodes {{ index hash name success
               calls(first: 1000) {{ totalCount nodes {{ path name outcome args }} }}
               events(first: 1000) {{ totalCount nodes {{ index name phase args }} }} }} }} }} }}"
    );
    let block = api.data(&query).await["block"].take();
    let decoded = world().block(CALM);
    assert_eq!(block["hash"], decoded.summary.hash.to_string());
    assert_eq!(block["finalized"], true);
    assert_eq!(block["extrinsicCount"], decoded.extrinsics().len());
    assert_eq!(block["eventCount"], decoded.events().len());

    let extrinsics = block["extrinsics"]["nodes"].as_array().unwrap();
    assert_eq!(extrinsics.len(), decoded.extrinsics().len());
    for (answered, expected) in extrinsics.iter().zip(decoded.extrinsics()) {
        assert_eq!(answered["index"], expected.index);
        assert_eq!(answered["hash"], expected.hash.to_string());
        assert_eq!(answered["name"], format!("{}.{}", expected.pallet, expected.call));
        assert_eq!(answered["success"], json!(expected.success));

        let calls: Vec<Value> = decoded
            .calls()
            .filter(|call| call.extrinsic_index == expected.index)
            .map(|call| {
                json!([
                    call.path,
                    format!("{}.{}", call.pallet, call.call),
                    call.outcome.name().to_uppercase(),
                    parse(call.args)
                ])
            })
            .collect();
        assert_eq!(answered["calls"]["totalCount"], calls.len());
        let fields = ["path", "name", "outcome", "args"];
        assert_eq!(rows(&answered["calls"]["nodes"], &fields), calls);

        let events: Vec<Value> = decoded
            .events()
            .filter(|event| event.extrinsic_index() == Some(expected.index))
            .map(|event| {
                json!([
                    event.index,
                    format!("{}.{}", event.pallet, event.variant),
                    "APPLY_EXTRINSIC",
                    parse(event.args)
                ])
            })
            .collect();
        assert_eq!(rows(&answered["events"]["nodes"], &["index", "name", "phase", "args"]), events);
    }
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn rows(nodes: &Value, fields: &[&str]) -> Vec<Value> {
    let row = |node: &Value| Value::Array(fields.iter().map(|field| node[field].clone()).collect());
    nodes.as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn the_batches_of_the_incident_are_counted_item_by_item() {
    let api = Api::new(plain()).await;
    let decoded = world().block(LAST);
    let calls = decoded.calls().len();
    let items = decoded
        .events()
        .filter(|event| event.pallet == "Utility" && event.variant == "ItemCompleted")
        .count();
    assert!(
        calls > 1_000 && items > 1_000,
        "block {LAST} is one of the huge ones: {calls} calls, {items} items"
    );

    let query = format!(
        "{{ block(number: {LAST}) {{ callCount extrinsics(first: 1000) {{ nodes {{ id callCount calls(first: 1) {{ totalCount }} }} }} }}
            calls(filter: {{ fromBlock: {LAST}, toBlock: {LAST} }}, first: 1) {{ totalCount }}
            events(filter: {{ fromBlock: {LAST}, toBlock: {LAST}, name: \"Utility.ItemCompleted\" }}, first: 1) {{ totalCount }} }}"
    );
    let config = yumascan_api::ApiConfig { max_nodes: 1_000_000, max_warehouse_queries: 10_000, ..plain() };
    let data = Api::new(config).await.data(&query).await;
    assert_eq!(data["block"]["callCount"], calls);
    assert_eq!(data["calls"]["totalCount"], calls);
    assert_eq!(data["events"]["totalCount"], items);
    let nodes = data["block"]["extrinsics"]["nodes"].as_array().unwrap().clone();
    for extrinsic in &nodes {
        assert_eq!(extrinsic["callCount"], extrinsic["calls"]["totalCount"], "{}", extrinsic["id"]);
    }
    let of_extrinsics: u64 = nodes.iter().map(|extrinsic| extrinsic["callCount"].as_u64().unwrap()).sum();
    assert_eq!(of_extrinsics, calls as u64);

    // The tree of one batch: its children are its items.
    let batch = decoded
        .extrinsics()
        .find(|extrinsic| extrinsic.pallet == "Utility" && extrinsic.call_count > 100)
        .unwrap();
    let children =
        decoded.calls().filter(|call| call.extrinsic_index == batch.index && call.depth == 1).count();
    let query = format!(
        "{{ extrinsic(id: \"{LAST}-{}\") {{ calls(first: 1) {{ nodes {{ path children(first: 1000) {{ totalCount nodes {{ depth parent {{ path }} }} }} }} }} }} }}",
        batch.index
    );
    let root = api.data(&query).await["extrinsic"]["calls"]["nodes"][0].take();
    assert_eq!(root["children"]["totalCount"], children);
    assert!(
        root["children"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|child| child["parent"]["path"] == "0" && child["depth"] == 1)
    );
}

#[tokio::test]
async fn what_is_not_stored_is_null() {
    let api = Api::new(plain()).await;
    let nothing = format!("0x{}", "ab".repeat(32));
    let data = api
        .data(&format!(
            "{{ number: block(number: 9) {{ hash }} hash: block(hash: \"{nothing}\") {{ hash }}
                id: extrinsic(id: \"9-1\") {{ id }} bytes: extrinsic(hash: \"{nothing}\") {{ id }} all: extrinsicsByHash(hash: \"{nothing}\") {{ id }}
                account(id: \"{nothing}\") {{ id }} first: block(number: {FIRST}) {{ parent {{ number }} }} last: block(number: {LAST}) {{ next {{ number }} }} }}"
        ))
        .await;
    assert_eq!(
        data,
        json!({ "number": null, "hash": null, "id": null, "bytes": null, "all": [], "account": null,
                "first": { "parent": null }, "last": { "next": null } })
    );
}

#[tokio::test]
async fn what_is_not_known_is_null_and_not_zero() {
    let api = Api::new(plain()).await;
    let fields = "kind signer signature nonce tipRao eraBirth eraDeath error feeRao";
    let data = api.data(&format!("{{ extrinsic(id: \"{CALM}-0\") {{ {fields} success paysFee }} }}")).await;
    let inherent = &data["extrinsic"];
    assert_eq!(inherent["kind"], "bare");
    for field in fields.split(' ').skip(1) {
        assert_eq!(inherent[field], Value::Null, "{field}");
    }
    assert_eq!(inherent["success"], true);
    let data = api.data(&format!("{{ block(number: {CALM}) {{ events(phase: INITIALIZATION) {{ nodes {{ extrinsicIndex extrinsicId extrinsic {{ id }} }} }} }} }}")).await;
    let event = &data["block"]["events"]["nodes"][0];
    assert_eq!(event, &json!({ "extrinsicIndex": null, "extrinsicId": null, "extrinsic": null }));
}

#[tokio::test]
async fn every_answer_says_as_of_which_block_it_holds() {
    let api = Api::new(plain()).await;
    let as_of = "asOf { block hash finalized specVersion timestamp timestampMs }";
    let answer = api
        .ask(&format!(
            "{{ block(number: {CALM}) {{ {as_of} extrinsics {{ {as_of} nodes {{ {as_of} }} }} }} blocks {{ {as_of} }}
                transfers(first: 1) {{ {as_of} nodes {{ {as_of} }} }} search(text: \"3010\") {{ {as_of} }} coverage {{ {as_of} }}
                status {{ {as_of} }} tip {{ {as_of} }} runtimeVersions {{ {as_of} }} }}"
        ))
        .await;
    let head = world().block(LAST).summary.clone();
    let expected = &answer["data"]["status"]["asOf"];
    assert_eq!(expected["block"], LAST);
    assert_eq!(expected["hash"], head.hash.to_string());
    assert_eq!(expected["finalized"], true);
    assert_eq!(expected["specVersion"], 377);
    assert_eq!(expected["timestampMs"], json!(head.timestamp_ms));
    assert!(expected["timestamp"].as_str().unwrap().ends_with('Z'));

    let mut found = 0;
    let mut pending = vec![&answer["data"]];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(as_of) = fields.get("asOf") {
                    assert_eq!(as_of, expected);
                    found += 1;
                }
                pending.extend(fields.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(found > 10, "{found}");
    let extension = &answer["extensions"]["asOf"];
    for field in ["block", "hash", "finalized", "specVersion", "timestamp"] {
        assert_eq!(extension[field], expected[field], "{field}");
    }
}

#[tokio::test]
async fn lists_say_which_blocks_they_cover() {
    let api = Api::new(plain()).await;
    let coverage =
        "coverage { from to blockCount missingCount gapCount gaps { from to count } stored { from to } }";
    let data = api
        .data(&format!(
            "{{ all: coverage {{ from to blockCount missingCount }}
                events(filter: {{ fromBlock: {}, toBlock: {} }}) {{ {coverage} }} }}",
            FIRST - 10,
            LAST + 5
        ))
        .await;
    assert_eq!(
        data["all"],
        json!({ "from": FIRST, "to": LAST, "blockCount": LAST - FIRST + 1, "missingCount": 0 })
    );
    // Above the head nothing can be missing yet; below the first stored block ten are.
    assert_eq!(
        data["events"]["coverage"],
        json!({ "from": FIRST - 10, "to": LAST, "blockCount": LAST - FIRST + 1, "missingCount": 10, "gapCount": 1,
                "gaps": [{ "from": FIRST - 10, "to": FIRST - 1, "count": 10 }], "stored": [{ "from": FIRST, "to": LAST }] })
    );
}

#[tokio::test]
async fn amounts_are_strings_of_rao_and_json_keeps_its_form() {
    let api = Api::new(plain()).await;
    let data = api.data("{ transfers(first: 5, order: OLDEST) { totalCount nodes { id from to amountRao extrinsic { id feeRao args } } } }").await;
    let expected: Vec<_> = world()
        .decoded
        .iter()
        .flat_map(|block| block.transfers.iter().map(move |transfer| (block, transfer)))
        .collect();
    assert_eq!(data["transfers"]["totalCount"], expected.len());
    for (answered, (block, transfer)) in data["transfers"]["nodes"].as_array().unwrap().iter().zip(&expected)
    {
        assert_eq!(answered["id"], format!("{}-{}", block.summary.number, transfer.event_index));
        assert_eq!(answered["amountRao"], transfer.amount_rao.to_string());
        assert_eq!(answered["from"], transfer.from.to_ss58());
        assert_eq!(answered["to"], transfer.to.to_ss58());
        if let Some(index) = transfer.extrinsic_index {
            let extrinsic = block.extrinsics().find(|extrinsic| extrinsic.index == index).unwrap();
            assert_eq!(answered["extrinsic"]["args"], parse(extrinsic.args));
            assert_eq!(answered["extrinsic"]["feeRao"], json!(extrinsic.fee_rao.map(|fee| fee.to_string())));
        }
    }
}

#[tokio::test]
async fn filters_give_what_the_decoder_says() {
    let api = Api::new(plain()).await;
    let signer = world().block(LAST).extrinsics().find_map(|extrinsic| extrinsic.signer).unwrap();
    let count = |keep: &dyn Fn(&yumascan_chain::ExtrinsicView<'_>) -> bool| {
        world()
            .decoded
            .iter()
            .map(|block| block.extrinsics().filter(|extrinsic| keep(extrinsic)).count())
            .sum::<usize>()
    };
    for (filter, expected) in [
        ("signed: true".to_owned(), count(&|extrinsic| extrinsic.signer.is_some())),
        ("signed: false".to_owned(), count(&|extrinsic| extrinsic.signer.is_none())),
        ("success: false".to_owned(), count(&|extrinsic| extrinsic.success == Some(false))),
        ("name: \"Timestamp.set\"".to_owned(), world().decoded.len()),
        ("pallet: \"Utility\"".to_owned(), count(&|extrinsic| extrinsic.pallet == "Utility")),
        (format!("signer: \"{signer}\""), count(&|extrinsic| extrinsic.signer == Some(signer))),
        ("name: \"No.such\"".to_owned(), 0),
    ] {
        let data = api
            .data(&format!("{{ extrinsics(filter: {{ {filter} }}) {{ totalCount nodes {{ id }} }} }}"))
            .await;
        assert_eq!(data["extrinsics"]["totalCount"], expected, "{filter}");
        assert_eq!(data["extrinsics"]["nodes"].as_array().unwrap().len(), expected.min(25), "{filter}");
    }
    let middle = world().block(CALM).summary.timestamp_ms.unwrap();
    let data = api.data(&format!("{{ blocks(filter: {{ fromTime: {middle}, toTime: {middle} }}) {{ nodes {{ number timestampMs }} }} }}")).await;
    assert_eq!(data["blocks"]["nodes"], json!([{ "number": CALM, "timestampMs": middle }]));
}

#[tokio::test]
async fn an_account_tells_what_stored_blocks_know_of_it() {
    let api = Api::new(plain()).await;
    let signer = world().block(LAST).extrinsics().find_map(|extrinsic| extrinsic.signer).unwrap();
    let account: yumascan_chain::AccountId = signer.parse().unwrap();
    let key = format!("0x{}", const_hex::encode(account.0));
    let data = api
        .data(&format!(
            "{{ account(id: \"{key}\") {{ id publicKey signedExtrinsicCount extrinsicCount lastBlock receivedRao sentRao
                  extrinsics(first: 3) {{ totalCount nodes {{ id blockNumber signer }} }} events(first: 3) {{ totalCount nodes {{ id }} }}
                  transfers(first: 3) {{ totalCount nodes {{ id from to }} }} }} }}"
        ))
        .await;
    let answered = &data["account"];
    assert_eq!(answered["id"], signer);
    assert_eq!(answered["publicKey"], key);
    let signed: usize = world()
        .decoded
        .iter()
        .map(|block| block.extrinsics().filter(|extrinsic| extrinsic.signer == Some(signer)).count())
        .sum();
    assert_eq!(answered["signedExtrinsicCount"], signed);
    assert_eq!(answered["extrinsicCount"], answered["extrinsics"]["totalCount"]);
    assert!(answered["extrinsicCount"].as_u64().unwrap() >= signed as u64);
    assert_eq!(answered["extrinsics"]["nodes"][0]["blockNumber"], answered["lastBlock"]);
}

#[tokio::test]
async fn search_finds_blocks_extrinsics_accounts_and_names() {
    let api = Api::new(plain()).await;
    let extrinsic_hash = world().block(CALM).extrinsics().last().unwrap().hash.to_string();
    let signer = world().block(LAST).extrinsics().find_map(|extrinsic| extrinsic.signer).unwrap();
    let block_hash = world().block(CALM).summary.hash.to_string();
    for (text, kind) in [
        ("3010", "Block"),
        ("3,010", "Block"),
        (&block_hash, "Block"),
        (&extrinsic_hash, "Extrinsic"),
        ("2999-0", "Extrinsic"),
        (signer, "AccountHit"),
        ("timestamp.set", "CallName"),
        ("System.ExtrinsicSuccess", "EventName"),
    ] {
        let data = api.data_with("query($text: String!) { search(text: $text) { hits { __typename ... on Block { number } ... on AccountHit { known account { id } } } } }", json!({ "text": text })).await;
        let kinds: Vec<_> =
            data["search"]["hits"].as_array().unwrap().iter().map(|hit| hit["__typename"].clone()).collect();
        assert!(kinds.contains(&json!(kind)), "{text}: {kinds:?}");
    }
    let data = api.data("{ search(text: \"no such thing whatever\") { hits { __typename } } }").await;
    assert_eq!(data["search"]["hits"], json!([]));
}

#[tokio::test]
async fn runtimes_and_status_are_answered() {
    let api = Api::new(plain()).await;
    let data = api
        .data("{ runtimeVersions { totalCount nodes { specVersion firstBlock lastBlock blockCount metadataVersion metadataHash metadataBytes first { number } } }
                 status { version chain { name genesisHash } head { number } totals { blocks extrinsics calls events transfers quarantined }
                   readiness { ready reasons engine warehouse store lagBlocks } limits { maxPageSize } endpoints { endpoint } cursors { name } } }")
        .await;
    let runtime = &data["runtimeVersions"]["nodes"][0];
    assert_eq!(data["runtimeVersions"]["totalCount"], 1);
    assert_eq!(
        (&runtime["specVersion"], &runtime["firstBlock"], &runtime["lastBlock"]),
        (&json!(377), &json!(FIRST), &json!(LAST))
    );
    assert_eq!(runtime["metadataVersion"], 15);
    assert_eq!(runtime["first"]["number"], FIRST);
    let status = &data["status"];
    assert_eq!(status["chain"]["name"], "recorded");
    assert_eq!(status["head"]["number"], LAST);
    let sum = |count: &dyn Fn(&yumascan_chain::DecodedBlock) -> usize| {
        world().decoded.iter().map(count).sum::<usize>()
    };
    assert_eq!(status["totals"]["blocks"], world().decoded.len());
    assert_eq!(status["totals"]["calls"], sum(&|block| block.calls().len()));
    assert_eq!(status["totals"]["events"], sum(&|block| block.events().len()));
    assert_eq!(status["totals"]["quarantined"], 0);
    assert_eq!(
        status["readiness"],
        json!({ "ready": true, "reasons": [], "engine": true, "warehouse": true, "store": true, "lagBlocks": null })
    );
    assert_eq!(world().raw_block(FIRST).extrinsics.len(), world().block(FIRST).extrinsics().len());
}
