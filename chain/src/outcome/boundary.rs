//! The events that carrying calls leave behind, and the results they hold.

use std::borrow::Cow;

use super::{CallEvent, kind};
use crate::{decode::dispatch::error_name, json};

/// Whether an event may mark the end of a carried call. All of them have to be accounted for, in order.
pub(super) fn is_boundary(event: &CallEvent<'_>) -> bool {
    match event.pallet {
        "Utility" => matches!(
            event.variant,
            "ItemCompleted"
                | "ItemFailed"
                | "BatchCompleted"
                | "BatchCompletedWithErrors"
                | "BatchInterrupted"
                | "DispatchedAs"
                | "IfElseMainSuccess"
                | "IfElseFallbackCalled"
        ),
        "Proxy" => event.variant == "ProxyExecuted",
        "Multisig" => matches!(event.variant, "NewMultisig" | "MultisigApproval" | "MultisigExecuted"),
        "Sudo" => matches!(event.variant, "Sudid" | "SudoAsDone"),
        "SubtensorModule" => event.variant == "Sudid",
        pallet => {
            kind::is_collective(pallet) && matches!(event.variant, "MemberExecuted" | "Executed" | "Proposed")
        }
    }
}

/// A `DispatchResult` as JSON: the error's name inside, or `None` where it is no result.
pub(super) fn result(value: &str) -> Option<Result<(), Option<Cow<'_, str>>>> {
    match json::variant(value)? {
        ("Ok", _) => Some(Ok(())),
        ("Err", error) => Some(Err(error_name(error))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_told_from_anything_else() {
        assert_eq!(result(r#"{"Ok":null}"#), Some(Ok(())));
        assert_eq!(result(r#"{"Err":{"CannotLookup":null}}"#), Some(Err(Some("CannotLookup".into()))));
        assert_eq!(result(r#"{"Maybe":null}"#), None);
        assert_eq!(result("3"), None);
    }
}
