//! Every page shows what is stored.

use axum::http::StatusCode;
use yumascan_warehouse::{
    Order, PageRequest,
    query::{Range, calls::CallFilter, extrinsics::ExtrinsicFilter, transfers::TransferFilter},
};

use crate::support::{self, text_of};

fn oldest(limit: u32) -> PageRequest {
    PageRequest { limit, order: Order::Oldest, after: None, before: None }
}

#[tokio::test]
async fn every_page_is_there() {
    let explorer = support::over(3_090..=3_104).await;
    let signed = ExtrinsicFilter { signed: Some(true), ..ExtrinsicFilter::default() };
    let found = explorer.warehouse.list_extrinsics(&signed, PageRequest::newest(1)).await.unwrap();
    let row = &found.rows[0];
    let signer = row.signer.clone().unwrap();
    let place = format!("/extrinsic/{}-{}", row.block_number, row.extrinsic_index);
    for path in [
        "/",
        "/blocks",
        "/blocks?n=3",
        "/blocks?spec=377&count=1",
        "/block/3100",
        "/block/3,100",
        "/extrinsics",
        "/extrinsics?signed=any&result=success&count=1",
        "/events",
        "/events?name=Balances&phase=ApplyExtrinsic&from=3100&to=3102",
        "/transfers",
        "/transfers?min=0.5&count=1",
        "/runtimes",
        "/verification",
        "/search",
        "/search?q=balances",
        "/help",
        "/sql",
        "/sql?q=kept",
        "/sql?sql=SELECT+number,+event_count+FROM+v_blocks+ORDER+BY+number",
        "/sql?sql=SELECT+*+FROM+system.users",
        "/status",
        &place,
        &format!("{place}?args=raw"),
        &format!("/extrinsic/{}", row.hash),
        &format!("/account/{signer}"),
        &format!("/account/{signer}?tab=transfers&min=1"),
        &format!("/account/{signer}?tab=events"),
    ] {
        let html = explorer.page(path).await;
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{path}");
        assert_eq!(html.matches("<h1").count(), 1, "{path} has one headline");
        assert!(
            !html.contains(" style=\"") && !html.contains("<script>") && !html.contains(" onclick"),
            "{path}: the policy forbids inline code"
        );
    }
}

/// Every example answers, and what is refused says why; all without script.
#[tokio::test]
async fn the_page_for_sql_answers_teaches_and_refuses() {
    let explorer = support::over(3_100..=3_104).await;
    let page = explorer.page("/sql").await;
    let examples: Vec<&str> =
        page.split("href=\"/sql?sql=").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(examples.len() >= 10, "{}", examples.len());
    for example in examples {
        let html = explorer.page(&format!("/sql?sql={example}")).await;
        assert!(
            html.contains("<table class=\"list sql\">") && !html.contains("sql-refused"),
            "{example}: {}",
            text_of(&html)
        );
    }
    let chart = explorer.page("/sql?sql=SELECT+number,+event_count+FROM+v_blocks+ORDER+BY+number").await;
    assert!(text_of(&chart).contains("4 rows") && chart.contains("<svg"), "{}", text_of(&chart));
    let kept = text_of(&explorer.page("/sql?q=kept").await);
    assert!(kept.contains("Blocks, counted") && kept.contains("SELECT count() AS n FROM v_blocks"), "{kept}");
    assert_eq!(explorer.get("/sql?q=other").await.status, StatusCode::NOT_FOUND);
    let refused = explorer.page("/sql?sql=SELECT+*+FROM+file('/etc/passwd')").await;
    assert!(
        refused.contains("sql-refused") && text_of(&refused).contains("not on the list"),
        "{}",
        text_of(&refused)
    );
    let wrong = text_of(&explorer.page("/sql?sql=SELECT+nothing+FROM+v_blocks").await);
    assert!(wrong.contains("nothing") && !wrong.contains("DB::Exception"), "{wrong}");
}

