//! Every address of the text can be called as it stands.

use super::{Doors, Made, text};
use std::path::Path;

fn banner(host: &str) -> String {
    let at = |port: u16| format!("{host}:{port}").parse().unwrap();
    let doors = Doors {
        http: at(8080),
        otlp_http: Some(at(4318)),
        grpc: Some(at(4317)),
        xray: Some(at(2000)),
    };
    text(
        &doors,
        Path::new("/var/lib/waggle"),
        false,
        &Made::default(),
    )
}

#[test]
fn a_server_on_every_address_is_named_by_one_that_can_be_called() {
    for (listens, called) in [("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]")] {
        let banner = banner(listens);
        assert!(!banner.contains(&format!("{listens}:")), "{banner}");
        for port in [4317, 4318, 8080] {
            assert!(
                banner.contains(&format!("http://{called}:{port}")),
                "{banner}"
            );
        }
        assert!(banner.contains(&format!("{called}:2000")), "{banner}");
        assert!(banner.contains("Elsewhere"), "{banner}");
    }
}

#[test]
fn a_server_on_one_address_is_named_by_it() {
    let banner = banner("10.0.0.7");
    assert!(banner.contains("http://10.0.0.7:8080"), "{banner}");
    assert!(!banner.contains("Elsewhere"), "{banner}");
}
