//! What `System.ExtrinsicSuccess/ExtrinsicFailed` tell: dispatch info and dispatch error, read from their JSON.

use std::borrow::Cow;

use crate::json;

/// `DispatchInfo`, in any of its historic shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DispatchInfo {
    /// `(ref_time, proof_size)`; before weights had two parts the second is 0.
    pub(crate) weight: Option<(u64, u64)>,
    pub(crate) pays_fee: Option<bool>,
}

/// Reads a dispatch info.
pub(crate) fn dispatch_info(info: &str) -> DispatchInfo {
    let (mut call, mut extension, mut pays_fee) = (None, None, None);
    for (name, value) in json::fields(info) {
        match name {
            "weight" | "call_weight" => call = weight(value),
            // newer shapes count the extensions' weight apart
            "extension_weight" => extension = weight(value),
            "pays_fee" => {
                pays_fee = json::variant(value).and_then(|(pays, _)| match pays {
                    "Yes" => Some(true),
                    "No" => Some(false),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    let weight = match (call, extension) {
        (Some(call), Some(extension)) => {
            Some((call.0.saturating_add(extension.0), call.1.saturating_add(extension.1)))
        }
        (call, _) => call,
    };
    DispatchInfo { weight, pays_fee }
}

/// A weight: `{ref_time, proof_size}`, or a bare integer as it once was.
fn weight(value: &str) -> Option<(u64, u64)> {
    let part = |text| json::integer(text).and_then(|part| u64::try_from(part).ok());
    if let Some(bare) = part(value) {
        return Some((bare, 0));
    }
    let (mut ref_time, mut proof_size) = (None, None);
    for (name, value) in json::fields(value) {
        match name {
            "ref_time" => ref_time = part(value),
            "proof_size" => proof_size = part(value),
            _ => {}
        }
    }
    Some((ref_time?, proof_size.unwrap_or(0)))
}

/// Name of a dispatch error: `Pallet.Error`, or its variant (`BadOrigin`, `Token.FundsUnavailable`).
pub(crate) fn error_name(error: &str) -> Option<Cow<'_, str>> {
    let (variant, inner) = json::variant(error)?;
    if variant == "Module" {
        if let Some(name) = json::field(inner, "name").and_then(json::text) {
            return Some(Cow::Borrowed(name));
        }
        let number = |name| json::field(inner, name).unwrap_or("?").trim_matches('"').to_owned();
        return Some(Cow::Owned(format!("Module.{}.{}", number("index"), number("error"))));
    }
    match json::variant(inner) {
        Some((detail, _)) => Some(Cow::Owned(format!("{variant}.{detail}"))),
        None => Some(Cow::Borrowed(variant)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_all_times_are_read() {
        let struct_form =
            r#"{"weight":{"ref_time":"7","proof_size":"3"},"class":{"Normal":null},"pays_fee":{"No":null}}"#;
        assert_eq!(dispatch_info(struct_form), DispatchInfo { weight: Some((7, 3)), pays_fee: Some(false) });
        let plain = r#"{"weight":"7","class":{"Normal":null},"pays_fee":{"Yes":null}}"#;
        assert_eq!(dispatch_info(plain), DispatchInfo { weight: Some((7, 0)), pays_fee: Some(true) });
        let split = r#"{"call_weight":{"ref_time":"7","proof_size":"3"},"extension_weight":{"ref_time":"1","proof_size":"2"},"class":{"Normal":null},"pays_fee":{"Yes":null}}"#;
        assert_eq!(dispatch_info(split).weight, Some((8, 5)));
        assert_eq!(dispatch_info("null"), DispatchInfo { weight: None, pays_fee: None });
    }

    #[test]
    fn errors_are_named() {
        let module = r#"{"Module":{"index":5,"error":"0x02000000","name":"Balances.InsufficientBalance"}}"#;
        assert_eq!(error_name(module).as_deref(), Some("Balances.InsufficientBalance"));
        assert_eq!(error_name(r#"{"Module":{"index":5,"error":2}}"#).as_deref(), Some("Module.5.2"));
        assert_eq!(error_name(r#"{"BadOrigin":null}"#).as_deref(), Some("BadOrigin"));
        assert_eq!(
            error_name(r#"{"Token":{"FundsUnavailable":null}}"#).as_deref(),
            Some("Token.FundsUnavailable")
        );
    }
}
