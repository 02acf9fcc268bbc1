//! What each kind of sink is sent.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use yumascan_alerts::{
    Message,
    net::{Guard, HttpClient},
    sinks::Sink,
};
use yumascan_store::alerts::Secret;

use crate::{
    message,
    server::{Mood, Seen, Server},
};

fn client() -> HttpClient {
    let guard = Guard::new(&["127.0.0.1/32".to_owned()]).unwrap();
    HttpClient::new(guard, std::time::Duration::from_secs(5)).unwrap()
}

async fn sent(kind: &str, settings: impl Fn(&Server) -> (Value, String), batch: &[Message]) -> (Seen, Value) {
    let server = Server::start(|_| Mood::Well).await;
    let (settings, secret) = settings(&server);
    let sink = Sink::parse("s", kind, &settings, Some(Secret::new(secret))).unwrap();
    sink.send(&client(), batch, 1_700_000_000).await.unwrap();
    let seen = server.all().remove(0);
    assert_eq!(seen.headers["content-type"], "application/json");
    let body = serde_json::from_slice(&seen.body).unwrap();
    (seen, body)
}

#[tokio::test]
async fn slack_is_sent_blocks_in_which_nobody_is_called() {
    let (seen, body) =
        sent("slack", |server| (json!({}), server.url("/services/T/B/x")), &[message(1)]).await;
    assert_eq!(seen.path, "/services/T/B/x");
    assert_eq!(body["blocks"][0]["type"], "header");
    let text = body["text"].as_str().unwrap();
    assert!(text.contains("&lt;!channel&gt;") && text.contains("&amp;") && !text.contains('<'), "{text}");
    assert_eq!(body["blocks"][2]["text"]["text"], "<https://scan.example/incidents/abc|open>");
    let mut long = message(1);
    long.alert.title = "<".repeat(5_000);
    long.alert.text = "<".repeat(50_000);
    let (_, body) = sent("slack", |server| (json!({}), server.url("/")), &[long]).await;
    let length = |pointer: &str| body.pointer(pointer).unwrap().as_str().unwrap().chars().count();
    assert!(length("/blocks/0/text/text") <= 150 && length("/blocks/1/text/text") <= 3_000);
}

#[tokio::test]
async fn discord_is_sent_an_embed_in_which_nobody_is_called() {
    let (seen, body) =
        sent("discord", |server| (json!({}), server.url("/api/webhooks/1/x")), &[message(10)]).await;
    assert_eq!(seen.path, "/api/webhooks/1/x");
    assert_eq!(body["allowed_mentions"]["parse"], json!([]));
    let title = body["embeds"][0]["title"].as_str().unwrap();
    assert!(title.starts_with("Resolved: [S2] alert 10"), "{title}");
    assert_eq!(body["embeds"][0]["url"], "https://scan.example/incidents/abc");
}

#[tokio::test]
async fn telegram_is_sent_plain_text_with_the_token_in_the_path_alone() {
    let settings = |server: &Server| {
        (json!({ "api_url": server.url(""), "chat_id": -100_123, "thread_id": 7 }), "12:ab/../c".to_owned())
    };
    let (seen, body) = sent("telegram", settings, &[message(1)]).await;
    assert_eq!(seen.path, "/bot12:ab%2F..%2Fc/sendMessage");
    assert_eq!((body["chat_id"].as_i64(), body["message_thread_id"].as_u64()), (Some(-100_123), Some(7)));
    assert!(body.get("parse_mode").is_none() && body["text"].as_str().unwrap().chars().count() <= 4_096);
}

#[tokio::test]
async fn pagerduty_is_sent_events_that_resolve_what_they_triggered() {
    let settings = |server: &Server| (json!({ "url": server.url("/v2/enqueue") }), "routing".to_owned());
    let (_, fired) = sent("pagerduty", settings, &[message(1)]).await;
    let (_, over) = sent("pagerduty", settings, &[message(10)]).await;
    assert_eq!((&fired["event_action"], &over["event_action"]), (&json!("trigger"), &json!("resolve")));
    assert_eq!(fired["dedup_key"], over["dedup_key"]);
    assert_eq!(fired["routing_key"], "routing");
    assert_eq!(fired["payload"]["severity"], "error");
    for name in ["summary", "source"] {
        assert!(fired["payload"][name].is_string());
    }
    let (_, digest) = sent("pagerduty", settings, &[message(1), message(2)]).await;
    assert!(digest["payload"]["summary"].as_str().unwrap().contains("2 alerts of rule a-rule"));
}

#[tokio::test]
async fn alertmanager_is_sent_alerts_whose_labels_stay_the_same() {
    let settings = |server: &Server| (json!({ "url": server.url("/prefix") }), "token".to_owned());
    let (seen, body) = sent("alertmanager", settings, &[message(1), message(10)]).await;
    assert_eq!(seen.path, "/prefix/api/v2/alerts");
    assert_eq!(seen.headers["authorization"], "Bearer token");
    let [fired, over] = body.as_array().unwrap().as_slice() else { panic!("{body}") };
    assert_eq!(fired["labels"], over["labels"]);
    assert_eq!(fired["labels"]["alertname"], "runaway_batch");
    assert!(fired["startsAt"].is_string() && fired["endsAt"].as_str() > over["endsAt"].as_str());
    assert_eq!(over["endsAt"], "2023-11-14T22:13:20.01Z");
}

