//! Where the broker is: `mqtt://HOST[:PORT]`, or with TLS `mqtts://HOST[:PORT]`.

use anyhow::{Result, bail};

const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// Whether with TLS, and host and port.
///
/// # Errors
/// When it is no such address.
pub fn address(url: &str) -> Result<(bool, String)> {
    let (tls, rest) = match url.split_once("://") {
        Some(("mqtt", rest)) => (false, rest),
        Some(("mqtts", rest)) => (true, rest),
        _ => bail!("`{url}` is no address of a broker: write mqtt://HOST:{PORT} or mqtts://HOST:{TLS_PORT}"),
    };
    let default = if tls { TLS_PORT } else { PORT };
    let rest = rest.trim_end_matches('/');
    if rest.contains('@') {
        bail!("`--from` takes no name and no password: write --user, and the password into a file");
    }
    // An IPv6 address stands in brackets.
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => rest.rsplit_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Ok(default), str::parse);
    match port {
        Ok(port) if port > 0 && !host.is_empty() && !host.contains(['/', ' ']) => Ok((tls, format!("{host}:{port}"))),
        _ => bail!("`{url}` has no host and port: write mqtt://HOST:{PORT} or mqtts://HOST:{TLS_PORT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_named() {
        for (url, tls, address_of) in [
            ("mqtt://broker.lan", false, "broker.lan:1883"),
            ("mqtt://10.0.0.7:1884/", false, "10.0.0.7:1884"),
            ("mqtts://broker.lan", true, "broker.lan:8883"),
            ("mqtts://[fd00::7]:9000", true, "fd00::7:9000"),
            ("mqtt://[::1]", false, "::1:1883"),
        ] {
            assert_eq!(address(url).unwrap(), (tls, address_of.to_owned()), "{url}");
        }
        for wrong in
            ["broker.lan:1883", "http://x", "mqtt://", "mqtt://:1883", "mqtt://x:0", "mqtt://x:y", "mqtt://anna:secret@x", "mqtt://a/b"]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
