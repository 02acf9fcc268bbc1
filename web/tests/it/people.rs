//! Pages of validators, yields, trades, the economy and accounts, over a made-up market.

use axum::http::StatusCode;

use crate::{
    market_world::{ALICE, BOB, FIRST, MINER, OTHER, VALIDATOR, stake_of, write_blocks},
    support::{self, Explorer, text_of},
};

const LAST: u64 = 1_999;

async fn market() -> Explorer {
    let explorer = support::empty().await;
    write_blocks(&explorer.warehouse, FIRST, LAST).await;
    explorer
}

/// Lines of a file without its heads.
async fn file(explorer: &Explorer, path: &str) -> Vec<Vec<String>> {
    let answer = explorer.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", text_of(&answer.body));
    assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment"), "{path}");
    let lines = answer.body.lines().skip(1);
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_pages_are_whole_at_the_newest_and_at_a_past_block() {
    let explorer = market().await;
    let trade = "amount=10&from=tao&to=1";
    for path in [
        "/validators".to_owned(),
        "/validators?sort=-apr&q=alice&netuid=1&min=1".to_owned(),
        format!("/validator/{VALIDATOR}"),
        format!("/validator/{VALIDATOR}?netuid=2"),
        format!("/validator/{MINER}"),
        "/yield".to_owned(),
        "/yield?window=30d&netuid=0".to_owned(),
        format!("/yield?window=1h&netuid=1&min=10&amount=100&offer=1-{OTHER}"),
        "/slippage".to_owned(),
        format!("/slippage?{trade}"),
        "/tokenomics".to_owned(),
        format!("/account/{ALICE}"),
        format!("/account/{BOB}?tab=portfolio"),
        format!("/account/{BOB}?tab=stake"),
        format!("/account/{BOB}?tab=registrations"),
    ] {
        for at in ["", "at=1300"] {
            let joined = if path.contains('?') { '&' } else { '?' };
            let asked = if at.is_empty() { path.clone() } else { format!("{path}{joined}{at}") };
            let html = explorer.page(&asked).await;
            assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{asked}");
            assert_eq!(html.matches("<h1").count(), 1, "{asked} has one headline");
            assert!(
                !html.contains(" style=\"") && !html.contains("<script>"),
                "{asked}: the policy forbids inline code"
            );
            let block = if at.is_empty() { "1,999" } else { "1,300" };
            assert!(
                text_of(&html).contains(&format!("State after block {block}")),
                "{asked}: {}",
                text_of(&html)
            );
            // a past block stays chosen while one reads on
            if !at.is_empty() {
                let after = html.split_once("class=\"as-of").unwrap().1.split_once("</form>").unwrap().1;
                for link in ["/validator/", "/subnet/"] {
                    let lost = after.match_indices(&format!("href=\"{link}")).find(|(place, _)| {
                        let href = after[*place + 6..].split('"').next().unwrap_or_default();
                        !href.contains("at=1300") && !href.contains("/epoch/")
                    });
                    assert_eq!(
                        lost.map(|(place, _)| &after[place..place + 90]),
                        None,
                        "{asked} leads to the newest block"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_block_before_the_first_names_the_nearest() {
    let explorer = market().await;
    for path in ["/validators", "/yield", "/slippage", "/tokenomics"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("/validator/{VALIDATOR}"), format!("/account/{ALICE}")])
    {
        let answer = explorer.get(&format!("{path}?at=3")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.body.contains(&format!("{path}?at={FIRST}")),
            "{path} offers the first block with state"
        );
    }
    let nothing = support::empty().await;
    for path in ["/validators", "/yield", "/tokenomics"] {
        let answer = nothing.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(text_of(&answer.body).contains("yumascan state"), "{path}: {}", text_of(&answer.body));
    }
}

#[tokio::test]
async fn what_cannot_be_understood_or_found_is_said() {
    let explorer = market().await;
    for (path, field) in [
        ("/validators?sort=beauty", "Order"),
        ("/validators?min=much", "Stake weight"),
        ("/yield?window=2d", "Window"),
        ("/yield?netuid=99999", "Subnet"),
        ("/yield?netuid=9", "Subnet"),
        ("/yield?min=-1", "Stake"),
        (&format!("/validator/{VALIDATOR}?netuid=9"), "Subnet"),
        (&format!("/account/{ALICE}?tab=secrets"), "Tab"),
    ] {
        let answer = explorer.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(text_of(&answer.body).contains(field), "{path}: {}", text_of(&answer.body));
    }
    let stranger = yumascan_chain::AccountId([9; 32]).to_ss58();
    for path in [
        "/validator/nobody".to_owned(),
        format!("/validator/{}x", &VALIDATOR[..47]),
        format!("/validator/{stranger}"),
    ] {
        assert_eq!(explorer.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let account = yumascan_chain::AccountId([9; 32]);
    let by_key = explorer.get(&format!("/validator/{}?at=1300", yumascan_chain::Hash(account.0))).await;
    assert_eq!(
        (by_key.status, by_key.location()),
        (StatusCode::SEE_OTHER, format!("/validator/{stranger}?at=1300").as_str())
    );
    // sides of a trade
    for wrong in [
        "amount=x&from=tao&to=1",
        "amount=1&from=tao&to=tao",
        "amount=1&from=tao&to=77",
        "amount=1&from=%3Cb%3E&to=1",
    ] {
        let html = explorer.page(&format!("/slippage?{wrong}")).await;
        assert!(html.contains("notice bad") && !html.contains("<b>”"), "{wrong}");
    }
}

#[tokio::test]
async fn validators_are_ordered_filtered_and_written_to_a_file() {
    let explorer = market().await;
    let rows = file(&explorer, "/validators?format=csv").await;
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), [VALIDATOR, OTHER]);
    let number = |row: &Vec<String>, column: usize| row[column].parse::<u128>().unwrap();
    assert!(number(&rows[0], 1) > number(&rows[1], 1), "the weightiest first");
    assert!(
        (999_998..=1_000_000).contains(&(number(&rows[0], 2) + number(&rows[1], 2))),
        "dominance is a share of all"
    );
    assert_eq!(rows[0][5], "11796");
    let turned = file(&explorer, "/validators?format=csv&sort=weight").await;
    assert_eq!(turned[0][0], OTHER);
    for (block, name, count) in [(1_550, "second", 0), (1_550, "alice", 2), (1_555, "second", 2)] {
        let named = file(&explorer, &format!("/validators?format=csv&at={block}&q={name}")).await;
        assert_eq!(named.len(), count, "{name} at {block}");
    }
    assert!(file(&explorer, "/validators?format=csv&q=alice").await.is_empty(), "the identity was removed");
    assert_eq!(file(&explorer, "/validators?format=csv&min=2000").await.len(), 1);
}

#[tokio::test]
async fn yields_say_what_they_rest_on_and_the_calculator_answers_without_script() {
    let explorer = market().await;
    let rows = file(&explorer, "/yield?window=1h&format=csv").await;
    assert_eq!(rows.len(), 5, "two validators on two subnets, and one on root");
    let best = file(&explorer, "/yield?window=1h&netuid=1&format=csv").await;
    assert_eq!(best[0][1], VALIDATOR, "3 of 6000 is more than 1 of 3000");
    assert_eq!(best[0][2], stake_of(VALIDATOR, 1, LAST).to_string());
    let moment = explorer.warehouse.find_moment(None).await.unwrap().unwrap();
    let exact = explorer.warehouse.list_subnet_yields(1, &moment, 3_600_000).await.unwrap();
    let apy = exact.iter().find(|row| row.hotkey.as_deref() == Some(VALIDATOR)).unwrap().alpha.apy.unwrap();
    let shown: f64 = best[0][3].parse().unwrap();
    assert!((apy.to_bits() as f64 / 2_f64.powi(64) / shown - 1.0).abs() < 1e-9, "{shown}");
    let page =
        text_of(&explorer.page(&format!("/yield?window=1h&netuid=1&amount=100&offer=1-{VALIDATOR}")).await);
    assert!(page.contains("a day") && page.contains("Worth today"), "{page}");
    let validator = text_of(&explorer.page(&format!("/validator/{VALIDATOR}")).await);
    assert!(
        validator.contains("What its stakers earned") && validator.contains("low"),
        "coverage and confidence: {validator}"
    );
}

#[tokio::test]
async fn an_account_is_a_portfolio_that_adds_up() {
    let explorer = market().await;
    let text = text_of(&explorer.page(&format!("/account/{ALICE}")).await);
    for expected in [
        "Total",
        "Balance",
        "On root",
        "4,000 TAO",
        "Unrealised",
        "average cost",
        "Free balance",
        "Latest balances",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let moment = explorer.warehouse.find_moment(None).await.unwrap().unwrap();
    let positions = explorer.warehouse.list_positions(ALICE, &moment).await.unwrap();
    for position in positions.iter().filter(|of| of.netuid != 0) {
        let shown = yumascan_web::text::amount(position.alpha_rao);
        assert!(text.contains(&shown), "{shown}: {text}");
    }
    let before = text_of(&explorer.page(&format!("/account/{ALICE}?at={FIRST}")).await);
    assert!(
        before.contains("0.000000005") && !before.contains("0.000000009"),
        "the balance of that block: {before}"
    );
    let stranger = yumascan_chain::AccountId([9; 32]).to_ss58();
    let text = text_of(&explorer.page(&format!("/account/{stranger}")).await);
    assert!(text.contains("keeps no account for it after this block"), "{text}");
}

#[tokio::test]
async fn a_statement_has_a_row_for_every_event() {
    let explorer = market().await;
    let bob = file(&explorer, &format!("/account/{BOB}?format=csv")).await;
    let of = |kind: &str| bob.iter().filter(|row| row[3] == kind).collect::<Vec<_>>();
    assert_eq!(of("stake_added").len(), 100, "every tenth block of a thousand");
    let bought = of("stake_added")[0];
    assert_eq!(bought[..3], ["2026-02-02T02:55:00Z", "1000", "1000-3"]);
    assert_eq!(bought[5..9], ["1.000001", "TAO", "9", "ALPHA-1"]);
    assert_eq!(of("neuron_registration").len(), 1);
    assert_eq!(of("neuron_registration")[0][5..7], ["1", "TAO"]);
    let dividends = of("dividend");
    assert_eq!(dividends.len(), 10, "an epoch every hundred blocks");
    let part: f64 = dividends[0][7].parse().unwrap();
    assert!((part - 2.0).abs() < 1e-8 && dividends[0][8] == "ALPHA-1", "two thirds of three: {part}");
    assert!(dividends.iter().all(|row| !row[11].is_empty()), "each with its worth");
    let blocks: Vec<u64> = bob.iter().map(|row| row[1].parse().unwrap()).collect();
    assert!(blocks.is_sorted(), "oldest first");
    let part = file(&explorer, &format!("/account/{BOB}?format=csv&from=1500&to=1509")).await;
    assert_eq!(part.iter().filter(|row| row[3] == "stake_added").count(), 1);
    let past = file(&explorer, &format!("/account/{BOB}?format=csv&at=1100")).await;
    assert!(past.iter().all(|row| row[1].parse::<u64>().unwrap() <= 1_100));
}

#[tokio::test]
async fn tokenomics_count_the_blocks_to_the_halving() {
    let explorer = market().await;
    let text = text_of(&explorer.page("/tokenomics").await);
    // 10,000,000 TAO and 1,999 rao are issued, one TAO a block
    assert!(text.contains("500,000 blocks"), "{text}");
    assert!(text.contains("Assumes that every block issues"), "{text}");
    let rows = file(&explorer, "/tokenomics?format=csv").await;
    let risks: Vec<_> = rows.iter().map(|row| (row[1].as_str(), row[2].as_str())).collect();
    assert_eq!(risks, [("1", "next"), ("2", "near")], "{risks:?}");
    let young = file(&explorer, "/tokenomics?format=csv&at=1600").await;
    assert_eq!(young[1][2], "immune", "registered 49 blocks before: {young:?}");
}