#[tokio::test]
async fn a_webhook_is_sent_what_its_schema_says() {
    let settings = |server: &Server| (json!({ "url": server.url("/hook?tenant=1") }), "key".to_owned());
    let (seen, body) = sent("webhook", settings, &[message(3)]).await;
    let schema: Value = serde_json::from_str(include_str!("../../../docs/alert.schema.json")).unwrap();
    let wanted = schema["$defs"]["alert"]["required"].as_array().unwrap();
    let known = schema["$defs"]["alert"]["properties"].as_object().unwrap();
    let alert = body["alerts"][0].as_object().unwrap();
    assert!(wanted.iter().all(|name| alert.contains_key(name.as_str().unwrap())), "{alert:?}");
    assert!(alert.keys().all(|name| known.contains_key(name)), "{alert:?}");
    assert_eq!(alert.len(), known.len());
    assert_eq!((body["version"].as_u64(), alert["sequence"].as_u64()), (Some(1), Some(3)));
    assert!(seen.headers["yumascan-signature"].to_str().unwrap().starts_with("t=1700000000,v1="));
    assert!(seen.headers["user-agent"].to_str().unwrap().starts_with("yumascan/"));
}

#[tokio::test]
async fn a_mail_reaches_a_server_of_the_protocol() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hello\r\n").await.unwrap();
        let (mut mail, mut in_mail) = (String::new(), false);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() == 0 {
                return mail;
            }
            let answer: &[u8] = match line.trim_end() {
                "." if in_mail => {
                    in_mail = false;
                    b"250 taken\r\n"
                }
                _ if in_mail => {
                    mail.push_str(&line);
                    continue;
                }
                "DATA" => {
                    in_mail = true;
                    b"354 go on\r\n"
                }
                "QUIT" => b"221 bye\r\n",
                line if line.starts_with("EHLO") => b"250 fake\r\n",
                line => {
                    mail.push_str(line);
                    mail.push('\n');
                    b"250 ok\r\n"
                }
            };
            stream.write_all(answer).await.unwrap();
            if line.starts_with("QUIT") {
                return mail;
            }
        }
    });
    let settings = json!({
        "host": "127.0.0.1", "port": port, "security": "none",
        "from": "Yumascan <scan@b.example>", "to": ["a@d.example", "b@d.example"],
    });
    let sink = Sink::parse("m", "email", &settings, None).unwrap();
    let mut one = message(1);
    one.alert.title = "first\r\nBcc: evil@x.example".to_owned();
    sink.send(&client(), &[one], 1).await.unwrap();
    drop(sink);
    let mail = tokio::time::timeout(std::time::Duration::from_secs(70), server).await;
    let mail = mail.unwrap().unwrap();
    for wanted in
        ["RCPT TO:<a@d.example>", "RCPT TO:<b@d.example>", "Subject: [S2] first", "line two", "Message-ID: <"]
    {
        assert!(mail.contains(wanted), "no {wanted} in {mail}");
    }
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Subject") && !head.lines().any(|line| line.starts_with("Bcc")), "{mail}");
}

#[test]
fn settings_that_are_not_right_are_named_with_the_nearest_that_would_be() {
    for (kind, settings, wanted) in [
        ("webhok", json!({}), "did you mean `webhook`?"),
        ("webhook", json!({ "ulr": "https://x.example" }), "url: it is missing"),
        (
            "webhook",
            json!({ "url": "https://x.example", "rate_per_minut": 3 }),
            "did you mean `rate_per_minute`?",
        ),
        ("webhook", json!({ "url": "https://x.example", "rate_per_minute": 0 }), "from 1 to 60000"),
        ("webhook", json!({ "url": 7 }), "it must be a text, not `7`"),
        ("slack", json!({}), "secret: it is missing; a slack needs the URL"),
        ("telegram", json!({}), "secret"),
        (
            "email",
            json!({ "host": "h", "from": "nobody", "to": "a@b.example" }),
            "`nobody` is not an address of mail",
        ),
        ("email", json!({ "host": "h", "from": "a@b.example" }), "to: it must name"),
        ("email", json!({ "host": "h", "security": "tsl" }), "did you mean `tls`?"),
        ("webhook", json!([1]), "it must be an object, not a list"),
    ] {
        let refused = Sink::parse("s", kind, &settings, None).unwrap_err().to_string();
        assert!(refused.starts_with("sink s") && refused.contains(wanted), "{kind}: {refused}");
    }
    for name in ["", "With Space", "ä", "-x", &"x".repeat(65), "a/b"] {
        assert!(
            Sink::parse(name, "webhook", &json!({ "url": "https://x.example" }), None).is_err(),
            "{name}"
        );
    }
}
