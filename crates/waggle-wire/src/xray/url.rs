//! The parts of an address, as far as they are columns. Clients send whole addresses, bare paths and connection strings; what can't be
//! told apart is left out.

/// Parts of an address; each may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<u16>,
    /// With its leading slash.
    pub(super) path: Option<&'a str>,
    /// Without its question mark.
    pub(super) query: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let text = text.split_once('#').map_or(text, |(text, _)| text);
        let (text, query) = match text.split_once('?') {
            Some((text, query)) => (text, some(query)),
            None => (text, None),
        };
        let Some((_, rest)) = text.split_once("://") else {
            return Self {
                path: text.starts_with('/').then_some(text),
                query,
                ..Self::default()
            };
        };
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(slash).unwrap_or_default();
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, authority)| authority);
        let (host, port) = split_port(authority);
        Self {
            host: some(host),
            port,
            path: some(path),
            query,
        }
    }
}

/// `host:port`, `[address]:port`, or either without the port.
fn split_port(authority: &str) -> (&str, Option<u16>) {
    if let Some(rest) = authority.strip_prefix('[')
        && let Some((host, rest)) = rest.split_once(']')
    {
        let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
        return (host, port);
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, None),
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
