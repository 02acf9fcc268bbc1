//! Webhooks: JSON to a program of the operator's, signed.
//!
//! `Yumascan-Signature: t=<unix seconds>,v1=<hex>` is the HMAC-SHA256 of `<t>.<body>` under the sink's key. A receiver
//! computes it again, compares in constant time, and refuses what is older than a few minutes.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use url::Url;

use super::{Fields, Post, SendError, fields};
use crate::{Alert, AlertError, Message, message::VERSION};

/// Settings of a webhook.
#[derive(Clone)]
pub(super) struct Webhook {
    url: Url,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // a path may be a key
        f.debug_struct("Webhook").field("url", &yumascan_store::redact_url(self.url.as_str())).finish()
    }
}

impl Webhook {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        Ok(Self { url: fields::url("url", fields.wanted_text("url")?)? })
    }

    pub(super) fn compose(&self, secret: &str, batch: &[Message], now_s: u64) -> Result<Post, SendError> {
        let key = match batch {
            [one] => one.alert.idempotency_key.clone(),
            several => {
                let keys: Vec<&str> =
                    several.iter().map(|message| message.alert.idempotency_key.as_str()).collect();
                Alert::key_of(&keys)
            }
        };
        let post = Post::json(&self.url, &json!({ "version": VERSION, "alerts": batch }))
            .with("idempotency-key", &key)?
            .with("yumascan-timestamp", &now_s.to_string())?;
        if secret.is_empty() {
            return Ok(post);
        }
        let signature = sign(secret.as_bytes(), now_s, &post.body);
        post.with("yumascan-signature", &format!("t={now_s},v1={signature}"))
    }
}

/// A new key, 32 random bytes in hex.
#[must_use]
pub fn new_key() -> String {
    const_hex::encode(rand::random::<[u8; 32]>())
}

/// HMAC-SHA256 of `<time>.<body>`, hex.
#[must_use]
pub fn sign(key: &[u8], time_s: u64, body: &[u8]) -> String {
    let code = code_of(key, time_s, body);
    const_hex::encode(code.finalize().into_bytes())
}

/// Whether a `Yumascan-Signature` header is that of a body, and at most `tolerance_s` seconds off `now_s`.
#[must_use]
pub fn verify(key: &[u8], header: &str, body: &[u8], now_s: u64, tolerance_s: u64) -> bool {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (Some(time), Some(signature)) = (part("t="), part("v1=")) else { return false };
    let (Ok(time), Ok(signature)) = (time.parse::<u64>(), const_hex::decode(signature)) else { return false };
    now_s.abs_diff(time) <= tolerance_s && code_of(key, time, body).verify_slice(&signature).is_ok()
}

fn code_of(key: &[u8], time_s: u64, body: &[u8]) -> Hmac<Sha256> {
    // a key of any length is one
    #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut code = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any length");
    code.update(time_s.to_string().as_bytes());
    code.update(b".");
    code.update(body);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // computed apart from this code: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
        let expected = "a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03";
        assert_eq!(sign(b"key", 1_700_000_000, br#"{"a":1}"#), expected);
        let header = format!("t=1700000000,v1={expected}");
        assert!(verify(b"key", &header, br#"{"a":1}"#, 1_700_000_100, 300));
        for (key, header, body, now) in [
            ("kez", header.as_str(), r#"{"a":1}"#, 1_700_000_100),
            ("key", header.as_str(), r#"{"a":2}"#, 1_700_000_100),
            ("key", header.as_str(), r#"{"a":1}"#, 1_700_000_400),
            ("key", "t=1700000000", r#"{"a":1}"#, 1_700_000_100),
            ("key", "t=x,v1=zz", r#"{"a":1}"#, 1_700_000_100),
            ("key", "", r#"{"a":1}"#, 1_700_000_100),
        ] {
            assert!(!verify(key.as_bytes(), header, body.as_bytes(), now, 300), "{key} {header} {body}");
        }
    }
}
