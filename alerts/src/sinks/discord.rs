//! Discord: webhooks of channels. Source: the service's "Execute Webhook".

use serde_json::{Map, json};
use url::Url;

use super::{Post, fields};
use crate::{
    AlertError, Message,
    message::{Words, shortened},
};

const TITLE: usize = 256;
const DESCRIPTION: usize = 4_000;

/// Settings: the URL is the secret.
#[derive(Clone)]
pub(super) struct Discord {
    url: Url,
}

impl std::fmt::Debug for Discord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Discord")
    }
}

impl Discord {
    pub(super) fn read(secret: &str) -> Result<Self, AlertError> {
        Ok(Self { url: fields::url("secret", secret)? })
    }

    pub(super) fn compose(&self, batch: &[Message]) -> Post {
        let words = Words::of(batch);
        let mut embed = Map::new();
        embed.insert("title".into(), shortened(&words.title, TITLE).into());
        embed.insert("description".into(), shortened(&words.text, DESCRIPTION).into());
        embed.insert("color".into(), colour_of(&words).into());
        if let Some(link) = words.link.filter(|link| link.starts_with("http")) {
            embed.insert("url".into(), link.into());
        }
        // nobody is called by a text of the chain
        Post::json(&self.url, &json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } }))
    }
}

fn colour_of(words: &Words) -> u32 {
    match (words.resolved, words.severity.as_str()) {
        (true, _) => 0x2e_a0_43,
        (_, "S1") => 0xcf_22_2e,
        (_, "S2") => 0xe1_6f_24,
        (_, "S3") => 0xd4_a7_2c,
        _ => 0x6e_77_81,
    }
}
