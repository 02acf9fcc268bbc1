//! What an answer means: delivered, try again, or never.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::Value;
use yumascan_store::alerts::Secret;

use crate::net::{Answer, NetError};

/// Longest wait that a sink may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Characters of an answer that are kept.
const KEPT: usize = 200;

/// Why a batch was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Why, without the secret.
    pub reason: String,
    /// Whether the same may be accepted later.
    pub transient: bool,
    /// How long the sink asked to be left alone.
    pub wait: Option<Duration>,
}

impl SendError {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: false, wait: None }
    }

    pub(crate) fn transient(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), transient: true, wait: None }
    }

    pub(crate) fn without(mut self, secret: &Secret) -> Self {
        self.reason = secret.hide_in(&self.reason);
        self
    }
}

impl From<NetError> for SendError {
    fn from(error: NetError) -> Self {
        Self { reason: error.to_string(), transient: error.is_transient(), wait: None }
    }
}

/// Success is any 2xx. What the sink says is its own fault, or a matter of time, is tried again; the rest is refused.
pub(crate) fn judge(answer: &Answer) -> Result<(), SendError> {
    let status = answer.status;
    if status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body);
    let said: String = said.chars().filter(|c| !c.is_control()).take(KEPT).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    if status.is_redirection() {
        return Err(SendError::refused(format!(
            "it answered {status}; redirects are not followed, give the URL it redirects to"
        )));
    }
    let may_change = status.is_server_error()
        || [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ]
        .contains(&status);
    let reason = format!("it answered {status}{said}");
    Err(SendError { reason, transient: may_change, wait: wait_of(answer) })
}

/// `Retry-After` in seconds, or what some services say in the body.
fn wait_of(answer: &Answer) -> Option<Duration> {
    let from_header = || answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse::<f64>().ok();
    let from_body = || {
        let body: Value = serde_json::from_slice(&answer.body).ok()?;
        body.get("retry_after").or_else(|| body.pointer("/parameters/retry_after"))?.as_f64()
    };
    let seconds = from_header().or_else(from_body)?;
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn an_answer_is_delivered_tried_again_or_refused() {
        for status in [200, 201, 202, 204] {
            assert_eq!(judge(&answer(status, None, "")), Ok(()), "{status}");
        }
        for status in [408, 409, 425, 429, 500, 502, 503, 504] {
            assert!(judge(&answer(status, None, "")).unwrap_err().transient, "{status}");
        }
        for status in [301, 302, 307, 308, 400, 401, 403, 404, 410, 413] {
            assert!(!judge(&answer(status, None, "")).unwrap_err().transient, "{status}");
        }
    }

    #[test]
    fn a_sink_may_say_when_to_come_again() {
        let wait = |answer| judge(&answer).unwrap_err().wait;
        assert_eq!(wait(answer(429, Some("7"), "")), Some(Duration::from_secs(7)));
        assert_eq!(wait(answer(429, None, r#"{"retry_after":0.5}"#)), Some(Duration::from_millis(500)));
        let telegram = r#"{"ok":false,"parameters":{"retry_after":3}}"#;
        assert_eq!(wait(answer(429, None, telegram)), Some(Duration::from_secs(3)));
        assert_eq!(wait(answer(503, Some("99999999"), "")), Some(LONGEST_WAIT));
        for odd in ["-1", "soon", "NaN", "inf", ""] {
            assert_eq!(wait(answer(503, Some(odd), "")), None, "{odd}");
        }
    }
}
