//! Which addresses are the public's, and which are inside.
//!
//! Source: the special-purpose address registries (RFC 6890 and what was added since), and the addresses at which clouds
//! tell machines their credentials.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Anyone's, on the internet.
    Public,
    /// This machine.
    Loopback,
    /// 0.0.0.0 and ::, which also mean this machine, and the rest of 0.0.0.0/8.
    Unspecified,
    /// A local network: RFC 1918, unique local, site local.
    Private,
    /// This link, without a router.
    LinkLocal,
    /// A cloud's metadata service.
    Metadata,
    /// Shared by a provider's customers.
    CarrierGrade,
    /// To many.
    Multicast,
    /// To all.
    Broadcast,
    /// Documentation, benchmarks, protocols, tunnels, discarding, the future.
    Reserved,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Unspecified => "unspecified",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::CarrierGrade => "carrier-grade NAT",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
        })
    }
}

/// Metadata services that lie in otherwise public or shared space; those in link-local and unique local space are forbidden
/// with it, and named here for the message.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// What an address is for. An IPv6 address that carries an IPv4 one is what that is.
#[must_use]
pub fn class_of(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => class_of_v4(address),
        IpAddr::V6(address) => class_of_v6(address),
    }
}

fn class_of_v4(address: Ipv4Addr) -> AddressClass {
    let [a, b, c, _] = address.octets();
    if METADATA_V4.contains(&address) {
        return AddressClass::Metadata;
    }
    match (a, b, c) {
        (0, ..) => AddressClass::Unspecified,
        (127, ..) => AddressClass::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => AddressClass::Private,
        (169, 254, _) => AddressClass::LinkLocal,
        (100, 64..=127, _) => AddressClass::CarrierGrade,
        (224..=239, ..) => AddressClass::Multicast,
        (255, 255, 255) if address.is_broadcast() => AddressClass::Broadcast,
        (240..=255, ..)
        | (192, 0, 0 | 2)
        | (192, 31, 196)
        | (192, 52, 193)
        | (192, 88, 99)
        | (192, 175, 48)
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113) => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn class_of_v6(address: Ipv6Addr) -> AddressClass {
    let s = address.segments();
    let last_v4 = || carried(s[6], s[7]);
    if address == METADATA_V6 {
        return AddressClass::Metadata;
    }
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressClass::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        // IPv4-mapped, IPv4-translated, NAT64
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            last_v4()
        }
        // IPv4-compatible: deprecated, and never public
        [0, 0, 0, 0, 0, 0, ..] => match last_v4() {
            AddressClass::Public => AddressClass::Reserved,
            inside => inside,
        },
        // 6to4
        [0x2002, high, low, ..] => carried(high, low),
        // ISATAP carries an IPv4 address in its lower half
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => match carried(high, low) {
            AddressClass::Public => AddressClass::Reserved,
            inside => inside,
        },
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => AddressClass::Private,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        // protocols (Teredo, ORCHID, benchmarks), documentation, AS112
        [0x2001, 0..=0x1ff, ..]
        | [0x2001, 0xdb8, ..]
        | [0x3fff, 0..=0xfff, ..]
        | [0x2620, 0x4f, 0x8000, ..] => AddressClass::Reserved,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

fn carried(high: u16, low: u16) -> AddressClass {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    class_of_v4(Ipv4Addr::new(a, b, c, d))
}

/// A network, `address/length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// Whether an address lies in it. An IPv4-mapped address lies where the IPv4 one does.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                mine.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(mine), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                mine.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_| ())?,
            None => most,
        };
        if length > most { Err(()) } else { Ok(Self { address, length }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_known_in_every_form() {
        use AddressClass::*;
        for (class, addresses) in [
            (
                Loopback,
                &[
                    "127.0.0.1",
                    "127.255.0.9",
                    "::1",
                    "::ffff:127.0.0.1",
                    "::ffff:0:127.0.0.1",
                    "64:ff9b::7f00:1",
                    "2002:7f00:1::",
                    "::127.0.0.1",
                    "2a00::5efe:127.0.0.1",
                ][..],
            ),
            (Unspecified, &["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"]),
            (
                Private,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.1.1",
                    "fc00::1",
                    "fdab::1",
                    "fec0::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::a00:1",
                    "2002:a00:1::",
                ],
            ),
            (LinkLocal, &["169.254.1.1", "fe80::1", "febf::1", "::ffff:169.254.1.1"]),
            (
                Metadata,
                &[
                    "169.254.169.254",
                    "169.254.170.2",
                    "100.100.100.200",
                    "168.63.129.16",
                    "fd00:ec2::254",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                ],
            ),
            (CarrierGrade, &["100.64.0.1", "100.127.255.255", "::ffff:100.64.0.1"]),
            (Multicast, &["224.0.0.1", "239.1.1.1", "ff02::1"]),
            (Broadcast, &["255.255.255.255"]),
            (
                Reserved,
                &[
                    "240.0.0.1",
                    "192.0.0.8",
                    "192.0.2.1",
                    "198.18.0.1",
                    "198.51.100.1",
                    "203.0.113.9",
                    "192.88.99.1",
                    "2001::1",
                    "2001:db8::1",
                    "100::1",
                    "64:ff9b:1::1",
                    "::8.8.8.8",
                    "5f00::1",
                    "4000::1",
                ],
            ),
            (
                Public,
                &[
                    "8.8.8.8",
                    "1.1.1.1",
                    "172.32.0.1",
                    "100.128.0.1",
                    "192.169.0.1",
                    "2606:4700::1111",
                    "2a00:1450::5",
                    "::ffff:8.8.8.8",
                    "64:ff9b::808:808",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(class_of(address.parse().unwrap()), class, "{address}");
            }
        }
    }

    #[test]
    fn a_network_holds_its_addresses() {
        for (network, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.3", "10.2.0.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("::1/128", "::1", "::2"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.holds(inside.parse().unwrap()), "{network} {inside}");
            assert!(!parsed.holds(outside.parse().unwrap()), "{network} {outside}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "lan", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
