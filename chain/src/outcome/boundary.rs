//! The events that carrying calls leave behind, and the results they hold.

use std::borrow::Cow;

use super::{CallEvent, kind};
use crate::json;

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

/// Name of a `DispatchError` in canonical JSON: `Pallet.Error`, `BadOrigin`, `Token.FundsUnavailable`.
///
/// A module error that the metadata has no name for is `Module.7.2` (pallet index, error index).
pub(crate) fn error_name(error: &str) -> Option<Cow<'_, str>> {
    let (name, content) = json::variant(error)?;
    if name == "Module" {
        if let Some(known) = json::field(content, "name").and_then(json::text) {
            return Some(Cow::Borrowed(known));
        }
        let pallet = json::field(content, "index")?;
        let error = json::field(content, "error")?;
        // newer runtimes have four bytes here, of which the first is the index
        let index =
            match json::text(error).and_then(|hex| hex.strip_prefix("0x")).and_then(|hex| hex.get(..2)) {
                Some(byte) => u8::from_str_radix(byte, 16).ok()?.to_string(),
                None => error.to_owned(),
            };
        return Some(Cow::Owned(format!("Module.{pallet}.{index}")));
    }
    Some(match json::variant(content) {
        Some((detail, _)) => Cow::Owned(format!("{name}.{detail}")),
        None => Cow::Borrowed(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_dispatch_error_has_a_name() {
        let named = r#"{"Module":{"index":7,"error":"0x02000000","name":"SubtensorModule.NotEnoughStake"}}"#;
        assert_eq!(error_name(named).as_deref(), Some("SubtensorModule.NotEnoughStake"));
        let unnamed = r#"{"Module":{"index":7,"error":"0x0a000000"}}"#;
        assert_eq!(error_name(unnamed).as_deref(), Some("Module.7.10"));
        assert_eq!(error_name(r#"{"Module":{"index":7,"error":3}}"#).as_deref(), Some("Module.7.3"));
        assert_eq!(error_name(r#"{"BadOrigin":null}"#).as_deref(), Some("BadOrigin"));
        let token = r#"{"Token":{"FundsUnavailable":null}}"#;
        assert_eq!(error_name(token).as_deref(), Some("Token.FundsUnavailable"));
        assert_eq!(error_name("null"), None);
    }

    #[test]
    fn a_result_is_told_from_anything_else() {
        assert_eq!(result(r#"{"Ok":null}"#), Some(Ok(())));
        assert_eq!(result(r#"{"Err":{"CannotLookup":null}}"#), Some(Err(Some("CannotLookup".into()))));
        assert_eq!(result(r#"{"Maybe":null}"#), None);
        assert_eq!(result("3"), None);
    }
}
