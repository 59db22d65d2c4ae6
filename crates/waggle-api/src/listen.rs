//! Sockets, requests and their limits: everything between a bound listener and a route, and nothing that knows what a route means.

pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod fence;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod udp;
