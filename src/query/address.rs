//! Addresses and networks, in every spelling that they have.
//!
//! An IPv4 address that is mapped into IPv6 (`::ffff:203.0.113.7`) is the IPv4 address. Letters may have any case, zeros
//! may be compressed or not, and the zone of a link-local address (`fe80::1%eth0`) says nothing about the caller. Leading
//! zeros in an IPv4 address are refused, since some programs read them as octal numbers.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// The forms of an address in a query.
pub(super) const ALLOWED: &str = "an address such as 203.0.113.7 or a network such as 203.0.113.0/24";

/// The length of the prefix below which IPv4 addresses are mapped into IPv6.
const MAPPED: u8 = 96;

/// The address that a text spells, if it spells one.
#[must_use]
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let address: IpAddr = without_zone(text.trim()).parse().ok()?;
    Some(address.to_canonical())
}

/// The network that a text spells, if it spells one; an address is a network of one.
#[must_use]
pub(super) fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let Some((address, length)) = text.split_once('/') else { return parse(text).map(IpNet::from) };
    let net: IpNet = format!("{}/{length}", without_zone(address)).parse().ok()?;
    Some(canonical_network(net.trunc()))
}

/// The text as its address is written in general; as it is, if it spells none.
#[must_use]
pub(super) fn canonical(text: &str) -> Cow<'_, str> {
    match parse(text).map(|address| address.to_string()) {
        Some(address) if address != text => Cow::Owned(address),
        _ => Cow::Borrowed(text),
    }
}

fn canonical_network(net: IpNet) -> IpNet {
    let IpNet::V6(six) = net else { return net };
    let four = six.addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(MAPPED));
    four.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(net, IpNet::V4)
}

/// An IPv6 address without its zone.
fn without_zone(text: &str) -> &str {
    match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && address.contains(':') => address,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_many_spellings_and_one_text() {
        for (text, canonical_text) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("::FFFF:203.0.113.7", "203.0.113.7"),
            ("::ffff:cb00:7107", "203.0.113.7"),
            ("0:0:0:0:0:ffff:cb00:7107", "203.0.113.7"),
            ("0000:0000:0000:0000:0000:FFFF:203.0.113.7", "203.0.113.7"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            (" 203.0.113.7 ", "203.0.113.7"),
            // Neither of these is a mapped address.
            ("::203.0.113.7", "::cb00:7107"),
            ("64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"),
        ] {
            assert_eq!(canonical(text), canonical_text, "{text}");
            assert_eq!(parse(text), parse(canonical_text), "{text}");
            assert_eq!(network(text), network(canonical_text), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_stays_as_it_is() {
        for text in [
            "",
            "example.com",
            "203.0.113",
            "203.0.113.7.1",
            "203.000.113.007",
            "::ffff:203.0.113.007",
            "203.0.113.7%eth0",
            "fe80::1%",
            "203.0.113.7:443",
            "[2001:db8::1]",
            "::ffff:203.0.113.256",
            "2001:db8",
            "0xcb.0.0x71.7",
            "3405803783",
        ] {
            assert_eq!((parse(text), network(text)), (None, None), "{text}");
            assert_eq!(canonical(text), text);
        }
    }

    #[test]
    fn a_network_has_many_spellings() {
        let contains = |net: &str, address: &str| network(net).unwrap().contains(&parse(address).unwrap());
        for (net, same) in [
            ("203.0.113.0/24", "203.0.113.77/24"),
            ("203.0.113.0/24", "::ffff:203.0.113.0/120"),
            ("203.0.113.0/24", "::FFFF:CB00:7100/120"),
            ("203.0.113.7/32", "::ffff:203.0.113.7/128"),
            ("0.0.0.0/0", "::ffff:0:0/96"),
            ("2001:db8::/32", "2001:0DB8:0:0:0:0:0:1/32"),
            ("fe80::/64", "fe80::%eth0/64"),
        ] {
            assert_eq!(network(net), network(same), "{same}");
        }
        assert!(contains("203.0.113.0/24", "::ffff:203.0.113.7"));
        assert!(contains("::ffff:203.0.113.0/120", "203.0.113.7"));
        assert!(!contains("203.0.113.0/24", "203.0.114.7"));
        // An address of one family is in no network of the other, however it is spelled.
        assert!(!contains("::/0", "::ffff:203.0.113.7") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1") && contains("0.0.0.0/0", "203.0.113.7"));
        for text in ["10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "10.0.0.0/24/8", "::/129", "/24", "10.0.0.0/255.0.0.0"]
        {
            assert_eq!(network(text), None, "{text}");
        }
    }
}
