//! Attacks on a quiet chain, by what blocks, calls and events tell; and the quiet chain itself.

use yumascan_watch::{Kind, Lane, Scope, Severity, incident::EventKind, input::MetadataDifference};

use crate::world::{Builder, account, chain, is_closed, of, only, titles, watch};

#[test]
fn a_quiet_chain_has_no_incidents() {
    let found = watch(Lane::Log, &chain(2_500, |_| {}));
    assert!(found.incidents.is_empty(), "{:?}", titles(&found));
}

#[test]
fn a_runaway_batch_is_one_incident_from_its_first_to_its_last_block_and_grows_more_severe() {
    let blocks = chain(1_500, |block| {
        let number = block.number();
        if (800..900).contains(&number) {
            let leaves = vec![
                ("SubtensorModule", "add_stake");
                usize::try_from((number - 790) * 10).unwrap().min(480)
            ];
            for who in 0..4 {
                block.signed(&account(500 + who), &leaves, None);
            }
            block.input.block.weight_ref_time = 3_000_000_000_000 / 100 * (number - 800).min(90);
        }
    });
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::RunawayBatch);
    assert!(
        incident.first_block.abs_diff(800) <= 2 && incident.last_block.abs_diff(899) <= 2,
        "{:?}",
        titles(&found)
    );
    assert_eq!((incident.severity, &incident.scope), (Severity::S2, &Scope::Chain));
    assert!(is_closed(incident) && incident.accounts.contains(&account(500)));
    let steps: Vec<_> = found.events.iter().filter(|event| event.incident_id == incident.id).collect();
    assert_eq!((steps[0].kind, steps[0].severity), (EventKind::Opened, Severity::S3));
    assert!(steps.iter().any(|step| step.kind == EventKind::Raised && step.severity == Severity::S2));
    assert_eq!(steps.last().unwrap().kind, EventKind::Closed);
    let serious: Vec<_> = found.incidents.iter().filter(|other| other.severity >= Severity::S2).collect();
    assert_eq!(serious.len(), 1, "{:?}", titles(&found));
}

#[test]
fn a_payout_in_a_large_batch_is_for_information_only() {
    let blocks = chain(600, |block| {
        if block.number() == 500 {
            block.signed(&account(1), &[("Balances", "transfer_keep_alive"); 700], None);
        }
    });
    assert_eq!(only(&watch(Lane::Log, &blocks), Kind::RunawayBatch).severity, Severity::S4);
}

#[test]
fn nested_calls_are_found_by_their_depth_and_by_a_refused_batch_in_a_batch() {
    let blocks = chain(20, |block| match block.number() {
        10 => {
            let index = block.signed(&account(1), &[("Utility", "batch")], None);
            for depth in 1..=6 {
                block.call(index, depth, Some(depth - 1), depth, ("Proxy", "proxy"), None);
            }
        }
        12 => {
            let index = block.signed(&account(2), &[("Utility", "batch")], Some("System.CallFiltered"));
            block.call(index, 1, Some(0), 1, ("Utility", "force_batch"), Some("System.CallFiltered"));
        }
        _ => {}
    });
    let found = watch(Lane::Log, &blocks);
    let nested = of(&found, Kind::NestedCalls);
    assert_eq!(nested.len(), 2, "{:?}", titles(&found));
    assert_eq!((nested[0].severity, nested[1].severity), (Severity::S2, Severity::S3));
}

#[test]
fn safe_mode_lasts_from_entering_to_leaving_and_counts_its_extensions() {
    let blocks = chain(400, |block| match block.number() {
        100 => block.event("SafeMode", "Entered", "{\"until\":7300}".into(), None),
        150 => block.event("SafeMode", "Extended", "{\"until\":10900}".into(), None),
        201 => block.event("SafeMode", "Exited", "{\"reason\":{\"Force\":null}}".into(), None),
        _ => {}
    });
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::SafeMode);
    assert_eq!((incident.first_block, incident.last_block, incident.closed_block), (100, 201, Some(201)));
    assert_eq!((incident.severity, incident.evidence["extensions"].as_u64()), (Severity::S1, Some(1)));
}

#[test]
fn blocks_without_transactions_are_critical_where_they_are_not_usual() {
    let silent = |from: u64| {
        chain(from + 60, |block| {
            if (from..from + 40).contains(&block.number()) {
                let (block_row, digest) = (block.input.block.clone(), block.input.events.clone());
                *block = Builder::new(block_row.number);
                block.input.events = digest.into_iter().filter(|event| event.pallet == "Drand").collect();
            }
        })
    };
    let found = watch(Lane::Log, &silent(600));
    let incident = only(&found, Kind::NoTransactions);
    assert_eq!((incident.first_block, incident.severity), (600, Severity::S1));
    assert!(of(&watch(Lane::Log, &silent(30)), Kind::NoTransactions).is_empty());
}

