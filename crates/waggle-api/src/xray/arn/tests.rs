use super::{Resource, parse};

#[test]
fn names_are_found_whatever_the_region() {
    let rule = parse("arn:aws:xray:eu-x-1:000000000000:sampling-rule/my/rule:1");
    assert_eq!(rule, Some(Resource::SamplingRule("my/rule:1")));
    let group = parse("arn:aws:xray:local:000000000000:group/slow/ABC");
    let (name, unique) = ("slow", Some("ABC"));
    assert_eq!(group, Some(Resource::Group { name, unique }));
    let group = parse("arn:aws:xray:local:000000000000:group/Default");
    let (name, unique) = ("Default", None);
    assert_eq!(group, Some(Resource::Group { name, unique }));
    for other in [
        "",
        "slow",
        "arn:aws:xray:eu-x-1:000000000001:group/slow/ABC",
        "arn:aws:s3:eu-x-1:000000000000:group/slow/ABC",
        "arn:aws:xray:eu-x-1:000000000000:thing/slow",
        "arn:aws:xray:eu-x-1:000000000000:group",
    ] {
        assert_eq!(parse(other), None, "{other}");
    }
}
