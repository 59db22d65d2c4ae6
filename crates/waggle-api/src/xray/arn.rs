//! Amazon Resource Names of what is kept here. Source: spec/xray.md sections 6.1 and 7.
//!
//! The region is whichever the client believes to be in, and the account is nobody's, so that a name means the same from everywhere.

use super::call::Call;

const ACCOUNT: &str = "000000000000";

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// A sampling rule, by its name.
    SamplingRule(&'a str),
    /// A group, by its name and, but for the default one, what tells it from another of that name.
    Group {
        name: &'a str,
        unique: Option<&'a str>,
    },
}

/// The ARN of a sampling rule.
pub(crate) fn of_rule(call: &Call, name: &str) -> String {
    format!(
        "arn:aws:xray:{}:{ACCOUNT}:sampling-rule/{name}",
        call.region
    )
}

/// The ARN of a group.
pub(crate) fn of_group(call: &Call, name: &str, unique: Option<&str>) -> String {
    let group = format!("arn:aws:xray:{}:{ACCOUNT}:group/{name}", call.region);
    match unique {
        Some(unique) => format!("{group}/{unique}"),
        None => group,
    }
}

/// Reads an ARN; `None` for one that nothing here can have.
pub(crate) fn parse(arn: &str) -> Option<Resource<'_>> {
    let (_region, rest) = arn.strip_prefix("arn:aws:xray:")?.split_once(':')?;
    let resource = rest.strip_prefix(ACCOUNT)?.strip_prefix(':')?;
    let (kind, name) = resource.split_once('/')?;
    match kind {
        "sampling-rule" => Some(Resource::SamplingRule(name)),
        "group" => Some(match name.split_once('/') {
            Some((name, unique)) => Resource::Group {
                name,
                unique: Some(unique),
            },
            None => Resource::Group { name, unique: None },
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
