//! docs/incidents.md says what the code's tables say.

use std::path::Path;

const MARK: &str = "<!-- Generated from the tables of `watch`. After a change: UPDATE=1 cargo test -p yumascan-watch docs -->\n";

#[test]
fn the_page_of_incidents_is_up_to_date() {
    let path = Path::new("../docs/incidents.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (written_by_hand, found) = text.split_once(MARK).expect("the mark between the two parts is there");
    let wanted = yumascan_watch::docs::markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{written_by_hand}{MARK}{wanted}")).unwrap();
        return;
    }
    assert!(found == wanted, "docs/incidents.md is out of date; UPDATE=1 cargo test -p yumascan-watch docs");
}
