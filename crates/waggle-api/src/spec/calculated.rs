//! The clause `calculated_fields`: columns that a request brings along. Source: spec/honeycomb-api.md sections 10 and 11.1.

use super::reader::{RELATIONAL_PREFIXES, Reader};
use serde_json::{Map, Value as Json};
use waggle_expression::Expression;
use waggle_model::{CalculatedField, FilterSpec, QuerySpec};

/// Most characters of a field's name, as of the alias of one that is kept.
const NAME_CHARS_MAX: usize = 255;

impl Reader {
    pub(super) fn calculated_fields(&mut self, object: &Map<String, Json>) -> Vec<CalculatedField> {
        let mut fields: Vec<(String, CalculatedField)> = Vec::new();
        for (path, item) in self.objects(object, "calculated_fields") {
            let name = self.required_text(item, &path, "name");
            let expression = self.required_text(item, &path, "expression");
            let (Some(name), Some(expression)) = (name, expression) else {
                continue;
            };
            for (member, message) in check_field(&name, &expression) {
                self.invalid(format!("{path}.{member}"), message);
            }
            if fields.iter().any(|(_, field)| field.name == name) {
                let message = format!("{name} is a calculated field already");
                self.invalid(format!("{path}.name"), message);
                continue;
            }
            fields.push((path, CalculatedField { name, expression }));
        }
        for (path, field) in &fields {
            let Ok(expression) = Expression::parse(&field.expression) else {
                continue;
            };
            for column in expression.columns() {
                let is_other = |(_, other): &(String, CalculatedField)| {
                    other.name == without_relation(column) && other.name != field.name
                };
                if fields.iter().any(is_other) {
                    self.invalid(
                        format!("{path}.expression"),
                        format!("{column} is a calculated field; an expression reads columns only"),
                    );
                }
            }
        }
        fields.into_iter().map(|(_, field)| field).collect()
    }
}

/// What is wrong with the name and the expression of a field, each with its member.
pub(crate) fn check_field(name: &str, expression: &str) -> Vec<(&'static str, String)> {
    let mut findings = Vec::new();
    if name.chars().count() > NAME_CHARS_MAX {
        let message = format!("must have at most {NAME_CHARS_MAX} characters");
        findings.push(("name", message));
    }
    if let Some(prefix) = RELATIONAL_PREFIXES
        .iter()
        .find(|prefix| name.starts_with(**prefix))
    {
        let message = format!("must not begin with {prefix}, which names other spans of the trace");
        findings.push(("name", message));
    }
    if !expression.is_empty()
        && let Err(error) = Expression::parse(expression)
    {
        findings.push(("expression", error.to_string()));
    }
    findings
}

/// The column of another span of the trace that a name means, without saying which span; other names as they are.
pub(crate) fn without_relation(name: &str) -> &str {
    let mut prefixes = RELATIONAL_PREFIXES.iter();
    let column = prefixes.find_map(|prefix| name.strip_prefix(prefix));
    column.filter(|column| !column.is_empty()).unwrap_or(name)
}

/// A column under every name by which a query may mean it: its own, and those for other spans of the trace.
pub(crate) fn with_relations(column: &str) -> Vec<String> {
    let related = RELATIONAL_PREFIXES.iter();
    let related = related.map(|prefix| format!("{prefix}{column}"));
    related.chain([column.to_owned()]).collect()
}

/// True for a query that looks at other spans of the trace than the one it counts.
pub(crate) fn is_relational(spec: &QuerySpec) -> bool {
    have_relation(&spec.filters)
        || spec.breakdowns.iter().any(|name| names_other_spans(name))
        || spec.calculations.iter().any(|calculation| {
            have_relation(&calculation.filters)
                || calculation.column.as_deref().is_some_and(names_other_spans)
        })
        || spec.calculated_fields.iter().any(|field| {
            let expression = Expression::parse(&field.expression);
            expression.is_ok_and(|known| known.columns().any(names_other_spans))
        })
}

/// True for conditions of which one is about another span of the trace.
pub(crate) fn have_relation(filters: &[FilterSpec]) -> bool {
    let mut columns = filters.iter().map(|filter| filter.column.as_str());
    columns.any(names_other_spans)
}

pub(crate) fn names_other_spans(name: &str) -> bool {
    without_relation(name) != name
}
