use super::*;
use crate::relay::{Relay, RelayConfig};
use waggle_model::Clock;

#[tokio::test]
async fn what_has_come_is_kept_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let config = RelayConfig {
        endpoint: "http://waggle.invalid".to_owned(),
        ca_file: None,
        api_key: None,
        credentials: None,
        buffer_dir: dir.path().to_owned(),
        buffer_bytes_max: 1 << 20,
        hostname: None,
        instance_id: None,
        resource_arn: None,
        proxy: None,
        proxy_exempt: String::new(),
    };
    let relay = Relay::open(config, Clock::fixed(0)).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..20 {
        let datagram = b"{\"format\":\"json\",\"version\":1}\n{}";
        let address = socket.local_addr().unwrap();
        client.send_to(datagram, address).await.unwrap();
    }
    let (_stop, stopping) = watch::channel(true);
    serve(&socket, &relay.shared, stopping).await;
    assert_eq!(relay.buffered_count(), 20);
}
