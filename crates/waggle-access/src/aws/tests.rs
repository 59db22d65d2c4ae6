use super::{AwsCredentials, AwsSignature, decrypt, encrypt, sha256_hex};
use crate::{Caller, Error};
use std::sync::Arc;
use waggle_metastore::{Environment, Team};
use waggle_model::{EnvironmentId, TeamId, Tenant};

#[test]
fn only_the_right_row_and_secret_open() {
    let sealed = encrypt(&[1; 32], "AKIA1", "wJalr/K7").unwrap();
    let opened = decrypt(&[1; 32], "AKIA1", &sealed);
    assert_eq!(opened.as_deref(), Some("wJalr/K7"));
    assert_eq!(decrypt(&[2; 32], "AKIA1", &sealed), None);
    assert_eq!(decrypt(&[1; 32], "AKIA2", &sealed), None);
    for at in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert_eq!(decrypt(&[1; 32], "AKIA1", &damaged), None, "byte {at}");
    }
    assert_eq!(decrypt(&[1; 32], "AKIA1", &[]), None);
    let again = encrypt(&[1; 32], "AKIA1", "wJalr/K7").unwrap();
    assert_ne!(again, sealed);
}

/// The worked example of AWS's documentation of Signature Version 4.
#[test]
fn the_documented_signature_is_right_and_no_other() {
    let tenant = Tenant {
        team: TeamId(1),
        environment: EnvironmentId(1),
    };
    let team = Team {
        id: tenant.team,
        name: String::new(),
        slug: String::new(),
        created_at_ns: 0,
    };
    let environment = Environment {
        tenant,
        name: String::new(),
        slug: String::new(),
        description: String::new(),
        color: String::new(),
        is_delete_protected: false,
        created_at_ns: 0,
    };
    let credentials = AwsCredentials {
        caller: Arc::new(Caller::dev(team, environment)),
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
    };
    let canonical = "GET\n/\nAction=ListUsers&Version=2010-05-08\n\
        content-type:application/x-www-form-urlencoded; charset=utf-8\n\
        host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n\
        content-type;host;x-amz-date\n\
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let string_to_sign = format!(
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n{}",
        sha256_hex(canonical.as_bytes())
    );
    let right = AwsSignature {
        day: "20150830",
        region: "us-east-1",
        service: "iam",
        string_to_sign: &string_to_sign,
        signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    };
    credentials.check(&right).unwrap();
    let upper = right.signature.to_ascii_uppercase();
    let short = &right.signature[..62];
    let odd = format!("+{}", &right.signature[1..]);
    for wrong in [
        AwsSignature {
            day: "20150831",
            ..right
        },
        AwsSignature {
            region: "us-east-2",
            ..right
        },
        AwsSignature {
            service: "xray",
            ..right
        },
        AwsSignature {
            string_to_sign: &string_to_sign[1..],
            ..right
        },
        AwsSignature {
            signature: &upper,
            ..right
        },
        AwsSignature {
            signature: short,
            ..right
        },
        AwsSignature {
            signature: &odd,
            ..right
        },
        AwsSignature {
            signature: "",
            ..right
        },
    ] {
        let refused = credentials.check(&wrong);
        assert!(matches!(refused, Err(Error::WrongSignature)), "{wrong:?}");
    }
}
