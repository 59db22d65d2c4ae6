//! Sockets for datagrams, with as much room as the system gives: datagrams come in bursts, and what finds no room is lost.

use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use tokio::net::{ToSocketAddrs, UdpSocket};
use tracing::{info, warn};

/// Listens on an address and asks for room for so many bytes of datagrams that are not read yet.
pub(crate) async fn bind(
    address: impl ToSocketAddrs,
    buffer_bytes: usize,
) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address).await?;
    ask_for_room(&socket, socket.local_addr()?, buffer_bytes);
    Ok(socket)
}

/// A socket with less room than asked for is still one to listen on.
fn ask_for_room(socket: &UdpSocket, address: SocketAddr, buffer_bytes: usize) {
    let socket = SockRef::from(socket);
    let asked = socket.set_recv_buffer_size(buffer_bytes);
    let given_bytes = asked.and_then(|()| waggle_api::receive_buffer_bytes(&socket));
    match given_bytes {
        Ok(given_bytes) if given_bytes >= buffer_bytes => {
            info!(%address, given_bytes, "the system's buffer for datagrams");
        }
        Ok(given_bytes) => warn!(
            %address,
            buffer_bytes,
            given_bytes,
            "the system gives datagrams less room than asked for, so bursts of them may be lost: raise net.core.rmem_max"
        ),
        Err(error) => {
            warn!(%address, %error, "the system gives datagrams no more room than usual");
        }
    }
}
