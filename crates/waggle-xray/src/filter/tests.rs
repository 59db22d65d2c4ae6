//! One case per keyword and operator, the table of spec/xray.md section 9.2, and where errors are.

use super::{
    Filter, GroupFilter, GroupName, Groups, NoGroups, NodePattern, Selector, SelectorTerm,
};
use crate::trace::Trace;
use crate::trace::tests::{GOLDEN, golden, trace};
use waggle_model::{FilterSpec, RowSet};

struct SomeGroups;

impl Groups for SomeGroups {
    fn find(&self, name: &GroupName) -> Option<GroupFilter> {
        let text = match name {
            GroupName::Name(text) => text.as_str(),
            GroupName::Arn(text) => text.strip_prefix("arn:")?,
        };
        let expression = match text {
            "Default" => None,
            "faulty" => Some("fault"),
            "circle" => Some("group.name = \"other\""),
            "other" => Some("!group.name = circle"),
            "broken" => Some("bogus"),
            _ => return None,
        };
        Some(GroupFilter {
            name: text.to_owned(),
            expression: expression.map(str::to_owned),
        })
    }
}

/// Which golden traces match, as `1`, `2`, `3`.
fn matching(expression: &str) -> String {
    let filter = Filter::parse(expression, &SomeGroups)
        .unwrap_or_else(|error| panic!("{expression}: {error}"));
    let traces = golden();
    let numbers = ["1", "2", "3"].into_iter().zip(&traces);
    numbers
        .filter(|(_, trace)| filter.matches(trace))
        .map(|(number, _)| number)
        .collect()
}

