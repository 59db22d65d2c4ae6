use super::{Request, find, matches};
use crate::xray::sampling::kept::Rules;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_metastore::{SamplingRule, SamplingRules};

#[test]
fn patterns_have_runs_and_single_characters() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("?", "", false),
        ("?", "é", true),
        ("/cart/*", "/Cart/1/2", true),
        ("/cart/*", "/cart", false),
        ("*.example", "shop.EXAMPLE", true),
        ("*.example", "shop.example.org", false),
        ("a*b*c", "axxbyybc", true),
        ("a*b*c", "axxbyyb", false),
        ("*a?c*", "aacabcaac", true),
        ("a.c", "abc", false),
        ("[a]", "[A]", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

/// By trying every length of every run.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, left) => left.is_none(),
        (Some(('*', rest)), _) => (0..=text.len()).any(|length| naive(rest, &text[length..])),
        (Some((known, rest)), Some((character, left))) => {
            (*known == '?' || known == character) && naive(rest, left)
        }
        (Some(_), None) => false,
    }
}

#[test]
fn two_ways_of_matching_agree() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut matched = 0;
    for round in 0..20_000 {
        let mut draw = |from: &[char], most: usize| {
            let length = rng.random_range(0..=most);
            let drawn = (0..length).map(|_| from[rng.random_range(0..from.len())]);
            drawn.collect::<Vec<char>>()
        };
        let (pattern, text) = (draw(&['a', 'b', '*', '?'], 6), draw(&['a', 'b'], 7));
        let expected = naive(&pattern, &text);
        let of = |characters: &[char]| characters.iter().collect::<String>();
        let (pattern, text) = (of(&pattern), of(&text));
        assert_eq!(
            matches(&pattern, &text),
            expected,
            "round {round}: {pattern} {text}"
        );
        matched += usize::from(expected);
    }
    assert!(matched > 2_000, "{matched}");
}

fn rules() -> Rules {
    let rule = |name: &str, priority: u16| SamplingRule {
        name: name.to_owned(),
        priority,
        ..SamplingRules::default().default
    };
    let carts = SamplingRule {
        url_path: "/cart/*".to_owned(),
        http_method: "get".to_owned(),
        ..rule("carts", 20)
    };
    let gold = SamplingRule {
        attributes: [("tier".to_owned(), "go?d".to_owned())].into(),
        service_name: "shop*".to_owned(),
        ..rule("gold", 10)
    };
    Rules(SamplingRules {
        rules: vec![carts, gold],
        ..SamplingRules::default()
    })
}

/// A request, the rule that decides about it, and those before with what differs.
type Case<'c> = (&'c Request, &'c str, &'c [(&'c str, &'c str)]);

#[test]
fn the_first_rule_that_matches_in_all_decides() {
    let some = |text: &str| Some(text.to_owned());
    let cart = Request {
        url_path: some("/cart/7"),
        http_method: some("GET"),
        ..Request::default()
    };
    let gold = Request {
        service_name: some("Shop-1"),
        attributes: [("tier".to_owned(), "GOLD".to_owned())].into(),
        ..cart.clone()
    };
    let other = Request {
        service_name: some("bank"),
        http_method: some("POST"),
        ..cart.clone()
    };
    let cases: [Case<'_>; 4] = [
        (&gold, "gold", &[]),
        // What is not known matches, but for attributes.
        (&cart, "carts", &[("gold", "Attributes.tier")]),
        (
            &other,
            "Default",
            &[("gold", "ServiceName"), ("carts", "HTTPMethod")],
        ),
        (&Request::default(), "carts", &[("gold", "Attributes.tier")]),
    ];
    let rules = rules();
    for (request, name, expected) in cases {
        let matched = find(&rules, request);
        let passed = matched.passed.iter();
        let passed: Vec<(&str, &str)> = passed
            .map(|(rule, member)| (rule.name.as_str(), member.as_str()))
            .collect();
        assert_eq!(
            (matched.rule.name.as_str(), passed.as_slice()),
            (name, expected)
        );
    }
}
