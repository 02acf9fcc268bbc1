//! PagerDuty: Events API v2. What resolves closes what fired, by the group.

use serde_json::{Value, json};
use url::Url;

use super::{Fields, Post, fields};
use crate::{
    AlertError, AlertState, Message,
    message::{Words, shortened},
};

const SUMMARY: usize = 1_024;

/// Settings. The routing key is the secret, and goes into the body.
#[derive(Debug, Clone)]
pub(super) struct PagerDuty {
    url: Url,
}

impl PagerDuty {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let url = fields.text("url")?.unwrap_or("https://events.pagerduty.com/v2/enqueue");
        Ok(Self { url: fields::url("url", url)? })
    }

    pub(super) fn compose(&self, routing_key: &str, batch: &[Message]) -> Post {
        let words = Words::of(batch);
        let last = batch.last();
        let all_over = batch.iter().all(|message| message.alert.state == AlertState::Resolved);
        let (group, scope, kind) = match (batch, last) {
            ([one], _) => (one.alert.group.clone(), one.alert.scope.clone(), one.alert.kind.clone()),
            (_, Some(last)) => {
                (format!("digest-{}", last.alert.rule), last.alert.rule.clone(), "digest".into())
            }
            _ => <(String, String, String)>::default(),
        };
        let details: Vec<Value> = batch
            .iter()
            .take(20)
            .map(|message| {
                json!({ "sequence": message.sequence, "title": message.alert.title, "facts": message.alert.facts })
            })
            .collect();
        let mut body = json!({
            "routing_key": routing_key,
            "event_action": if all_over { "resolve" } else { "trigger" },
            "dedup_key": group,
            "payload": {
                "summary": shortened(&words.title, SUMMARY),
                "source": "yumascan",
                "severity": severity_of(&words.severity),
                "component": scope,
                "class": kind,
                "custom_details": { "text": shortened(&words.text, 8_000), "alerts": details },
            },
        });
        if let Some(link) = words.link.filter(|link| link.starts_with("http")) {
            body["links"] = json!([{ "href": link, "text": "open" }]);
        }
        Post::json(&self.url, &body)
    }
}

fn severity_of(severity: &str) -> &'static str {
    match severity {
        "S1" => "critical",
        "S2" => "error",
        "S3" => "warning",
        _ => "info",
    }
}
