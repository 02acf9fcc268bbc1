//! Mail over SMTP. The server's name is resolved and checked like any other, and TLS holds the server to its name.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};

use super::{Fields, SendError};
use crate::{
    AlertError, Message,
    message::{Words, shortened},
    net::{HttpClient, NetError},
};

/// How the connection is made safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte (465).
    Tls,
    /// STARTTLS, refused without (587).
    StartTls,
    /// None: only for a server of one's own network.
    None,
}

/// Settings of a mail server. The password is the secret.
#[derive(Debug, Clone)]
pub(super) struct Email {
    host: String,
    port: u16,
    security: Security,
    user: Option<String>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, AlertError> {
        let security = match fields.one_of("security", &["tls", "starttls", "none"])? {
            Some("starttls") => Security::StartTls,
            Some("none") => Security::None,
            _ => Security::Tls,
        };
        let usual = match security {
            Security::Tls => 465_u16,
            Security::StartTls => 587,
            Security::None => 25,
        };
        let port = fields.number("port", 1..=65_535)?.and_then(|port| u16::try_from(port).ok());
        let mailbox = |name: &str, text: &str| {
            text.parse::<Mailbox>().map_err(|error| {
                let shown = shortened(text, 60);
                AlertError::field(name, format!("`{shown}` is not an address of mail ({error})"))
            })
        };
        let to = fields.texts("to")?;
        if to.is_empty() || to.len() > 50 {
            return Err(AlertError::field("to", "it must name 1 to 50 addresses of mail"));
        }
        Ok(Self {
            host: fields.wanted_text("host")?.trim().to_owned(),
            port: port.unwrap_or(usual),
            security,
            user: fields.text("user")?.map(str::to_owned),
            from: mailbox("from", fields.wanted_text("from")?)?,
            to: to.into_iter().map(|text| mailbox("to", text)).collect::<Result<_, _>>()?,
        })
    }

    fn compose(&self, batch: &[Message]) -> Result<Mail, SendError> {
        let words = Words::of(batch);
        // a line break in a subject would begin another header
        let subject: String = words.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut mail = Mail::builder().from(self.from.clone()).subject(shortened(&subject, 200));
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        if let [one] = batch {
            // a mail that comes twice is one to most readers
            let domain = self.from.email.domain();
            mail = mail.message_id(Some(format!("<{}@{domain}>", one.alert.idempotency_key)));
        }
        mail.header(ContentType::TEXT_PLAIN)
            .body(words.plain(20_000))
            .map_err(|error| SendError::refused(error.to_string()))
    }

    pub(super) async fn send(
        &self,
        client: &HttpClient,
        password: &str,
        batch: &[Message],
    ) -> Result<(), SendError> {
        let mail = self.compose(batch)?;
        let within = client.timeout() * 2;
        let sent = tokio::time::timeout(within, self.deliver(client, password, mail)).await;
        sent.unwrap_or_else(|_| {
            Err(NetError::TimedOut { host: self.host.clone(), ms: within.as_millis() }.into())
        })
    }

    async fn deliver(&self, client: &HttpClient, password: &str, mail: Mail) -> Result<(), SendError> {
        let addresses = client.guard().resolve(&self.host, self.port).await?;
        let Some(address) = addresses.first() else {
            return Err(SendError::transient("the mail server has no address"));
        };
        let tls =
            || TlsParameters::new(self.host.clone()).map_err(|error| SendError::refused(error.to_string()));
        let tls = match self.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::None => Tls::None,
        };
        // the address that was checked, not the name
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .timeout(Some(client.timeout()))
            .tls(tls);
        if let Some(user) = &self.user {
            transport = transport.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        match transport.build().send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(SendError::refused(format!("{}: {error}", self.host))),
            Err(error) => Err(SendError::transient(format!("{}: {error}", self.host))),
        }
    }
}
