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
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..200 {
        client.send_to(&[b'x'; 1_000], address).unwrap();
    }
    let metrics = ApiMetrics::new(&mut Registry::default());
    let watching = watch_drops(Some(address), &metrics);
    let counted = async {
        while metrics.xray_documents_of(XrayOutcome::Overflow) == 0 {
            tokio::task::yield_now().await;
        }
        metrics.xray_documents_of(XrayOutcome::Overflow)
    };
    let counted = tokio::select! {
        counted = counted => counted,
        () = watching => unreachable!("it watches for ever"),
    };
    let mut kept = 0;
    socket.set_nonblocking(true).unwrap();
    while socket.recv(&mut [0; 2_000]).is_ok() {
        kept += 1;
    }
    assert_eq!(kept + counted, 200);
}
