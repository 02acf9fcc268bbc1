//! Slack: incoming webhooks. Source: the service's "Sending messages using incoming webhooks".

use serde_json::json;
use url::Url;

use super::{Post, fields};
use crate::{
    AlertError, Message,
    message::{Words, shortened},
};

/// Characters that a header block and a section may have.
const HEADER: usize = 150;
const SECTION: usize = 2_900;

/// Settings: the URL is the secret.
#[derive(Clone)]
pub(super) struct Slack {
    url: Url,
}

impl std::fmt::Debug for Slack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slack")
    }
}

impl Slack {
    pub(super) fn read(secret: &str) -> Result<Self, AlertError> {
        Ok(Self { url: fields::url("secret", secret)? })
    }

    pub(super) fn compose(&self, batch: &[Message]) -> Post {
        let words = Words::of(batch);
        let mut blocks = vec![json!({
            "type": "header",
            "text": { "type": "plain_text", "text": shortened(&words.title, HEADER), "emoji": false },
        })];
        let mut section = |text: String| {
            blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
        };
        if !words.text.trim().is_empty() {
            // escaped after shortening, so that no escape is cut in two: an escape is at most five characters
            section(escaped(&shortened(&words.text, SECTION / 5 * 4)).chars().take(SECTION).collect());
        }
        if let Some(link) = &words.link {
            let link = escaped(link);
            section(if link.starts_with("http") { format!("<{link}|open>") } else { link });
        }
        Post::json(&self.url, &json!({ "text": escaped(&words.title), "blocks": blocks }))
    }
}

/// The three characters that mean something: without them nobody is called by a text of the chain.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