#[test]
fn the_golden_filters() {
    let cases = [
        ("fault", "2"),
        ("error", "3"),
        ("throttle", "3"),
        ("ok", "1"),
        (r#"annotation.tier = "gold""#, "1"),
        ("annotation.items > 2", "1"),
        (r#"user = "u-17""#, "1"),
        (r#"service("bank.example") { fault }"#, "2"),
        (r#"edge("shop.example","bank.example")"#, "2"),
        (r#"service(id(type: "AWS::DynamoDB::Table"))"#, "1"),
        ("inferred AND ok", "1"),
        ("service() { responsetime >= 0.24 }", "12"),
        (r#"http.url ENDSWITH "/cart" !throttle"#, "1"),
        (r#"rootcause.fault.exception { name = "BankDown" }"#, "2"),
        (
            r#"rootcause.fault.service { last and name = "bank.example" and inferred }"#,
            "2",
        ),
        ("!annotation.tier", "23"),
        ("ok !partial duration <3", "1"),
        (r#"(fault OR throttle) http.method = "GET""#, "3"),
        (r#"annotation[tier] = "gold""#, "1"),
        (r#"user CONTAINS """#, "1"),
        ("http.url AND responseTime > 0.2", "12"),
        (
            r#"edge("shop.example", id(name: "carts", type: "AWS::DynamoDB::Table")) { ok }"#,
            "1",
        ),
        (
            r#"service("shop.example") {root = true and fault = true}"#,
            "2",
        ),
        (r#"annotation.items = "3""#, ""),
    ];
    for (expression, expected) in cases {
        assert_eq!(matching(expression), expected, "{expression}");
    }
    let partial = Filter::parse("partial", &NoGroups).unwrap();
    assert!(partial.matches(&trace(&GOLDEN[3..4])), "before D5 arrives");
    assert!(!partial.matches(&trace(&GOLDEN[3..5])));
}

#[test]
fn every_keyword_and_operator() {
    let cases = [
        ("ok = false", "23"),
        ("OK", "1"),
        ("fault != true", "13"),
        ("partial", ""),
        ("inferred = true", "12"),
        ("service() { inferred name = \"carts\" }", "1"),
        ("service() { type = \"remote\" }", "2"),
        ("service() { type BEGINSWITH \"AWS::Dyn\" }", "1"),
        ("service() { root !ok }", "23"),
        ("responsetime = 0.24", "1"),
        ("responsetime != 0.24", "23"),
        ("responsetime < 0.24", "3"),
        ("responsetime <= 0.24", "13"),
        ("responsetime > 0.24", "2"),
        ("responsetime >= 0.24", "12"),
        ("duration = 0.26", "1"),
        ("duration > 0.006", "12"),
        ("service(\"shop.example\") { duration = 0.26 }", "1"),
        (
            "edge(\"shop.example\", \"ledger@db1\") { duration = 0.08 }",
            "1",
        ),
        ("http.status = 502", "2"),
        ("http.status >= 429", "23"),
        ("http.url CONTAINS \"/pay\"", "2"),
        ("http.url BEGINSWITH \"http://shop\"", "123"),
        ("http.method = POST", "2"),
        ("http.method != \"GET\"", "2"),
        ("http.useragent = \"probe/1\"", "1"),
        ("http.clientip BEGINSWITH \"10.\"", "1"),
        ("user ENDSWITH \"17\"", "1"),
        ("user != \"u-17\"", ""),
        ("availabilityzone = \"eu-x-1a\"", "1"),
        ("instance.id = \"i-0aa\"", "1"),
        ("resource.arn", ""),
        ("account.id = \"000000000001\"", "1"),
        ("annotation.items = 3", "1"),
        ("annotation.items != 4", "1"),
        ("annotation.items <= 3.0", "1"),
        ("annotation.tier CONTAINS ol", "1"),
        ("annotation.tier CONTAINS \"\"", "1"),
        ("annotation.items CONTAINS \"\"", "1"),
        ("annotation.items BEGINSWITH \"\"", ""),
        ("annotation.none CONTAINS \"\"", ""),
        ("annotation[\"tier\"]", "1"),
        ("annotation.tier = true", ""),
        (
            "service(\"pricing.example\") { annotation.tier = gold }",
            "1",
        ),
        ("service(\"pricing.example\") { annotation.items }", ""),
        (
            "edge(\"shop.example\", \"pricing.example\") { http.url ENDSWITH \"/p\" }",
            "1",
        ),
        ("edge(, \"shop.example\") { throttle }", "3"),
        ("edge(id(type: \"client\"), \"shop.example\")", "123"),
        (
            "edge(id(name: \"shop.example\", type: \"client\"), \"shop.example\")",
            "123",
        ),
        ("edge(\"shop.example\", \"shop.example\")", ""),
        ("edge(\"pricing.example\",)", ""),
        ("rootcause.error.service { first last index = 0 }", "3"),
        (
            "rootcause.fault.entity { remote name = \"bank.example\" index = 1 }",
            "2",
        ),
        (
            "rootcause.fault.exception { first message CONTAINS \"503\" }",
            "2",
        ),
        ("rootcause.responsetime.entity { coverage < 0.4 }", "1"),
        (
            "rootcause.responsetime.service { name = \"pricing.example\" last }",
            "1",
        ),
        ("rootcause.fault.service { }", "2"),
        ("rootcause.fault.service { type = remote }", "2"),
        (
            r##"rootcause.fault.json = #[{"Services":[{"Name":"shop.example"},{"Name":"bank.example","Inferred":true}]}]"##,
            "2",
        ),
        (
            r##"rootcause.json = #{"Services":[{"Name":"shop.example","EntityPath":[{"Coverage":1},{}]},{}]}"##,
            "12",
        ),
        (
            r##"rootcause.json = #[{"Services":[{"Name":"bank.example"}]}] OR fault"##,
            "2",
        ),
        ("group.name = \"faulty\"", "2"),
        ("group.name != faulty", "13"),
        ("group.arn = \"arn:faulty\"", "2"),
        ("group.name = Default user", "1"),
        ("fault or error and throttle", "23"),
        ("!(fault or error)", "1"),
        ("!!fault", "2"),
        ("! fault ! error", "1"),
        ("annotation.tier = \"go\\\"ld\"", ""),
    ];
    let wrong = cases
        .iter()
        .filter(|(expression, expected)| matching(expression) != *expected);
    let wrong: Vec<_> = wrong
        .map(|(expression, _)| (expression, matching(expression)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn errors_say_where() {
    let deep = format!("{}ok{}", "(".repeat(70), ")".repeat(70));
    let long = format!("user = \"{}\"", "x".repeat(2_000));
    let cases = [
        ("fault >", 7),
        ("fault =", 7),
        ("responsetime >", 14),
        ("bogus = 1", 0),
        ("service(\"a\"", 11),
        ("", 0),
        ("fault AND", 9),
        ("OR fault", 0),
        ("fault = 1", 8),
        ("fault > true", 6),
        ("responsetime = \"1\"", 15),
        ("responsetime CONTAINS 1", 13),
        ("http.url > 1", 9),
        ("http.url = 1", 11),
        ("user = true", 7),
        ("annotation.x > \"a\"", 15),
        ("annotation.x CONTAINS 1", 22),
        ("annotation. = 1", 0),
        ("annotation[] = 1", 11),
        ("service() { user }", 12),
        ("service() { service() }", 12),
        ("root", 0),
        ("first", 0),
        ("coverage", 0),
        ("rootcause.fault.entity { coverage > 1 }", 25),
        ("rootcause.responsetime.exception { }", 0),
        ("rootcause.fault.thing { }", 0),
        ("rootcause.fault.service", 23),
        ("rootcause.json = #[1", 18),
        ("rootcause.json = #1", 18),
        ("group.name", 10),
        ("group.name CONTAINS \"a\"", 11),
        ("group.name = \"none\"", 13),
        ("group.name = \"circle\"", 13),
        ("fault group.name = broken", 19),
        ("id(name: \"x\")", 0),
        ("service(id(names: \"x\"))", 11),
        ("service(id(name: x))", 17),
        ("edge(\"a\")", 8),
        ("user = \"ä\" $", 11),
        ("user = \"open", 7),
        ("duration < 3x", 11),
        ("fault)", 5),
        (deep.as_str(), 64),
        (long.as_str(), 2_000),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (expression, position) in cases {
        match Filter::parse(expression, &SomeGroups) {
            Err(error) if error.position == position => {}
            Err(error) => wrong.push(format!("{expression}: {error}, not {position}")),
            Ok(_) => wrong.push(format!("{expression} is an expression")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let error = Filter::parse("bogus = 1", &NoGroups)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("Invalid filter expression at position 0: "),
        "{error}"
    );
}

/// Group `gN` names `gN-1` as often as told, within as many brackets.
struct Tower {
    times: usize,
    brackets: usize,
}

impl Groups for Tower {
    fn find(&self, name: &GroupName) -> Option<GroupFilter> {
        let GroupName::Name(name) = name else {
            return None;
        };
        let level: usize = name.strip_prefix('g')?.parse().ok()?;
        let inner = match level {
            0 => "fault".to_owned(),
            _ => format!("group.name=g{} ", level - 1).repeat(self.times),
        };
        let (open, close) = ("(".repeat(self.brackets), ")".repeat(self.brackets));
        Some(GroupFilter {
            name: name.clone(),
            expression: Some(format!("{open}{inner}{close}")),
        })
    }
}

#[test]
fn groups_of_groups_have_the_limits_of_one_expression() {
    let parse = |text: &str, times, brackets| Filter::parse(text, &Tower { times, brackets });
    assert!(parse("group.name = g2", 40, 0).is_ok());
    let error = parse("ok group.name = g5", 110, 0).unwrap_err();
    assert_eq!(error.position, 16);
    assert!(
        error.message.contains("more than 5000 conditions"),
        "{error}"
    );
    assert!(parse("group.name = g20", 1, 2).is_ok());
    for (text, brackets) in [("group.name = g25", 60), ("group.name = g100", 0)] {
        let error = parse(text, 1, brackets).unwrap_err();
        assert_eq!(error.position, 13);
        assert!(error.message.contains("64 levels"), "{error}");
    }
}

#[test]
fn selectors() {
    let node = |name: &str, node_type: Option<&str>| NodePattern {
        name: Some(name.to_owned()),
        node_type: node_type.map(str::to_owned),
        account_id: None,
    };
    let service = SelectorTerm::Service(node("a", Some("t")));
    let parse = |text: &str| Selector::parse(text).map(|selector| selector.terms);
    assert_eq!(
        parse(r#"service(id(name: "a", type: "t"))"#),
        Ok(vec![service.clone()])
    );
    assert_eq!(
        parse(r#"id(name: "a", type: "t")"#),
        Ok(vec![service.clone()])
    );
    assert_eq!(
        parse(r#"service(id(type: "t", name: "a")) OR edge("b", "c")"#),
        Ok(vec![
            service,
            SelectorTerm::Edge(node("b", None), node("c", None))
        ])
    );
    for (text, position) in [
        ("fault", 0),
        ("service(\"a\") { fault }", 13),
        ("service(\"a\") service(\"b\")", 13),
        ("", 0),
    ] {
        assert_eq!(parse(text).unwrap_err().position, position, "{text}");
    }
    assert!(Selector::parse(&format!("service(\"{}\")", "x".repeat(500))).is_err());
}

#[test]
fn an_expression_that_is_narrowed_names_rows() {
    let narrow = |text: &str| {
        let filter = Filter::parse(text, &SomeGroups).unwrap();
        let narrowed = filter.narrow(&|key| vec![key.replace('_', "-")]);
        let set = |set: &RowSet| {
            let group = |group: &Vec<Vec<FilterSpec>>| {
                let columns = group.iter().map(|conditions| {
                    let columns = conditions.iter().map(|spec| spec.column.as_str());
                    columns.collect::<Vec<_>>().join("+")
                });
                columns.collect::<Vec<_>>().join(" ")
            };
            set.groups.iter().map(group).collect::<Vec<_>>().join(" & ")
        };
        narrowed.map(|narrowed| {
            let sets = std::iter::once(&narrowed.rows).chain(&narrowed.with);
            let text = sets.map(set).collect::<Vec<_>>().join(" with ");
            text.replace(" xray.document+service.name xray.left_out", "")
        })
    };
    assert_eq!(
        narrow("annotation.a_b = 1"),
        Some("a-b a_b annotation.a_b".to_owned())
    );
    assert_eq!(
        narrow("user = \"a\" instance.id = \"i\""),
        Some("enduser.id user.id with host.id".to_owned())
    );
    let method = "http.request.method http.method";
    let fault = "xray.fault error+xray.type status_code+xray.type http.response.status_code+xray.type http.status_code+xray.type";
    // Both are of the root.
    assert_eq!(
        narrow("http.method = \"GET\" fault"),
        Some(format!("{method} & {fault}"))
    );
    // The one is of any segment, the other of the root.
    let narrowed = narrow("http.method = \"GET\" AND service(\"x\") { fault }").unwrap();
    assert!(
        narrowed.starts_with(&format!("{fault} & service.name aws.local.service")),
        "{narrowed}"
    );
    assert!(narrowed.ends_with(&format!(" with {method}")), "{narrowed}");
    // Of an alternative one group is looked for; one of which nothing can be said ends it.
    assert_eq!(
        narrow("(user = \"a\" fault) OR instance.id = \"i\""),
        Some("enduser.id user.id host.id".to_owned())
    );
    for unrestricted in [
        "!fault",
        "ok",
        "partial",
        "duration > 1",
        "fault OR ok",
        "inferred",
        "group.name != faulty",
        "fault = false",
    ] {
        assert_eq!(narrow(unrestricted), None, "{unrestricted}");
    }
    assert!(
        narrow("group.name = faulty")
            .unwrap()
            .contains("xray.fault")
    );
    assert!(
        narrow("service(\"x\") { throttle }")
            .unwrap()
            .contains("service.name")
    );
}

pub(super) fn is_match(expression: &str, trace: &Trace) -> bool {
    Filter::parse(expression, &NoGroups)
        .unwrap_or_else(|error| panic!("{expression}: {error}"))
        .matches(trace)
}

/// Expressions of a page of the guide: those in code between `from` and `to`, with the last cell of their row.
fn rows_of_guide(from: &str, to: &str) -> Vec<(String, String)> {
    let guide = include_str!("../../../../docs/guide/xray-filters.md");
    let start = guide.find(from).unwrap();
    let end = guide[start..].find(to).map_or(guide.len(), |at| start + at);
    let rows = guide[start..end].lines().filter_map(|line| {
        let mut cells = line.strip_suffix(" |")?.rsplit(" | ");
        let last = cells.next()?;
        let expression = cells.next()?;
        let expression = expression.trim_start_matches("| ");
        let expression = expression.strip_prefix('`')?.strip_suffix('`')?;
        Some((expression.to_owned(), last.to_owned()))
    });
    rows.collect()
}

#[test]
fn the_guide_says_what_is_true() {
    let rows = rows_of_guide("## Putting", "## What is refused");
    for (expression, finds) in &rows {
        let numbers = finds.replace(", ", "").replace("none", "");
        assert_eq!(matching(expression), numbers, "{expression}");
    }
    for (keyword, _) in super::keyword::KEYWORDS {
        let is_shown = |(expression, _): &(String, String)| {
            let expression = expression.to_lowercase();
            expression
                .split(|c: char| !c.is_alphanumeric() && c != '.')
                .any(|word| word == keyword)
        };
        assert!(rows.iter().any(is_shown), "no example of {keyword}");
    }
    let refused = rows_of_guide("## What is refused", "\n## ");
    assert_eq!(refused.len(), 5);
    for (expression, place) in refused {
        let error = Filter::parse(&expression, &SomeGroups).unwrap_err();
        assert_eq!(error.position.to_string(), place, "{expression}: {error}");
    }
}
