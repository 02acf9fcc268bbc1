//! Prometheus Alertmanager: `POST /api/v2/alerts`. It knows alerts by their labels: those of what fires and what
//! resolves it are the same.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{Fields, Post, SendError, fields};
use crate::{AlertError, AlertState, Message};

/// What fires is told once; it stays until it is resolved, or for that long.
const STAYS: Duration = Duration::days(7);

/// Settings. A bearer token is the secret, where one is wanted.
#[derive(Debug, Clone)]
pub(super) struct Alertmanager {
    url: Url,
}

impl Alertmanager {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let mut url = fields::url("url", fields.wanted_text("url")?)?;
        if !url.path().ends_with("/api/v2/alerts")
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(["api", "v2", "alerts"]);
        }
        Ok(Self { url })
    }

    pub(super) fn compose(&self, token: &str, batch: &[Message]) -> Result<Post, SendError> {
        let alerts: Vec<Value> = batch.iter().map(alert_of).collect();
        let post = Post::json(&self.url, &Value::Array(alerts));
        if token.is_empty() { Ok(post) } else { post.with("authorization", &format!("Bearer {token}")) }
    }
}

fn alert_of(message: &Message) -> Value {
    let alert = &message.alert;
    let raised = OffsetDateTime::from_unix_timestamp_nanos(i128::from(message.raised_at_ms) * 1_000_000);
    let raised = raised.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let ends = if alert.state == AlertState::Resolved { raised } else { raised + STAYS };
    let written = |time: OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let mut body = json!({
        "labels": {
            "alertname": alert.kind,
            "rule": alert.rule,
            "scope": alert.scope,
            "group": alert.group,
            "source": alert.source,
        },
        "annotations": { "summary": alert.title, "description": alert.text, "severity": alert.severity },
        "endsAt": written(ends),
    });
    if alert.state == AlertState::Firing {
        body["startsAt"] = json!(written(raised));
    }
    if let Some(link) = alert.link.as_deref().filter(|link| link.starts_with("http")) {
        body["generatorURL"] = json!(link);
    }
    body
}