#[test]
fn gaps_and_slow_blocks_are_told_apart() {
    let mut late = 0;
    let blocks = chain(900, |block| {
        late += match block.number() {
            300 => 200_000,
            500..=650 => 8_000,
            _ => 0,
        };
        let time = block.input.block.timestamp_ms.as_mut().unwrap();
        *time += late;
    });
    let found = watch(Lane::Log, &blocks);
    let gap = only(&found, Kind::BlockGap);
    assert_eq!((gap.first_block, gap.severity), (300, Severity::S2));
    let slow = only(&found, Kind::SlowBlocks);
    assert!(slow.first_block > 500 && slow.severity == Severity::S2, "{:?}", titles(&found));
}

#[test]
fn an_author_that_stays_away_is_named() {
    // the turn of the author 903 passes without a block from slot 1,000 on
    let mut blocks = chain(2_000, |_| {});
    blocks.retain(|block| block.block.number < 1_000 || block.block.number % 5 != 3);
    for (place, block) in blocks.iter_mut().enumerate() {
        block.block.number = place as u64 + 1;
        block.block.hash = format!("0x{:064x}", block.block.number);
        block.block.parent_hash = format!("0x{place:064x}");
    }
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::AuthorDown);
    assert_eq!(incident.scope, Scope::Author(account(903)), "{:?}", titles(&found));
}

#[test]
fn an_upgrade_is_reported_with_both_specs_and_what_differs() {
    let blocks = chain(300, |block| {
        if block.number() == 200 {
            block.event("System", "CodeUpdated", "{}".into(), None);
        }
        if block.number() > 200 {
            block.input.block.spec_version = 402;
        }
        if block.number() == 201 {
            block.input.upgrade = Some(MetadataDifference {
                old_spec: 377,
                new_spec: 402,
                added: vec!["call A.b".into()],
                ..Default::default()
            });
        }
    });
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::RuntimeUpgrade);
    assert_eq!((incident.first_block, incident.last_block, incident.severity), (200, 201, Severity::S3));
    assert_eq!(
        (incident.evidence["old_spec"].as_u64(), incident.evidence["new_spec"].as_u64()),
        (Some(377), Some(402))
    );
    assert_eq!(incident.evidence["metadata"]["added"][0], "call A.b");
    assert_eq!(found.incidents.len(), 1, "{:?}", titles(&found));
}

#[test]
fn a_silent_beacon_is_serious_only_where_commits_wait_for_it() {
    let stalled = |waits: bool| {
        let blocks = chain(400, |block| {
            if block.number() >= 200 {
                block.input.events.retain(|event| event.pallet != "Drand");
            }
            if waits && block.number() == 190 {
                let args = format!("[\"{}\",4,\"0x00\",\"99999\"]", account(7));
                block.event("SubtensorModule", "TimelockedWeightsCommitted", args, None);
            }
        });
        let found = watch(Lane::Log, &blocks);
        let incident = only(&found, Kind::DrandStall).clone();
        (incident.first_block, incident.severity, incident.netuids)
    };
    assert_eq!(stalled(true), (200, Severity::S2, vec![4]));
    assert_eq!(stalled(false), (200, Severity::S4, vec![]));
}

#[test]
fn a_wave_of_failures_names_its_error_and_its_blocks() {
    let blocks = chain(2_000, |block| {
        if (1_600..1_700).contains(&block.number()) {
            for who in 0..3 {
                let who = account(200 + (block.number() + who) % 40);
                block.signed(
                    &who,
                    &[("SubtensorModule", "add_stake")],
                    Some("SubtensorModule.SubtokenDisabled"),
                );
            }
        }
    });
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::FailedExtrinsics);
    assert!(
        incident.first_block.abs_diff(1_600) <= 2 && incident.last_block.abs_diff(1_700) <= 10,
        "{:?}",
        titles(&found)
    );
    assert!(incident.evidence["cause"].as_str().unwrap().contains("has not started"));
}

#[test]
fn one_bot_that_fails_is_no_wave() {
    let blocks = chain(2_000, |block| {
        if (1_600..1_700).contains(&block.number()) {
            for _ in 0..3 {
                block.signed(
                    &account(9_999),
                    &[("SubtensorModule", "add_stake")],
                    Some("Token.FundsUnavailable"),
                );
            }
        }
    });
    let found = watch(Lane::Log, &blocks);
    assert!(of(&found, Kind::FailedExtrinsics).is_empty(), "{:?}", titles(&found));
}

