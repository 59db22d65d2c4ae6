//! Who is let in, and in which words the others are not.

use super::{REGION, sign, sign_for};
use crate::tests::{Answer, Installation, LOOPBACK, NOW_NS, STRANGER};
use crate::{ApiConfig, router, xray_daemon_router};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use std::sync::Arc;
use tower::ServiceExt;
use waggle_access::Permission;

const PATH: &str = "/EncryptionConfig";
const MINUTE_NS: i64 = 60_000_000_000;

fn request(path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method("POST")
        .uri(path)
        .header("host", "waggle.test:8080")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

async fn send(installation: &Installation, mut request: Request<Body>) -> Answer {
    let peer = crate::listen::http::Peer(STRANGER.parse().unwrap());
    request.extensions_mut().insert(peer);
    answer(router(installation.state.clone()), request).await
}

async fn answer(router: axum::Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// A request that is signed and then changed.
async fn changed(installation: &Installation, change: impl FnOnce(&mut Request<Body>)) -> Answer {
    let mut request = sign(request(PATH, "{ }"), &installation.aws, NOW_NS).await;
    change(&mut request);
    send(installation, request).await
}

fn replace(request: &mut Request<Body>, name: &'static str, from: &str, to: &str) {
    let value = request.headers()[name].to_str().unwrap().to_owned();
    assert!(value.contains(from), "{from} in {value}");
    let value = value.replacen(from, to, 1).parse().unwrap();
    request.headers_mut().insert(name, value);
}

#[tokio::test]
async fn who_signs_is_let_in() {
    let installation = Installation::new().await;
    let answer = changed(&installation, |_| {}).await;
    let expected = json!({"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}});
    answer.check(200, &expected);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
    assert_eq!(answer.header("date"), "Fri, 22 Nov 2024 10:06:40 GMT");
    let keys = installation.metastore.keys(installation.production.team);
    installation.access.flush_last_used().await.unwrap();
    let keys = keys.await.unwrap();
    let key = keys.iter().find(|key| key.id.0 == installation.aws.0);
    assert_eq!(key.unwrap().last_used_at_ns, Some(NOW_NS));
}

/// One byte changed in any part that is signed, and in the signature.
#[tokio::test]
async fn what_was_changed_on_its_way_is_refused() {
    let installation = Installation::new().await;
    let wrong = "InvalidSignatureException";
    type Change = Box<dyn FnOnce(&mut Request<Body>)>;
    let changes: Vec<(&str, Change)> = vec![
        ("body", Box::new(|it| *it.body_mut() = Body::from("{  }"))),
        (
            "path",
            Box::new(|it| *it.uri_mut() = "/GetIndexingRules".parse().unwrap()),
        ),
        (
            "query",
            Box::new(|it| *it.uri_mut() = "/EncryptionConfig?a=1".parse().unwrap()),
        ),
        ("host", Box::new(|it| replace(it, "host", "8080", "8081"))),
        (
            "content type",
            Box::new(|it| replace(it, "content-type", "json", "jsom")),
        ),
        (
            "time",
            Box::new(|it| replace(it, "x-amz-date", "40Z", "41Z")),
        ),
        (
            "region",
            Box::new(|it| replace(it, "authorization", REGION, "eu-x-2")),
        ),
        (
            "names",
            Box::new(|it| replace(it, "authorization", "content-type;host", "host")),
        ),
        (
            "missing",
            Box::new(|it| {
                replace(
                    it,
                    "authorization",
                    "content-type;host",
                    "content-type;x;host",
                )
            }),
        ),
        (
            "hash",
            Box::new(|it| {
                let hash = super::hash(b"{  }").parse().unwrap();
                it.headers_mut().insert("x-amz-content-sha256", hash);
            }),
        ),
        (
            "unsigned body",
            Box::new(|it| {
                let hash = "UNSIGNED-PAYLOAD".parse().unwrap();
                it.headers_mut().insert("x-amz-content-sha256", hash);
            }),
        ),
        (
            "signature",
            Box::new(|it| {
                let value = it.headers()["authorization"].to_str().unwrap();
                let last = value.chars().next_back().unwrap();
                let other = if last == '0' { '1' } else { '0' };
                let value = format!("{}{other}", &value[..value.len() - 1]);
                it.headers_mut()
                    .insert("authorization", value.parse().unwrap());
            }),
        ),
        (
            "short signature",
            Box::new(|it| {
                let value = it.headers()["authorization"].to_str().unwrap();
                let value = value[..value.len() - 2].parse().unwrap();
                it.headers_mut().insert("authorization", value);
            }),
        ),
    ];
    for (part, change) in changes {
        let answer = changed(&installation, change).await;
        assert_eq!(
            answer.header("x-amzn-errortype"),
            wrong,
            "{part}: {}",
            answer.text()
        );
        answer.check_xray_error(403, wrong, "");
    }
    // Blanks around a value and in rows are not signed.
    let answer = changed(&installation, |it| {
        replace(
            it,
            "content-type",
            "application/json",
            "  application/json ",
        );
    });
    assert_eq!(answer.await.status, 200);
}

#[tokio::test]
async fn another_secret_service_or_day_is_refused() {
    let installation = Installation::new().await;
    let (id, secret) = installation.aws.clone();
    let wrong = "InvalidSignatureException";
    let call = |aws: (String, String), service: &'static str, at_ns: i64| {
        let installation = &installation;
        async move {
            let request = sign_for(request(PATH, ""), &aws, at_ns, service).await;
            send(installation, request).await
        }
    };
    let other = (id.clone(), format!("{secret}x"));
    call(other, "xray", NOW_NS)
        .await
        .check_xray_error(403, wrong, "Host header");
    let right = (id.clone(), secret.clone());
    call(right.clone(), "s3", NOW_NS)
        .await
        .check_xray_error(403, wrong, "service xray");
    let unknown = ("AKIAUNKNOWN".to_owned(), secret);
    call(unknown, "xray", NOW_NS).await.check_xray_error(
        403,
        "UnrecognizedClientException",
        "security token",
    );
    for (minutes, is_right, text) in [
        (0, true, ""),
        (4, true, ""),
        (-4, true, ""),
        (6, false, "Signature not yet current: "),
        (-6, false, "Signature expired: "),
    ] {
        let answer = call(right.clone(), "xray", NOW_NS + minutes * MINUTE_NS).await;
        match is_right {
            true => assert_eq!(answer.status, 200, "{minutes}"),
            false => answer.check_xray_error(403, wrong, text),
        }
    }
    let answer = changed(&installation, |it| {
        replace(it, "authorization", "20241122", "20241121");
    });
    answer
        .await
        .check_xray_error(403, wrong, "The day of Credential");
}

#[tokio::test]
async fn what_is_no_signature_is_refused_as_such() {
    let installation = Installation::new().await;
    let missing = "MissingAuthenticationTokenException";
    let incomplete = "IncompleteSignatureException";
    send(&installation, request(PATH, ""))
        .await
        .check_xray_error(403, missing, "no Authorization");
    let presigned = request(
        "/EncryptionConfig?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00",
        "",
    );
    send(&installation, presigned)
        .await
        .check_xray_error(403, missing, "in the address");
    let good = sign(request(PATH, ""), &installation.aws, NOW_NS).await;
    let good = good.headers()["authorization"].to_str().unwrap().to_owned();
    let without_comma = good.replace(", ", ",");
    let sigv4a = good.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    let no_host = good.replace("host;", "");
    let no_signature = good.split(", Signature").next().unwrap().to_owned();
    let twice = format!("{good}, Signature=00");
    let short_scope = good.replace("/aws4_request", "");
    let other_end = good.replace("/aws4_request", "/aws4_other");
    for authorization in [
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256Credential=x",
        "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature=",
        &sigv4a,
        &no_host,
        &no_signature,
        &twice,
        &short_scope,
        &other_end,
    ] {
        let answer = changed(&installation, |it| {
            it.headers_mut()
                .insert("authorization", authorization.parse().unwrap());
        });
        answer.await.check_xray_error(403, incomplete, "");
    }
    let answer = changed(&installation, |it| {
        it.headers_mut()
            .insert("authorization", without_comma.parse().unwrap());
        *it.body_mut() = Body::empty();
    });
    assert_eq!(answer.await.status, 200, "commas need no blank");
    for time in ["", "today", "2024-11-22T10:06:40Z", "20241322T100640Z"] {
        let answer = changed(&installation, |it| {
            it.headers_mut().insert("x-amz-date", time.parse().unwrap());
        });
        answer.await.check_xray_error(403, incomplete, "X-Amz-Date");
    }
    let answer = changed(&installation, |it| {
        it.headers_mut()
            .append("authorization", good.parse().unwrap());
    });
    answer.await.check_xray_error(403, incomplete, "several");
    let answer = changed(&installation, |it| {
        it.headers_mut()
            .insert("x-amz-security-token", "token".parse().unwrap());
    });
    answer
        .await
        .check_xray_error(403, "UnrecognizedClientException", "temporary");
}

/// OTLP goes in by an AWS key where it does by an API key.
#[tokio::test]
async fn spans_are_signed_for_too() {
    let installation = Installation::new().await;
    let signed = |aws: (String, String)| {
        let request = request("/v1/traces", "{\"resourceSpans\":[]}");
        async move { sign(request, &aws, NOW_NS).await }
    };
    let answer = send(&installation, signed(installation.aws.clone()).await).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut changed = signed(installation.aws.clone()).await;
    *changed.body_mut() = Body::from("{\"resourceSpans\": []}");
    assert_eq!(send(&installation, changed).await.status, 401);
    let tenant = installation.production;
    let reader = installation
        .aws_key_with(tenant, [Permission::RunQueries])
        .await;
    let refused = send(&installation, signed(reader).await).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let nobody = ("AKIANOBODY".to_owned(), "secret".to_owned());
    // Refused before the body is read, which here never comes.
    let mut unread = signed(nobody).await;
    let never = futures::stream::pending::<Result<bytes::Bytes, std::convert::Infallible>>();
    *unread.body_mut() = Body::from_stream(never);
    assert_eq!(send(&installation, unread).await.status, 401);
}

#[tokio::test]
async fn paths_methods_and_bodies_that_do_not_exist() {
    let installation = Installation::new().await;
    let signed = |path: &'static str, body: &'static str| {
        let aws = installation.aws.clone();
        async move { sign(request(path, body), &aws, NOW_NS).await }
    };
    let answer = send(&installation, signed("/NoSuchThing", "{}").await).await;
    answer.check_xray_error(404, "UnknownOperationException", "/NoSuchThing");
    let mut request = signed(PATH, "{}").await;
    *request.method_mut() = axum::http::Method::PUT;
    let answer = send(&installation, request).await;
    answer.check_xray_error(405, "MethodNotAllowedException", "POST");
    for body in ["{", "[]", "\"text\"", "{\"a\":1} x", "\u{feff}{}"] {
        let answer = send(&installation, signed(PATH, body).await).await;
        answer.check_xray_error(400, "SerializationException", "");
    }
    for body in ["", "  ", "{}", "{\"Unknown\":1}"] {
        let answer = send(&installation, signed(PATH, body).await).await;
        assert_eq!(answer.status, 200, "{body}");
    }
    // Without a signature, other paths are still the UI's.
    let answer = installation.ask("GET", "/NoSuchThing").send().await;
    assert_eq!(answer.text(), "the page of the UI");
    // Unless an SDK asks, as it does when it is told not to sign.
    let unsigned = |method, header| installation.ask(method, "/NoSuchThing").header(header, "x");
    let answer = unsigned("POST", "amz-sdk-invocation-id").send().await;
    answer.check_xray_error(404, "UnknownOperationException", "/NoSuchThing");
    for (method, header) in [("GET", "x-amz-date"), ("POST", "x-amz-cf-id")] {
        let answer = unsigned(method, header).send().await;
        assert_eq!(answer.text(), "the page of the UI");
    }
}

#[tokio::test]
async fn a_key_does_what_it_may() {
    let installation = Installation::new().await;
    let tenant = installation.production;
    let aws = installation
        .aws_key_with(tenant, [Permission::RunQueries])
        .await;
    let call = |path| {
        installation
            .ask("POST", path)
            .json(&json!({"Type": "NONE"}))
            .signed_by(&aws)
    };
    assert_eq!(call(PATH).send().await.status, 200);
    let answer = call("/PutEncryptionConfig").send().await;
    answer.check_xray_error(403, "AccessDeniedException", "manage_columns");
}

#[tokio::test]
async fn without_signatures_everybody_is_one_caller() {
    let config = ApiConfig {
        is_xray_auth_off: true,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    for authorization in [
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=AKIA/20200101/r/xray/aws4_request, SignedHeaders=host, Signature=0",
    ] {
        let call = installation
            .ask("POST", PATH)
            .header("authorization", authorization);
        assert_eq!(call.send().await.status, 200, "{authorization}");
    }
    let call = installation
        .ask("POST", PATH)
        .header("origin", "https://elsewhere.example");
    call.send()
        .await
        .check_xray_error(403, "AccessDeniedException", "another site");
    let call = installation
        .ask("POST", PATH)
        .header("origin", "http://localhost:3000");
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn the_daemons_port_serves_whoever_has_its_key_at_that_moment() {
    let installation = Installation::new().await;
    let key: Arc<str> = installation.key.as_str().into();
    let router = || xray_daemon_router(installation.state.clone(), Some(Arc::clone(&key)));
    let call = || {
        let mut request = request(PATH, "");
        let peer = crate::listen::http::Peer(LOOPBACK.parse().unwrap());
        request.extensions_mut().insert(peer);
        answer(router(), request)
    };
    let taken = call().await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let nobodys = xray_daemon_router(installation.state.clone(), Some("nobody".into()));
    answer(nobodys, request(PATH, "")).await.check_xray_error(
        403,
        "UnrecognizedClientException",
        "",
    );
    for path in ["/", "/1/auth", "/NoSuchThing"] {
        let refused = answer(router(), request(path, "{}")).await;
        refused.check_xray_error(404, "UnknownOperationException", path);
    }
}
