//! What runs beside the user's application, away from the server.
//!
//! What comes in: bound sockets, a folder, the address of a server and a key for it. What goes out: what applications sent, to that server,
//! once it takes it. What this crate never does: store or understand events, read the environment or the system clock, answer a client
//! that it could keep what it could not.
#![warn(missing_docs)]

mod relay;

pub use relay::{Credentials, Relay, RelayConfig, RelayError};