#[test]
fn calls_that_pay_nothing_are_spam_when_few_send_many() {
    let blocks = chain(200, |block| {
        for _ in 0..10 {
            block.signed(
                &account(3),
                &[("SubtensorModule", "set_weights")],
                Some("SubtensorModule.SettingWeightsTooFast"),
            );
            block.input.extrinsics.last_mut().unwrap().pays_fee = Some(false);
        }
    });
    assert!(only(&watch(Lane::Log, &blocks), Kind::UnpaidSpam).accounts.contains(&account(3)));
}

#[test]
fn large_transfers_and_tips_are_told() {
    let blocks = chain(50, |block| {
        if block.number() == 40 {
            block.transfer(&account(1), &account(2), 60_000_000_000_000);
            block.signed(&account(4), &[("Balances", "transfer_keep_alive")], None);
            block.input.extrinsics.last_mut().unwrap().tip_rao = Some(2_000_000_000);
        }
    });
    let found = watch(Lane::Log, &blocks);
    assert_eq!(only(&found, Kind::LargeTransfer).severity, Severity::S3);
    assert_eq!(only(&found, Kind::FeeSpike).scope, Scope::Account(account(4)));
}

#[test]
fn keys_that_change_hands_are_told_by_what_they_were() {
    let blocks = chain(60, |block| match block.number() {
        10 => {
            block.signed(&account(1), &[("SubtensorModule", "set_weights")], None);
        }
        20 => {
            for (old, new) in [(1, 11), (2, 12)] {
                let args = format!(
                    "{{\"coldkey\":\"{}\",\"old_hotkey\":\"{}\",\"new_hotkey\":\"{}\"}}",
                    account(50),
                    account(old),
                    account(new)
                );
                block.event("SubtensorModule", "HotkeySwapped", args, None);
            }
        }
        30 => {
            let args = format!("{{\"coldkey\":\"{}\"}}", account(3));
            block.event("SubtensorModule", "ColdkeySwapDisputed", args, None);
        }
        40 => {
            let args = format!("{{\"old\":\"{}\",\"new\":\"{}\"}}", account(8), account(9));
            block.event("Sudo", "KeyChanged", args, None);
        }
        _ => {}
    });
    let found = watch(Lane::Log, &blocks);
    let severity =
        |scope: &Scope| found.incidents.iter().find(|incident| incident.scope == *scope).unwrap().severity;
    assert_eq!(severity(&Scope::Hotkey(account(1))), Severity::S3);
    assert_eq!(severity(&Scope::Hotkey(account(2))), Severity::S4);
    assert_eq!(severity(&Scope::Account(account(3))), Severity::S2);
    assert_eq!(only(&found, Kind::SudoKeyChange).severity, Severity::S1);
}

#[test]
fn a_new_proxy_that_moves_much_is_a_possible_takeover() {
    let moved = |rao: u64| {
        let blocks = chain(60, |block| match block.number() {
            20 => {
                let args = format!(
                    "{{\"delegator\":\"{}\",\"delegatee\":\"{}\",\"proxy_type\":{{\"Any\":null}},\"delay\":0}}",
                    account(1),
                    account(2)
                );
                block.event("Proxy", "ProxyAdded", args, None);
            }
            30 => {
                let index = block.signed(&account(2), &[("Proxy", "proxy")], None);
                block.transfer(&account(1), &account(3), rao);
                block.input.events.last_mut().unwrap().extrinsic_index = Some(index);
            }
            _ => {}
        });
        of(&watch(Lane::Log, &blocks), Kind::AccountTakeover).first().map(|incident| incident.severity)
    };
    assert_eq!(moved(2_000_000_000_000), Some(Severity::S2));
    assert_eq!(moved(1_000_000_000), None);
}

