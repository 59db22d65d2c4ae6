//! X-Ray's API with AWS's own clients, as their registries ship them: boto3, the AWS CLI, the SDK for JavaScript and the sampler of the
//! SDK for Python. Keys come from `waggle key create --kind aws`.

use crate::clients::{javascript, python};
use crate::server::{Server, run, run_client};
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// Makes an AWS key beside the running server.
pub(crate) fn aws_key(data: &Path) -> (String, String) {
    let made = run(Command::new(env!("CARGO_BIN_EXE_waggle"))
        .args(["key", "create", "tests", "--kind", "aws", "--data-dir"])
        .arg(data));
    let made = String::from_utf8(made.stdout).unwrap();
    let value = |name: &str| {
        let mut values = made.lines().filter_map(|line| line.strip_prefix(name));
        values.next().unwrap().to_owned()
    };
    (value("AWS_ACCESS_KEY_ID="), value("AWS_SECRET_ACCESS_KEY="))
}

#[test]
fn boto3_the_aws_cli_and_the_sdks_sampler_manage_and_sample() {
    let Some(mut client) = python("xray_api.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    assert!(
        server.banner.contains("AWS access key"),
        "{}",
        server.banner
    );
    let (id, secret) = aws_key(data.path());
    client.args([&server.origin, &id, &secret, &server.xray]);
    let seen = run_client(&mut client);
    assert_eq!(seen["signatures"], json!({"right": 150, "wrong": 150}));
    // Each answer of these was held against the model that botocore ships.
    let checked = seen["checked"].as_object().unwrap();
    for operation in [
        "CreateGroup",
        "CreateSamplingRule",
        "DeleteGroup",
        "DeleteResourcePolicy",
        "DeleteSamplingRule",
        "GetEncryptionConfig",
        "GetGroup",
        "GetGroups",
        "GetIndexingRules",
        "GetSamplingRules",
        "GetSamplingStatisticSummaries",
        "GetSamplingTargets",
        "GetTraceSegmentDestination",
        "ListResourcePolicies",
        "ListTagsForResource",
        "PutEncryptionConfig",
        "PutResourcePolicy",
        "TagResource",
        "UntagResource",
        "UpdateGroup",
        "UpdateIndexingRule",
        "UpdateSamplingRule",
        "UpdateTraceSegmentDestination",
    ] {
        assert!(checked.contains_key(operation), "{operation}: {checked:?}");
    }
}

#[test]
fn the_sdk_for_javascript_signs_and_reads() {
    let Some(mut client) = javascript("xray_sdk_v3.mjs") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (id, secret) = aws_key(data.path());
    client.args([&server.origin, &id, &secret]);
    let seen = run_client(&mut client);
    assert_eq!(seen["groups"], json!(["Default", "from-js"]));
    assert_eq!(seen["rules"], json!(["Default"]));
    assert_eq!((&seen["createdAt"], &seen["quota"]), (&json!(0), &json!(1)));
    assert_eq!(seen["unknown"]["name"], "InvalidRequestException");
    assert_eq!(seen["unknown"]["message"], "there is no group nobodys");
    assert_eq!(seen["forged"], "InvalidSignatureException");
}
