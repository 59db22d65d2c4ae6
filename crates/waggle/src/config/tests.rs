use super::*;

fn resolve(
    flags: &[(&str, &str)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Config> {
    let find = |pairs: &[(&str, &str)], name: &str| {
        pairs
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Config::resolve(
        |name| find(flags, name),
        |name| find(environment, name),
        file.map(|text| (Path::new("waggle.toml"), text)),
    )
}

#[test]
fn every_default_is_a_value_its_setting_takes() {
    let config = resolve(&[], &[], None).unwrap();
    assert_eq!(
        config.address("http"),
        Some("127.0.0.1:8080".parse().unwrap())
    );
    assert_eq!(config.bytes("request-bytes-max"), 20 << 20);
    assert_eq!(config.duration("flush-interval"), Duration::from_secs(600));
    assert!(!config.is_on("dev"));
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let file =
        "query-concurrency-max = 3\nhttp = \"127.0.0.1:1\"\ngrpc = \"127.0.0.1:2\"\ndev = true";
    let config = resolve(
        &[("http", "127.0.0.1:9")],
        &[("WAGGLE_HTTP", "127.0.0.1:8"), ("WAGGLE_GRPC", "off")],
        Some(file),
    )
    .unwrap();
    let origin = |name: &str| {
        config
            .all()
            .find(|(known, ..)| *known == name)
            .map(|(_, value, origin)| (value.to_owned(), origin))
    };
    assert_eq!(
        origin("http"),
        Some(("127.0.0.1:9".to_owned(), Origin::Flag))
    );
    assert_eq!(
        origin("grpc"),
        Some(("off".to_owned(), Origin::Environment))
    );
    assert_eq!(
        origin("query-concurrency-max"),
        Some(("3".to_owned(), Origin::File))
    );
    assert_eq!(origin("log"), Some(("info".to_owned(), Origin::Default)));
    assert_eq!(config.address("grpc"), None);
    assert!(config.is_on("dev"));
}

#[test]
fn a_bad_value_is_refused_by_name() {
    for (flags, environment, file, expected) in [
        (vec![("http", "8080")], vec![], None, "--http=8080"),
        (
            vec![],
            vec![("WAGGLE_DEV", "yes")],
            None,
            "WAGGLE_DEV=yes: takes true or false",
        ),
        (
            vec![],
            vec![],
            Some("query-deadline = \"1\""),
            "query-deadline",
        ),
        (
            vec![("request-bytes-max", "10B")],
            vec![],
            None,
            "takes 1MiB to 1GiB",
        ),
        (
            vec![],
            vec![],
            Some("http_address = \"x\""),
            "there is no setting \"http_address\"",
        ),
        (vec![], vec![], Some("http = [1]"), "not array"),
    ] {
        let error = format!("{:#}", resolve(&flags, &environment, file).unwrap_err());
        assert!(
            error.contains(expected),
            "{error:?} should name {expected:?}"
        );
    }
}

#[test]
fn the_reference_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/config.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == reference(),
        "docs/guide/config.md is stale: waggle config reference > docs/guide/config.md"
    );
}