#[test]
fn parameters_are_for_information_at_set_up_and_serious_when_many_change_later() {
    let change = |block: &mut Builder, name: &str| {
        block.signed(&account(77), &[("AdminUtils", name)], None);
        block.args("{\"netuid\":5,\"value\":3}");
    };
    let blocks = chain(1_000, |block| match block.number() {
        20 => block.event("SubtensorModule", "NetworkAdded", "[5,1]".into(), None),
        30 => change(block, "sudo_set_kappa"),
        900 => change(block, "sudo_set_serving_rate_limit"),
        910 => {
            for name in [
                "sudo_set_kappa",
                "sudo_set_tempo",
                "sudo_set_rho",
                "sudo_set_bonds_penalty",
                "sudo_set_yuma3_enabled",
            ] {
                change(block, name);
            }
        }
        _ => {}
    });
    let found = watch(Lane::Log, &blocks);
    let changes = of(&found, Kind::HyperparameterChange);
    assert_eq!(changes.len(), 2, "{:?}", titles(&found));
    assert_eq!((changes[0].severity, changes[0].last_block), (Severity::S4, 30));
    assert_eq!((changes[1].severity, changes[1].first_block), (Severity::S2, 900));
    assert_eq!(changes[1].evidence["items_total"].as_u64(), Some(6));
}

#[test]
fn a_failed_change_is_no_change() {
    let blocks = chain(50, |block| {
        if block.number() == 40 {
            block.signed(&account(77), &[("AdminUtils", "sudo_set_kappa")], Some("BadOrigin"));
            block.args("{\"netuid\":5,\"kappa\":3}");
        }
    });
    assert!(watch(Lane::Log, &blocks).incidents.is_empty());
}

#[test]
fn a_netuid_that_is_used_again_is_another_subnet() {
    let blocks = chain(60, |block| match block.number() {
        20 => block.event("SubtensorModule", "NetworkRemoved", "[13]".into(), None),
        40 => block.event("SubtensorModule", "NetworkAdded", "[13,1]".into(), None),
        _ => {}
    });
    let found = watch(Lane::Log, &blocks);
    assert_eq!(only(&found, Kind::SubnetDissolved).first_block, 20);
    let again = only(&found, Kind::SubnetRegistered);
    assert_eq!((again.first_block, again.severity, &again.scope), (40, Severity::S3, &Scope::Subnet(13)));
}

#[test]
fn commits_without_reveals_are_told_by_subnet() {
    let blocks = chain(3_000, |block| {
        if block.number() % 50 == 7 && block.number() < 1_500 {
            for (netuid, revealed) in [(1, true), (2, false)] {
                let who = account(netuid);
                block.event(
                    "SubtensorModule",
                    "WeightsCommitted",
                    format!("[\"{who}\",{netuid},\"0x00\"]"),
                    None,
                );
                if revealed {
                    block.event(
                        "SubtensorModule",
                        "WeightsRevealed",
                        format!("[\"{who}\",{netuid},\"0x00\"]"),
                        None,
                    );
                }
            }
        }
    });
    let found = watch(Lane::Log, &blocks);
    assert_eq!(only(&found, Kind::RevealFailure).scope, Scope::Subnet(2), "{:?}", titles(&found));
}

#[test]
fn faults_of_finality_are_told() {
    let blocks = chain(20, |block| {
        if block.number() == 10 {
            block.event("Grandpa", "Paused", "{}".into(), None);
        }
    });
    assert_eq!(only(&watch(Lane::Log, &blocks), Kind::ConsensusFault).severity, Severity::S2);
}

#[test]
fn undecodable_items_gaps_and_broken_links_are_told() {
    let mut blocks = chain(300, |block| match block.number() {
        50 => block.undecodable(),
        100 => (0..30).for_each(|_| block.undecodable()),
        200 => block.input.block.parent_hash = "0xbad".into(),
        _ => {}
    });
    blocks.retain(|block| !(120..130).contains(&block.block.number));
    let found = watch(Lane::Log, &blocks);
    let undecodable = only(&found, Kind::UndecodableData);
    assert_eq!((undecodable.first_block, undecodable.severity), (50, Severity::S2));
    let quality = of(&found, Kind::DataQuality);
    assert_eq!(quality.len(), 2, "{:?}", titles(&found));
    assert_eq!((quality[0].first_block, quality[0].severity), (120, Severity::S3));
    assert_eq!((quality[1].first_block, quality[1].severity), (200, Severity::S2));
}

#[test]
fn a_hundred_thousand_matches_in_a_block_give_one_bounded_incident() {
    let blocks = chain(30, |block| {
        if block.number() == 20 {
            for _ in 0..100_000 {
                block.call(0, 0, None, 0, ("AdminUtils", "sudo_set_kappa"), None);
                block.args("{\"netuid\":5,\"kappa\":1}");
            }
        }
    });
    let found = watch(Lane::Log, &blocks);
    let incident = only(&found, Kind::HyperparameterChange);
    assert_eq!(incident.evidence["items_total"].as_u64(), Some(100_000));
    assert!(incident.evidence["items"].as_array().unwrap().len() <= 100);
}
