//! Who asks, behind a server that passes requests on. Read [`Proxies`] first.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// Servers whose word about a client's address is believed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proxies {
    trusted: Vec<Network>,
    header: ProxyHeader,
}

/// The header in which trusted servers write where a request comes from.
///
/// Only one of them is read: a server that writes one passes the other on as the client made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, what most servers write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// An address, or those that begin alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    base: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `10.0.0.7`, `10.0.0.0/8`, `::1`, `fd00::/8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, prefix) = match text.trim().split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text.trim(), None),
        };
        let base: IpAddr = base.parse().ok()?;
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits)?,
            None => bits,
        };
        Some(Self { base, prefix })
    }

    fn has(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differ = u32::from(base) ^ u32::from(address);
                differ.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differ = u128::from(base) ^ u128::from(address);
                differ.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

impl Proxies {
    /// Trusts some servers to write a header.
    pub fn new(trusted: Vec<Network>, header: ProxyHeader) -> Self {
        Self { trusted, header }
    }

    /// Where a request comes from: the nearest address on its way that is no trusted server's. What
    /// stands beyond it anybody may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut way = self.way(headers);
        while self.trusted.iter().any(|network| network.has(client)) {
            match way.pop() {
                Some(Some(before)) => client = before,
                // The server does not say, or hides it: then it is the server's own request.
                Some(None) | None => break,
            }
        }
        client
    }

    /// The addresses of the header, the nearest last.
    fn way(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        if self.trusted.is_empty() {
            return Vec::new();
        }
        let name = match self.header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        };
        let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let hops = lines.flat_map(|line| line.split(','));
        let address = |hop: &str| match self.header {
            ProxyHeader::XForwardedFor => address(hop),
            ProxyHeader::Forwarded => {
                let mut pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
                pairs
                    .find(|(key, _)| key.trim().eq_ignore_ascii_case("for"))
                    .and_then(|(_, value)| address(value))
            }
        };
        hops.map(address).collect()
    }
}

/// An address as headers have it: with a port or not, in quotes or brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let whole = bare.parse().ok();
    let address: IpAddr = whole.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(trusted: &[&str], header: ProxyHeader, peer: &str, lines: &[&str], client: &str) {
        let networks = trusted.iter().map(|text| Network::parse(text).expect("a network"));
        let proxies = Proxies::new(networks.collect(), header);
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            let name = axum::http::HeaderName::try_from(name).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let found = proxies.client(peer.parse().expect("an address"), &headers);
        assert_eq!(found.to_string(), client, "{trusted:?} {peer} {lines:?}");
    }

    #[test]
    fn only_trusted_servers_are_believed() {
        let for_ = |trusted: &[&str], peer: &str, lines: &[&str], client: &str| {
            check(trusted, ProxyHeader::XForwardedFor, peer, lines, client);
        };
        let one = "x-forwarded-for: 192.0.2.9";
        for_(&[], "127.0.0.1", &[one], "127.0.0.1");
        for_(&["10.0.0.1"], "127.0.0.1", &[one], "127.0.0.1");
        for_(&["127.0.0.1"], "127.0.0.1", &[one], "192.0.2.9");
        for_(&["127.0.0.1"], "127.0.0.1", &[], "127.0.0.1");
        for_(&["127.0.0.0/8"], "::ffff:127.0.0.1", &[one], "192.0.2.9");
        // What the client wrote itself stands before what the server added.
        let forged = "x-forwarded-for: 198.51.100.1, 192.0.2.9";
        for_(&["127.0.0.1"], "127.0.0.1", &[forged], "192.0.2.9");
        for_(&["127.0.0.1"], "127.0.0.1", &["x-forwarded-for: 198.51.100.1", one], "192.0.2.9");
        // Two servers, one behind the other.
        let two = "x-forwarded-for: 198.51.100.1, 192.0.2.9:4711, 10.1.2.3";
        for_(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &[two], "192.0.2.9");
        for_(&["127.0.0.1"], "127.0.0.1", &["x-forwarded-for: unknown"], "127.0.0.1");
        for_(&["127.0.0.1"], "127.0.0.1", &["forwarded: for=192.0.2.9"], "127.0.0.1");
        for_(&["fd00::/8"], "fd12::1", &["x-forwarded-for: [2001:db8::7]:80"], "2001:db8::7");
    }

    #[test]
    fn the_standards_own_header_is_read_if_it_is_named() {
        let by = |lines: &[&str], client: &str| {
            check(&["127.0.0.1"], ProxyHeader::Forwarded, "127.0.0.1", lines, client);
        };
        by(&["forwarded: for=198.51.100.1, for=192.0.2.9;proto=https;by=127.0.0.1"], "192.0.2.9");
        by(&["forwarded: proto=https; For=\"[2001:db8::7]:4711\""], "2001:db8::7");
        by(&["forwarded: for=_hidden"], "127.0.0.1");
        by(&["x-forwarded-for: 192.0.2.9"], "127.0.0.1");
    }

    #[test]
    fn networks_are_read() {
        for text in ["10.0.0.0/33", "::/129", "10.0.0", "x", "", "10.0.0.0/-1", "10.0.0.0/"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
        let all = Network::parse("0.0.0.0/0").expect("a network");
        assert!(all.has("192.0.2.9".parse().expect("an address")));
        assert!(!all.has("2001:db8::7".parse().expect("an address")));
    }
}
