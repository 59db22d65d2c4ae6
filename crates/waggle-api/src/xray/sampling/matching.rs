//! Which rule a request is for: clients decide that, and people ask before they change a rule. Source: spec/xray.md section 6.2.
//!
//! Rules are tried in order, and the first that matches in every member decides. As in X-Ray's own SDKs letters of either case are the
//! same, and what is not known of a request matches anything; only an attribute that a rule asks for must be there.

use super::kept::Rules;
use std::collections::BTreeMap;
use waggle_metastore::SamplingRule;

/// What is known of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub(crate) service_name: Option<String>,
    pub(crate) service_type: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) http_method: Option<String>,
    pub(crate) url_path: Option<String>,
    pub(crate) resource_arn: Option<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// The rule that a request is for, and those tried before it.
pub(crate) struct Matched<'r> {
    pub(crate) rule: &'r SamplingRule,
    /// Each with the first member in which the request differs.
    pub(crate) passed: Vec<(&'r SamplingRule, String)>,
}

/// Finds the rule that a request is for.
pub(crate) fn find<'r>(rules: &'r Rules, request: &Request) -> Matched<'r> {
    let mut passed = Vec::new();
    for rule in rules.in_order() {
        match differs(rule, request) {
            Some(member) => passed.push((rule, member)),
            None => return Matched { rule, passed },
        }
    }
    // Nothing of it can be changed that a request could differ in.
    let rule = &rules.0.default;
    Matched { rule, passed }
}

/// The first member of a rule that a request does not match.
fn differs(rule: &SamplingRule, request: &Request) -> Option<String> {
    let members = [
        ("ServiceName", &rule.service_name, &request.service_name),
        ("ServiceType", &rule.service_type, &request.service_type),
        ("Host", &rule.host, &request.host),
        ("HTTPMethod", &rule.http_method, &request.http_method),
        ("URLPath", &rule.url_path, &request.url_path),
        ("ResourceARN", &rule.resource_arn, &request.resource_arn),
    ];
    for (member, pattern, known) in members {
        if known.as_ref().is_some_and(|known| !matches(pattern, known)) {
            return Some(member.to_owned());
        }
    }
    let mut attributes = rule.attributes.iter();
    let differing = attributes.find(|(name, pattern)| {
        let known = request.attributes.get(*name);
        known.is_none_or(|known| !matches(pattern, known))
    });
    differing.map(|(name, _)| format!("Attributes.{name}"))
}

/// Whether a text is as a pattern says, in which `*` is any run of characters and `?` any one.
fn matches(pattern: &str, text: &str) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect();
    let (pattern, text): (Vec<char>, Vec<char>) = (lower(pattern), lower(text));
    let (mut in_pattern, mut in_text) = (0, 0);
    // Behind the last `*`, and how far its run goes: where it does not fit, the run is longer.
    let mut run: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                in_pattern += 1;
                run = Some((in_pattern, in_text));
            }
            Some(known) if *known == '?' || *known == text[in_text] => {
                in_pattern += 1;
                in_text += 1;
            }
            _ => {
                let Some((behind, end)) = run else {
                    return false;
                };
                run = Some((behind, end + 1));
                (in_pattern, in_text) = (behind, end + 1);
            }
        }
    }
    pattern[in_pattern..].iter().all(|left| *left == '*')
}

#[cfg(test)]
mod tests;
