use super::*;
use prometheus_client::registry::Registry;

#[test]
fn drops_are_found_in_the_systems_tables() {
    let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
                 \u{20}1190: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 66183 2 0000000000000000 42\n\
                 \u{20}1191: 00000000:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 66184 2 0000000000000000 7\n";
    let count = |address: &str| dropped_count(table, address.parse().unwrap());
    assert_eq!(count("127.0.0.1:2000"), 42);
    assert_eq!(count("0.0.0.0:2000"), 7);
    assert_eq!(count("127.0.0.1:2001"), 0);
    let table = "  12: 00000000000000000000000001000000:07D0 0:0 07 0:0 0:0 0 0 0 1 2 0 9\n";
    assert_eq!(dropped_count(table, "[::1]:2000".parse().unwrap()), 9);
}

/// A flood on a socket that nobody reads, as when a host is too busy: what the system drops is counted.
#[tokio::test]
async fn what_the_system_drops_is_counted() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    SockRef::from(&socket).set_recv_buffer_size(4_096).unwrap();
    socket.set_nonblocking(true).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..200 {
        client.send_to(&[b'x'; 1_000], address).unwrap();
    }
    let metrics = ApiMetrics::new(&mut Registry::default());
    let watching = watch_drops(Some(address), &metrics);
    let counted = async {
        let (mut kept, mut counted) = (0, 0);
        // The system may be late with what it has taken from the sender.
        while counted == 0 || kept + counted < 200 {
            tokio::task::yield_now().await;
            counted = metrics.xray_documents_of(XrayOutcome::Overflow);
            while counted > 0 && socket.recv(&mut [0; 2_000]).is_ok() {
                kept += 1;
            }
        }
        kept + counted
    };
    let counted = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::select! {
            counted = counted => counted,
            () = watching => unreachable!("it watches for ever"),
        }
    });
    assert_eq!(counted.await.expect("all should be accounted for"), 200);
}

async fn sockets() -> (tokio::net::UdpSocket, SocketAddr, Arc<Queue>, ApiMetrics) {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let metrics = ApiMetrics::new(&mut Registry::default());
    (socket, address, Arc::new(Queue::new(1 << 20)), metrics)
}

#[tokio::test]
async fn what_has_come_is_received_at_the_end() {
    let (socket, address, queue, metrics) = sockets().await;
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..20 {
        client.send_to(b"x", address).unwrap();
    }
    receive(socket, &queue, &metrics, std::future::ready(())).await;
    assert_eq!(queue.pop().await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_port_is_free_when_nobody_waits_for_the_end() {
    let (socket, address, queue, metrics) = sockets().await;
    let received = receive(socket, &queue, &metrics, std::future::pending());
    let is_begun = async {
        while metrics.xray_documents_of(XrayOutcome::Received) == 0 {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.send_to(b"x", address).unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = received => unreachable!("it receives for ever"),
        () = is_begun => {}
    }
    let is_free = async {
        while UdpSocket::bind(address).is_err() {
            tokio::task::yield_now().await;
        }
    };
    let is_free = tokio::time::timeout(Duration::from_secs(60), is_free).await;
    is_free.expect("the thread should end");
}

#[test]
fn room_is_what_was_asked_for() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = SockRef::from(&socket);
    socket.set_recv_buffer_size(16_384).unwrap();
    assert_eq!(receive_buffer_bytes(&socket).unwrap(), 16_384);
}
