use super::Pages;
use crate::xray::call::Input;
use serde_json::json;

fn pages(input: serde_json::Value) -> Result<Pages, String> {
    let input = Input::of("GetThings", input);
    Pages::of(&input).map_err(|refusal| refusal.message)
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let all: Vec<u32> = (0..7).collect();
    let mut token = json!("");
    let mut seen = Vec::new();
    let mut tokens = Vec::new();
    loop {
        let page = pages(json!({"Name": "a", "Count": 2, "NextToken": token})).unwrap();
        let (items, next) = page.cut(all.clone(), |number| number.to_string(), 3);
        seen.extend(items);
        let Some(next) = next else { break };
        assert!(
            !tokens.contains(&next),
            "a token that comes twice is a loop to botocore"
        );
        assert!(next.len() <= 100);
        tokens.push(next.clone());
        token = json!(next);
    }
    assert_eq!(seen, all);
    assert_eq!(tokens.len(), 2);
}

#[test]
fn what_goes_in_between_moves_nothing() {
    let first = pages(json!({})).unwrap();
    let (items, token) = first.cut(vec!["a", "c", "e"], |item| (*item).to_owned(), 2);
    assert_eq!(items, ["a", "c"]);
    let second = pages(json!({"NextToken": token})).unwrap();
    let (items, token) = second.cut(vec!["b", "d", "e"], |item| (*item).to_owned(), 2);
    assert_eq!((items, token), (vec!["d", "e"], None));
}

#[test]
fn a_token_belongs_to_one_request() {
    let asked = json!({"Name": "a", "Count": 2, "Nothing": null});
    let token = pages(asked).unwrap().token("17");
    let with = |name: &str| json!({"Count": 2, "Name": name, "NextToken": token});
    assert_eq!(pages(with("a")).unwrap().start(), Some("17"));
    for other in [
        with("b"),
        json!({"Name": "a", "NextToken": token}),
        json!({"Count": 2, "Name": "a", "NextToken": format!("{token}A")[1..]}),
        json!({"NextToken": "%%%"}),
        json!({"NextToken": "x".repeat(5_000)}),
        json!({"NextToken": 3}),
    ] {
        let refused = pages(other.clone()).err();
        assert!(
            refused.is_some_and(|text| text.starts_with("NextToken")),
            "{other}"
        );
    }
    let other = Input::of("GetOthers", with("a"));
    assert!(Pages::of(&other).is_err());
}

#[test]
fn a_position_may_have_the_longest_id_of_a_trace_in_it() {
    let long = "t".repeat(65_536);
    let token = pages(json!({})).unwrap().token(&long);
    let next = pages(json!({ "NextToken": token })).unwrap();
    assert_eq!(next.start(), Some(long.as_str()));
}
