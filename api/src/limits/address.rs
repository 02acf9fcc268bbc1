//! Networks, and the address that a request comes from behind proxies.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// The machine itself.
    #[must_use]
    pub fn loopback() -> Vec<Self> {
        let v4 = Self { base: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), bits: 8 };
        vec![v4, Self { base: IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), bits: 128 }]
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same_prefix(u32::from(base).into(), u32::from(address).into(), 32, self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                same_prefix(u128::from(base), u128::from(address), 128, self.bits)
            }
            _ => false,
        }
    }
}

fn same_prefix(one: u128, other: u128, width: u8, bits: u8) -> bool {
    let rest = u32::from(width.saturating_sub(bits));
    rest >= 128 || one >> rest == other >> rest
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a network; use 10.0.0.0/8, fd00::/8 or a single address");
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.trim().parse().map_err(|_| bad())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |bits| bits.trim().parse()).map_err(|_| bad())?;
        if bits > width { Err(bad()) } else { Ok(Self { base, bits }) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// Where a request comes from: the peer, or, as long as the last one named is a trusted proxy, the one before it.
///
/// The list is read from its end: what stands before the first untrusted address was written by that address.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let named = forwarded(headers);
    for name in named.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        // a proxy that hides the address has the last word
        let Some(address) = name else { break };
        client = address.to_canonical();
    }
    client
}

/// Whether somebody claims to have forwarded the request.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded")
}

/// Addresses of `Forwarded` (RFC 7239), else of `X-Forwarded-For`, in order.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let texts = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::to_owned).collect()
    };
    let standard = texts("forwarded");
    if standard.is_empty() {
        return texts("x-forwarded-for").iter().map(|text| parse_address(text)).collect();
    }
    let of_element = |element: &String| {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
            .find_map(|(_, value)| parse_address(value))
    };
    standard.iter().map(of_element).collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `"[2001:db8::1]:4711"`, `2001:db8::1`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Ok(socket) = text.parse::<std::net::SocketAddr>() {
        return Some(socket.ip());
    }
    text.strip_prefix('[')?.split(']').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let claim = [("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("203.0.113.9", &claim, &[]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &claim, &["10.0.0.0/8"]), "198.51.100.7");
        // what a client wrote itself stands before what the proxies wrote
        let spoofed = [("x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.9.9.9")];
        assert_eq!(seen("10.1.2.3", &spoofed, &["10.0.0.0/8"]), "198.51.100.7");
        let twice = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("10.1.2.3", &twice, &["10.0.0.0/8"]), "198.51.100.7");
        let standard = [("forwarded", "for=1.1.1.1, for=\"[2001:db8::7]:99\";proto=https")];
        assert_eq!(seen("10.1.2.3", &standard, &["10.0.0.0/8"]), "2001:db8::7");
        assert_eq!(seen("10.1.2.3", &[("forwarded", "for=_hidden")], &["10.0.0.0/8"]), "10.1.2.3");
        assert_eq!(seen("::ffff:10.1.2.3", &claim, &["10.0.0.0/8"]), "198.51.100.7");
    }

    #[test]
    fn networks_are_read_and_contain_what_they_should() {
        let network: Network = "192.168.0.0/16".parse().unwrap();
        assert!(network.contains("192.168.255.1".parse().unwrap()));
        assert!(!network.contains("192.169.0.1".parse().unwrap()));
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()) && !all.contains("1.2.3.4".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "x", "10.0.0.0/-1", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
