use super::*;

const HEADER: &str = r#"{"format":"json","version":1}"#;

#[track_caller]
fn check(datagram: impl AsRef<[u8]>, expected: &Result<Datagram<'_>, DatagramError>) {
    let datagram = datagram.as_ref();
    assert_eq!(
        read_datagram(datagram).as_ref(),
        Some(expected),
        "{}",
        String::from_utf8_lossy(datagram)
    );
}

#[test]
fn the_first_newline_ends_the_header() {
    assert_eq!(read_datagram(b""), None);
    check(
        format!("{HEADER}\n{{\n}}\n"),
        &Ok(Datagram::Documents(vec![b"{\n}\n"])),
    );
    check(
        "{ \"version\" : 1.0, \"format\" : \"JSON\", \"more\" : [] }\n[{},1]",
        &Ok(Datagram::Documents(vec![b"{}", b"1"])),
    );
    for datagram in ["x".to_owned(), HEADER.to_owned(), format!("{HEADER}\n")] {
        check(datagram, &Err(DatagramError::NoPayload));
    }
    for header in [
        "",
        "json",
        "[]",
        r#"{"format":"json"}"#,
        r#"{"format":"json","version":2}"#,
        r#"{"format":"json","version":"1"}"#,
        r#"{"format":"xml","version":1}"#,
        r#"{"format":"json","version":1"#,
    ] {
        check(format!("{header}\n{{}}"), &Err(DatagramError::BadHeader));
    }
    check(b"\xff\n{}", &Err(DatagramError::BadHeader));
}

#[test]
fn exporters_of_opentelemetry_use_the_same_port() {
    let payload = |text: &str| format!("{HEADER}\n{text}");
    check(payload("T1SCgA="), &Ok(Datagram::Traces(vec![10, 0])));
    check(payload("T1SCgA\n"), &Ok(Datagram::Traces(vec![10, 0])));
    check(payload("T1UCgA="), &Ok(Datagram::Unsampled));
    check(payload("M1CgA="), &Ok(Datagram::Metrics(vec![10, 0])));
    let bad = Err(DatagramError::BadPayload(Rejected {
        code: RejectCode::ParseError,
        id: None,
    }));
    check(payload("T1S***"), &bad);
    check(payload("[{}"), &bad);
}