#[tokio::test]
async fn the_status_page_tells_lag_gaps_endpoints_and_verification() {
    let explorer = support::over(3_100..=3_104).await;
    let text = text_of(&explorer.page("/status").await);
    for part in [
        "3,103",
        "3 blocks behind the nodes",
        "wss://archive.example",
        "rate limited",
        "asked to be spared",
        "Cannot say",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn a_block_page_tells_all_of_the_block() {
    let explorer = support::over(3_100..=3_104).await;
    let block = explorer.warehouse.find_block(3_102).await.unwrap().unwrap();
    let html = explorer.page("/block/3102").await;
    let text = text_of(&html);
    for expected in [&block.hash, &block.parent_hash, &block.state_root, &block.extrinsics_root] {
        // Long texts are set in two parts, so that the middle can give way.
        assert!(html.contains(&format!("title=\"{expected}\"")), "{expected}");
    }
    assert!(text.contains("Block 3,102") && text.contains("finalized") && text.contains("377"), "{text}");
    assert!(
        html.contains("rel=\"prev\" href=\"/block/3101\"")
            && html.contains("rel=\"next\" href=\"/block/3103\""),
        "neighbours"
    );
    let noise = explorer.warehouse.count_events_by_name(3_102, "Initialization").await.unwrap();
    for (pallet, variant, _) in &noise {
        assert!(html.contains(variant), "{pallet}.{variant} is counted in the fold");
    }
    let extrinsics = explorer.warehouse.list_extrinsics_of_blocks(&[3_102]).await.unwrap();
    for row in &extrinsics {
        assert!(
            html.contains(&format!("href=\"/extrinsic/3102-{}\"", row.extrinsic_index)),
            "extrinsic {}",
            row.extrinsic_index
        );
    }
    let by_hash = explorer.page(&format!("/block/{}", block.hash)).await;
    assert!(text_of(&by_hash).contains("Block 3,102"));
}

#[tokio::test]
async fn the_runaway_block_stays_readable() {
    let explorer = support::over(3_009..=3_011).await;
    let block = explorer.warehouse.find_block(3_010).await.unwrap().unwrap();
    assert!(block.event_count > 1_000, "the incident is in this block: {} events", block.event_count);
    let html = explorer.page("/block/3010").await;
    assert!(html.len() < 2_000_000, "{} bytes for {} events", html.len(), block.event_count);
    assert!(text_of(&html).contains(&format!("{} in all", yumascan_web::text::group(block.extrinsic_count))));

    // Its largest batch: every call can be reached, a page at a time, and none twice.
    let mut rows = explorer.warehouse.list_extrinsics_of_blocks(&[3_010]).await.unwrap();
    rows.sort_by_key(|row| row.call_count);
    let batch = rows.last().unwrap();
    assert!(batch.call_count > 100, "a batch of {} calls", batch.call_count);
    let mut path = format!("/extrinsic/3010-{}", batch.extrinsic_index);
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let html = explorer.page(&path).await;
        assert!(html.len() < 2_000_000, "{path}: {} bytes", html.len());
        for part in html.split("<li id=\"c-").skip(1) {
            assert!(seen.insert(part.split('"').next().unwrap().to_owned()), "a call twice: {path}");
        }
        let next = html
            .split("rel=\"next\" href=\"")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
        match next {
            Some(next) => path = next.split('#').next().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), batch.call_count as usize, "every call of the tree is shown");
}

#[tokio::test]
async fn a_nested_extrinsic_shows_the_outcome_of_every_node() {
    let explorer = support::over(3_009..=3_011).await;
    let filter = CallFilter {
        range: Range { from_block: Some(3_010), to_block: Some(3_010), ..Range::default() },
        ..CallFilter::default()
    };
    let calls = explorer.warehouse.list_calls(&filter, oldest(100)).await.unwrap().rows;
    let nested = calls.iter().find(|call| call.depth > 0).expect("a nested call in the block");
    let html = explorer.page(&format!("/extrinsic/3010-{}", nested.extrinsic_index)).await;
    let place = Some((3_010, nested.extrinsic_index));
    let filter = CallFilter { extrinsic: place, ..CallFilter::default() };
    for call in explorer.warehouse.list_calls(&filter, oldest(100)).await.unwrap().rows {
        let node = html
            .split(&format!("<li id=\"c-{}\">", call.path))
            .nth(1)
            .unwrap_or_else(|| panic!("node {} is drawn", call.path));
        let node = text_of(node.split("</summary>").next().unwrap());
        let expected = match (call.outcome.as_str(), &call.error) {
            ("failed", Some(error)) => error.clone(),
            (outcome, _) => outcome.replace('_', " "),
        };
        assert!(node.contains(&expected), "{}: {node} tells {expected}", call.path);
    }
    let failed = explorer.page(&format!("/extrinsic/3010-{}?outcome=failed", nested.extrinsic_index)).await;
    assert!(!failed.contains("<span>success</span></span></summary>"), "only what failed is listed");
}

#[tokio::test]
async fn failures_carry_the_name_of_their_error() {
    let explorer = support::over(3_000..=3_012).await;
    let filter = ExtrinsicFilter { success: Some(false), ..ExtrinsicFilter::default() };
    let failed = explorer.warehouse.list_extrinsics(&filter, PageRequest::newest(1)).await.unwrap().rows;
    let row = failed.first().expect("a failed extrinsic in the recording");
    let error = row.error.clone().expect("its error is named");
    let html = explorer.page(&format!("/extrinsic/{}-{}", row.block_number, row.extrinsic_index)).await;
    assert!(html.contains(&error), "{error}");
    assert!(explorer.page("/extrinsics?result=failed").await.contains(&error));
}

#[tokio::test]
async fn transfers_are_cut_at_the_amount_asked_for() {
    let explorer = support::over(3_085..=3_104).await;
    let newest = explorer
        .warehouse
        .list_transfers(&TransferFilter::default(), PageRequest::newest(100))
        .await
        .unwrap();
    let highest = newest.rows.iter().map(|row| row.amount_rao).max().expect("transfers in the recording");
    let large = TransferFilter { min_amount_rao: Some(highest), ..TransferFilter::default() };
    let expected = explorer.warehouse.count_transfers(&large).await.unwrap();
    let all = explorer.warehouse.count_transfers(&TransferFilter::default()).await.unwrap();
    assert!((1..all).contains(&expected), "{expected} of {all}");
    let asked = yumascan_web::text::tao(u128::from(highest)).replace(" TAO", "").replace(',', "");
    let html = explorer.page(&format!("/transfers?min={asked}&n=100&count=1")).await;
    assert_eq!(html.matches("class=\"amount\"").count() as u64, expected.min(100));
    assert!(text_of(&html).contains(&format!("{} transfers match", yumascan_web::text::group(expected))));
    let answer = explorer.get("/transfers?min=much").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn balances_are_unknown_and_never_zero() {
    let explorer = support::over(3_100..=3_102).await;
    let html = explorer.page("/account/5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY").await;
    let text = text_of(&html);
    for balance in ["Free balance", "Staked"] {
        let value = text.split_once(balance).unwrap().1.trim_start();
        assert!(value.starts_with("unknown : balances are not read yet"), "{balance}: {value}");
    }
    // An account that nobody mentions has no sums either.
    let stranger = yumascan_chain::AccountId([9; 32]).to_ss58();
    let text = text_of(&explorer.page(&format!("/account/{stranger}")).await);
    assert!(text.contains("no stored block names it") && !text.contains("TAO"), "{text}");
}

#[tokio::test]
async fn accounts_lead_to_their_canonical_address() {
    let explorer = support::empty().await;
    let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    let by_key = explorer
        .get("/account/0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d?tab=events")
        .await;
    assert_eq!(
        (by_key.status, by_key.location()),
        (StatusCode::SEE_OTHER, format!("/account/{alice}?tab=events").as_str())
    );
    let polkadot = explorer.get("/account/15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5").await;
    assert_eq!(polkadot.location(), format!("/account/{alice}"));
}

#[tokio::test]
async fn one_hit_leads_straight_to_its_page() {
    let explorer = support::over(3_100..=3_103).await;
    let block = explorer.warehouse.find_block(3_101).await.unwrap().unwrap();
    for query in ["3101", "3,101", "%233101", &block.hash] {
        let answer = explorer.get(&format!("/search?q={query}")).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/block/3101"), "{query}");
    }
    let answer = explorer.get("/search?q=3101-0").await;
    assert_eq!(answer.location(), "/extrinsic/3101-0");
    let suggestions = explorer.page("/search.json?q=3101").await;
    let suggestions: serde_json::Value = serde_json::from_str(&suggestions).unwrap();
    assert_eq!(suggestions[0]["href"], "/block/3101");
}

#[tokio::test]
async fn the_tip_is_shown_as_not_final() {
    let explorer = support::over(3_100..=3_103).await;
    let text = text_of(&explorer.page("/block/3103").await);
    assert!(text.contains("unfinalized") && text.contains("once the block is final"), "{text}");
    assert!(text_of(&explorer.page("/blocks").await).contains("3,103 unfinalized"));
    let feed: serde_json::Value = serde_json::from_str(&explorer.page("/live/blocks.json").await).unwrap();
    assert_eq!((&feed["best"], &feed["finalized"]), (&3_103.into(), &3_102.into()));
    assert_eq!(feed["blocks"][0]["finalized"], false);
}

#[tokio::test]
async fn an_empty_warehouse_says_so_on_every_page() {
    let explorer = support::empty().await;
    for path in ["/", "/blocks", "/extrinsics", "/events", "/transfers", "/runtimes"] {
        let text = text_of(&explorer.page(path).await);
        assert!(text.contains("stored yet"), "{path}: {text}");
        assert!(!text.contains("Blocks 0 ") || path == "/", "{path}");
    }
    assert_eq!(explorer.get("/block/1").await.status, StatusCode::NOT_FOUND);
}
