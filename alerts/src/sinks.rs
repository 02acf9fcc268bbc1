//! Sinks: how each kind is spoken to.
//!
//! A sink's settings are JSON; its secret is apart. Composing a request is pure, so that it can be tried against the
//! kind's own documentation; sending goes through [`crate::net`].

mod alertmanager;
mod discord;
mod email;
mod fields;
mod judge;
mod pagerduty;
mod slack;
mod telegram;
pub mod webhook;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Value;
use url::Url;
use yumascan_store::alerts::{Secret, SinkRecord};

pub use fields::nearest;
pub(crate) use fields::{Fields, check_name, unknown};
pub use judge::SendError;

use crate::{AlertError, Message, net::HttpClient};

/// What sinks there are: name, what its secret is, what it is for.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("webhook", "key that signs (HMAC-SHA256)", "your own program: JSON, signed"),
    ("slack", "URL of the incoming webhook", "a channel of Slack"),
    ("discord", "URL of the channel's webhook", "a channel of Discord"),
    ("telegram", "token of the bot", "a chat of Telegram"),
    ("email", "password of the mail server", "mail over SMTP"),
    ("pagerduty", "routing key (Events API v2)", "a service of PagerDuty"),
    ("alertmanager", "bearer token, where it wants one", "Prometheus Alertmanager, API v2"),
];

/// A place that alerts go to.
#[derive(Debug, Clone)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// Alerts a minute at most.
    pub rate_per_minute: u32,
    /// Waiting alerts of a rule beyond which they are told together; 0 is never.
    pub digest_after: u32,
    kind: Kind,
    secret: Secret,
}

#[derive(Debug, Clone)]
enum Kind {
    Webhook(webhook::Webhook),
    Slack(slack::Slack),
    Discord(discord::Discord),
    Telegram(telegram::Telegram),
    Email(email::Email),
    PagerDuty(pagerduty::PagerDuty),
    Alertmanager(alertmanager::Alertmanager),
}

/// A request as it would be sent. Its URL and headers may hold the secret: it is not printed.
pub struct Post {
    /// Where to.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("host", &self.url.host_str()).field("bytes", &self.body.len()).finish()
    }
}

impl Post {
    fn json(url: &Url, body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { url: url.clone(), headers, body: Bytes::from(body.to_string()) }
    }

    fn with(mut self, name: &'static str, value: &str) -> Result<Self, SendError> {
        let value = HeaderValue::from_str(value)
            .map_err(|_| SendError::refused(format!("`{name}` cannot be a header")))?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }
}

impl Sink {
    /// Reads a stored sink.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_record(record: &SinkRecord) -> Result<Self, AlertError> {
        let config: Value = serde_json::from_str(&record.config)
            .map_err(|error| AlertError::field(format!("sink {}", record.name), error.to_string()))?;
        Self::parse(&record.name, &record.kind, &config, record.secret.clone())
    }

    /// Reads a sink's settings strictly.
    ///
    /// # Errors
    /// [`AlertError::Field`] names the field, what is wrong with it, and the nearest that would be right.
    pub fn parse(name: &str, kind: &str, config: &Value, secret: Option<Secret>) -> Result<Self, AlertError> {
        Self::read(name, kind, config, secret).map_err(|error| error.within(&format!("sink {name}")))
    }

    fn read(name: &str, kind: &str, config: &Value, secret: Option<Secret>) -> Result<Self, AlertError> {
        fields::check_name(name)?;
        let mut fields = Fields::of(config)?;
        let secret = secret.unwrap_or_else(|| Secret::new(""));
        let wanted = || match secret.reveal() {
            "" => {
                let what = KINDS.iter().find(|known| known.0 == kind).map_or("a secret", |known| known.1);
                Err(AlertError::field("secret", format!("it is missing; a {kind} needs the {what}")))
            }
            text => Ok(text),
        };
        // alerts a minute, alerts told one by one: by what the services bear
        let (kind, rate, digest) = match kind {
            "webhook" => (Kind::Webhook(webhook::Webhook::read(&mut fields)?), 600, 0),
            "slack" => (Kind::Slack(slack::Slack::read(wanted()?)?), 50, 5),
            "discord" => (Kind::Discord(discord::Discord::read(wanted()?)?), 25, 5),
            "telegram" => {
                wanted()?;
                (Kind::Telegram(telegram::Telegram::read(&mut fields)?), 20, 5)
            }
            "email" => (Kind::Email(email::Email::read(&mut fields)?), 10, 3),
            "pagerduty" => {
                wanted()?;
                (Kind::PagerDuty(pagerduty::PagerDuty::read(&mut fields)?), 60, 20)
            }
            "alertmanager" => (Kind::Alertmanager(alertmanager::Alertmanager::read(&mut fields)?), 600, 1),
            other => {
                let known = KINDS.iter().map(|known| known.0);
                return Err(AlertError::field("kind", fields::unknown("kind of sink", other, known)));
            }
        };
        let rate_per_minute = fields.number("rate_per_minute", 1..=60_000)?.unwrap_or(rate);
        let digest_after = fields.number("digest_after", 0..=1_000)?.unwrap_or(digest);
        fields.finish()?;
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Ok(Self {
            name: name.to_owned(),
            rate_per_minute: number(rate_per_minute),
            digest_after: number(digest_after),
            kind,
            secret,
        })
    }

    /// Kind, as stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Webhook(_) => "webhook",
            Kind::Slack(_) => "slack",
            Kind::Discord(_) => "discord",
            Kind::Telegram(_) => "telegram",
            Kind::Email(_) => "email",
            Kind::PagerDuty(_) => "pagerduty",
            Kind::Alertmanager(_) => "alertmanager",
        }
    }

    /// The request for a batch of one rule's alerts at a time (seconds since the Unix epoch); `None` for mail.
    ///
    /// # Errors
    /// [`SendError`] where it cannot be composed.
    pub fn compose(&self, batch: &[Message], now_s: u64) -> Result<Option<Post>, SendError> {
        let secret = self.secret.reveal();
        match &self.kind {
            Kind::Webhook(sink) => sink.compose(secret, batch, now_s).map(Some),
            Kind::Slack(sink) => Ok(Some(sink.compose(batch))),
            Kind::Discord(sink) => Ok(Some(sink.compose(batch))),
            Kind::Telegram(sink) => sink.compose(secret, batch).map(Some),
            Kind::PagerDuty(sink) => Ok(Some(sink.compose(secret, batch))),
            Kind::Alertmanager(sink) => sink.compose(secret, batch).map(Some),
            Kind::Email(_) => Ok(None),
        }
    }

    /// Sends a batch of one rule's alerts.
    ///
    /// # Errors
    /// [`SendError`], whose text does not hold the secret.
    pub async fn send(&self, client: &HttpClient, batch: &[Message], now_s: u64) -> Result<(), SendError> {
        let sent = match (&self.kind, self.compose(batch, now_s)) {
            (_, Err(error)) => Err(error),
            (Kind::Email(sink), _) => sink.send(client, self.secret.reveal(), batch).await,
            (_, Ok(Some(post))) => match client.post(&post.url, post.headers, post.body).await {
                Ok(answer) => judge::judge(&answer),
                Err(error) => Err(SendError::from(error)),
            },
            (_, Ok(None)) => Ok(()),
        };
        sent.map_err(|error| error.without(&self.secret))
    }
}
