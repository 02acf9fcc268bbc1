//! Nothing is sent inside: each class of address, redirects, names that change their address.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use serde_json::json;
use yumascan_alerts::{
    net::{Guard, HttpClient, NetError, Resolve},
    sinks::Sink,
};
use yumascan_store::alerts::Secret;

use crate::{
    message,
    server::{Mood, Server},
};

/// Answers with each of its addresses in turn.
struct Turning(Vec<Vec<SocketAddr>>, AtomicUsize);

impl Resolve for Turning {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let turn = self.1.fetch_add(1, Ordering::Relaxed);
        let found = self.0[turn.min(self.0.len() - 1)].clone();
        Box::pin(
            async move { Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect()) },
        )
    }
}

fn turning(turns: &[&[&str]]) -> Arc<Turning> {
    let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
    Arc::new(Turning(
        turns.iter().map(|turn| turn.iter().map(address).collect()).collect(),
        AtomicUsize::new(0),
    ))
}

fn client(networks: &[&str], resolver: Arc<dyn Resolve>) -> HttpClient {
    let networks: Vec<String> = networks.iter().map(|text| (*text).to_owned()).collect();
    HttpClient::new(Guard::with_resolver(&networks, resolver).unwrap(), Duration::from_secs(2)).unwrap()
}

async fn post(client: &HttpClient, url: &str) -> Result<u16, NetError> {
    let url = url.parse().unwrap();
    client.post(&url, HeaderMap::new(), Bytes::from_static(b"{}")).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn no_address_inside_is_connected_to_in_whatever_form_it_is_written() {
    let server = Server::start(|_| Mood::Well).await;
    let port = server.port;
    let nobody = client(&[], turning(&[&[]]));
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "172.16.5.5",
        "192.168.0.1",
        "169.254.169.254",
        "169.254.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fc00::1]",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "240.0.0.1",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2001::1]",
    ] {
        for scheme in ["http", "https"] {
            let refused = post(&nobody, &format!("{scheme}://{host}:{port}/")).await.unwrap_err();
            assert!(matches!(refused, NetError::Forbidden { .. }), "{scheme}://{host}: {refused}");
        }
    }
    // the same by name
    for address in
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1", "fe80::1"]
    {
        let named = client(&[], turning(&[&[address]]));
        let refused = post(&named, &format!("http://rebind.example:{port}/")).await.unwrap_err();
        assert!(refused.to_string().contains("rebind.example"), "{address}: {refused}");
        assert!(matches!(refused, NetError::Forbidden { .. }), "{address}: {refused}");
    }
    assert_eq!(server.all().len(), 0);
    // and what the operator allows, and only that
    let allowed = client(&["127.0.0.1/32"], turning(&[&["127.0.0.1"]]));
    assert_eq!(post(&allowed, &format!("http://own.example:{port}/")).await, Ok(200));
    assert!(post(&allowed, &format!("http://127.0.0.2:{port}/")).await.is_err());
    assert_eq!(server.all().len(), 1);
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_asked_once_a_request_and_checked_each_time() {
    let server = Server::start(|_| Mood::Well).await;
    let resolver = turning(&[&["192.0.2.1", "127.0.0.9"], &["127.0.0.1"]]);
    // the first answer is allowed for this test, the second is not
    let guarded = client(&["127.0.0.9/32"], resolver.clone());
    let url = format!("http://rebind.example:{}/", server.port);
    let first = post(&guarded, &url).await;
    assert!(!matches!(first, Err(NetError::Forbidden { .. })), "{first:?}");
    assert_eq!(
        resolver.1.load(Ordering::Relaxed),
        1,
        "one question a request: its answer is what is connected to"
    );
    assert!(matches!(post(&guarded, &url).await, Err(NetError::Forbidden { .. })));
    assert_eq!(resolver.1.load(Ordering::Relaxed), 2);
    assert_eq!(server.all().len(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inside = Server::start(|_| Mood::Well).await;
    let to: &'static str = Box::leak(inside.url("/latest/meta-data").into_boxed_str());
    let outside = Server::start(move |_| Mood::Redirect(to)).await;
    let allowed = client(&["127.0.0.1/32"], turning(&[&["127.0.0.1"]]));
    let settings = json!({ "url": outside.url("/") });
    let sink = Sink::parse("s", "webhook", &settings, Some(Secret::new("k"))).unwrap();
    let refused = sink.send(&allowed, &[message(1)], 1).await.unwrap_err();
    assert!(!refused.transient && refused.reason.contains("redirects are not followed"), "{refused}");
    assert_eq!((outside.all().len(), inside.all().len()), (1, 0));
}

#[tokio::test]
async fn mail_is_held_to_the_same_rule() {
    let settings =
        json!({ "host": "mail.example", "from": "a@b.example", "to": "c@d.example", "security": "none" });
    let sink = Sink::parse("m", "email", &settings, Some(Secret::new("a-pass-phrase"))).unwrap();
    let nobody = client(&[], turning(&[&["127.0.0.1"]]));
    let refused = sink.send(&nobody, &[message(1)], 1).await.unwrap_err();
    assert!(!refused.transient && refused.reason.contains("loopback"), "{refused}");
}

#[test]
fn a_url_that_holds_a_password_or_no_web_address_is_refused_when_it_is_given() {
    for url in ["ftp://h/", "file:///etc/passwd", "http://user:pw@h/", "gopher://h", "not a url", "http://"] {
        let refused = Sink::parse("s", "webhook", &json!({ "url": url }), None).unwrap_err().to_string();
        assert!(refused.contains("url") && !refused.contains("pw@"), "{refused}");
    }
}
