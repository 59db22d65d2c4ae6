//! Resource policies, which are kept and not enforced. Source: spec/xray.md section 7.

use crate::tests::Installation;
use serde_json::json;

const DOCUMENT: &str = "{\"Version\": \"2012-10-17\",  \"Statement\": []}";

#[tokio::test]
async fn policies_are_kept_as_they_come() {
    let installation = Installation::new().await;
    let sent = json!({"PolicyName": "a.b", "PolicyDocument": DOCUMENT, "PolicyRevisionId": "0"});
    let answer = installation.xray("/PutResourcePolicy", &sent).await;
    assert_eq!(
        answer.header("x-waggle-warning"),
        "resource policies are kept and not enforced"
    );
    let first = answer.json()["ResourcePolicy"].clone();
    assert_eq!(first["PolicyDocument"], DOCUMENT);
    assert_eq!(first["LastUpdatedTime"], 1_732_270_000.123);
    let listed = installation.xray("/ListResourcePolicies", &json!({})).await;
    listed.check(200, &json!({ "ResourcePolicies": [first] }));
    assert!(!listed.header("x-waggle-warning").is_empty());

    // A new one only, and there is one; another revision than there is.
    for revision in ["0", "1", "x"] {
        let sent =
            json!({"PolicyName": "a.b", "PolicyDocument": "{}", "PolicyRevisionId": revision});
        let answer = installation.xray("/PutResourcePolicy", &sent).await;
        answer.check_xray_error(400, "InvalidPolicyRevisionIdException", "");
        let sent = json!({"PolicyName": "a.b", "PolicyRevisionId": revision});
        let answer = installation.xray("/DeleteResourcePolicy", &sent).await;
        answer.check_xray_error(400, "InvalidPolicyRevisionIdException", "");
    }
    let revision = &first["PolicyRevisionId"];
    let sent = json!({"PolicyName": "a.b", "PolicyDocument": "{}", "PolicyRevisionId": revision});
    let second = installation.xray_done("/PutResourcePolicy", &sent).await;
    assert_ne!(second["ResourcePolicy"]["PolicyRevisionId"], *revision);
    let answer = installation.xray("/PutResourcePolicy", &sent).await;
    answer.check_xray_error(400, "InvalidPolicyRevisionIdException", "");
    let sent = json!({"PolicyName": "new", "PolicyDocument": "{}", "PolicyRevisionId": "7"});
    let answer = installation.xray("/PutResourcePolicy", &sent).await;
    answer.check_xray_error(400, "InvalidPolicyRevisionIdException", "");

    let named = json!({"PolicyName": "a.b"});
    let gone = installation.xray("/DeleteResourcePolicy", &named).await;
    gone.check(200, &json!({}));
    installation
        .xray_refused(
            "/DeleteResourcePolicy",
            &named,
            "there is no resource policy",
        )
        .await;
}

#[tokio::test]
async fn wrong_policies_are_refused() {
    let installation = Installation::new().await;
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5_112));
    assert_eq!(long.len(), 5_120);
    let put = |name: &str, document: &str| json!({"PolicyName": name, "PolicyDocument": document});
    installation
        .xray_done("/PutResourcePolicy", &put("p1", &long))
        .await;
    let longer = long.replace("\"}", "x\"}");
    for (sent, name) in [
        (put("p2", &longer), "PolicySizeLimitExceededException"),
        (put("p2", ""), "MalformedPolicyDocumentException"),
        (put("p2", "{"), "MalformedPolicyDocumentException"),
        (put("p2", "[]"), "MalformedPolicyDocumentException"),
        (put("p 2", "{}"), "InvalidRequestException"),
        (put("", "{}"), "InvalidRequestException"),
        (json!({"PolicyName": "p2"}), "InvalidRequestException"),
    ] {
        let answer = installation.xray("/PutResourcePolicy", &sent).await;
        answer.check_xray_error(400, name, "");
    }
    for name in ["p2", "p3", "p4", "p5"] {
        installation
            .xray_done("/PutResourcePolicy", &put(name, "{}"))
            .await;
    }
    let answer = installation
        .xray("/PutResourcePolicy", &put("p6", "{}"))
        .await;
    answer.check_xray_error(400, "PolicyCountLimitExceededException", "at most 5");
}
