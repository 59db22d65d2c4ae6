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
    let address = socket.local_addr().unwrap();
    // And three that OpenTelemetry's exporter says to be dropped.
    for payload in [["{}"; 20].as_slice(), &["T1UCgA="; 3]].concat() {
        let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{payload}");
        client.send_to(datagram.as_bytes(), address).await.unwrap();
    }
    let (_stop, stopping) = watch::channel(true);
    serve(&socket, &relay.shared, stopping).await;
    assert_eq!(relay.buffered_count(), 20);
    let counters = &relay.shared.counters;
    let counts =
        [&counters.received, &counters.unsampled].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counts, [23, 3]);
}
