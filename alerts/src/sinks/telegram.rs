//! Telegram: a bot's `sendMessage`. Source: the service's Bot API.

use serde_json::{Value, json};
use url::Url;

use super::{Fields, Post, SendError, fields};
use crate::{AlertError, Message, message::Words};

const TEXT: usize = 4_000;

/// Settings of a chat. The bot's token is the secret.
#[derive(Debug, Clone)]
pub(super) struct Telegram {
    base: Url,
    chat: Value,
    thread: Option<u64>,
}

impl Telegram {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let base = match fields.text("api_url")? {
            Some(text) => fields::url("api_url", text)?,
            None => fields::url("api_url", "https://api.telegram.org")?,
        };
        let chat = match fields.value("chat_id") {
            Some(Value::Number(number)) if number.is_i64() => json!(number),
            Some(Value::String(text)) if is_chat(text) => json!(text),
            Some(_) => {
                return Err(AlertError::field(
                    "chat_id",
                    "it must be a number such as -1001234567890, or @channel",
                ));
            }
            None => return Err(AlertError::field("chat_id", "it is missing")),
        };
        Ok(Self { base, chat, thread: fields.number("thread_id", 1..=u64::from(u32::MAX))? })
    }

    pub(super) fn compose(&self, token: &str, batch: &[Message]) -> Result<Post, SendError> {
        let mut url = self.base.clone();
        // the token is one segment of the path, whatever it holds
        url.path_segments_mut()
            .map_err(|()| SendError::refused("api_url cannot have a path"))?
            .pop_if_empty()
            .extend([format!("bot{token}").as_str(), "sendMessage"]);
        let mut body = json!({
            "chat_id": self.chat,
            "text": Words::of(batch).plain(TEXT),
            "link_preview_options": { "is_disabled": true },
        });
        if let Some(thread) = self.thread {
            body["message_thread_id"] = json!(thread);
        }
        Ok(Post::json(&url, &body))
    }
}

fn is_chat(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(name) => !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        None => text.parse::<i64>().is_ok(),
    }
}
