//! Query specifications as JSON: read into [`QuerySpec`] with a message per clause, and kept as the client wrote them.
//!
//! Clients compare what they get back with what they sent, so the stored form is the sent JSON with one COUNT filled in when there
//! is no calculation, and nothing else added. Fields that this server knows nothing of are ignored; fields that it knows and can't
//! serve yet are refused by name, because an ignored one would silently answer another question. Source: spec/honeycomb-api.md
//! section 11.

mod calculated;
mod formula;
mod reader;
mod shape;

pub(crate) use calculated::{
    check_field, have_relation, is_relational, names_other_spans, with_relations, without_relation,
};
pub(crate) use reader::whole_number;
pub(crate) use shape::{
    BOUNDS, FILTER_COMBINATION, FILTERS, OWN_QUERY_SPEC, QUERY, QUERY_SPEC, ROW_CLAUSES, WINDOW,
};

use crate::problem::{Detail, DetailCode};
use reader::{Reader, TEXT_BYTES_MAX};
use serde_json::{Map, Value as Json, json};
use waggle_model::{
    AnswerIndex, CalculatedField, CalculationSpec, FilterCombination, FilterOp, FilterSpec,
    FilterValue, HavingOp, HavingSpec, OrderSpec, QuerySpec, SortOrder, TimeWindow, Value,
};

/// A query as the client wrote it and as the engine reads it.
#[derive(Clone, Debug)]
pub(crate) struct ParsedSpec {
    /// The sent JSON, with a COUNT when it had no calculations and without `id`.
    pub(crate) json: Map<String, Json>,
    /// The same for the engine.
    pub(crate) spec: QuerySpec,
    /// How much earlier the time to compare with is, in seconds.
    pub(crate) compare_offset_s: Option<i64>,
}

/// Most groups a spec may ask for.
const LIMIT_MAX: u64 = 1_000;
/// Most values of an `in` list.
const IN_VALUES_MAX: usize = 10_000;
/// Default length of a window in seconds, as in the model.
const WINDOW_DEFAULT_S: i64 = 7_200;

/// Reads a specification.
///
/// # Errors
/// Every clause that is wrong, in the order of the specification; the query must not run.
pub(crate) fn read_spec(body: &Json) -> Result<ParsedSpec, Vec<Detail>> {
    let Json::Object(object) = body else {
        return Err(vec![Detail::new(
            "query",
            DetailCode::IncorrectType,
            "must be a JSON object",
        )]);
    };
    let mut reader = Reader::default();
    let spec = reader.spec(object);
    let compare_offset_s = reader.compare_offset(object, spec.window);
    if !reader.details.is_empty() {
        return Err(reader.details);
    }
    let mut json = object.clone();
    json.shift_remove("id");
    if object
        .get("calculations")
        .and_then(Json::as_array)
        .is_none_or(Vec::is_empty)
    {
        json.insert("calculations".to_owned(), json!([{ "op": "COUNT" }]));
    }
    Ok(ParsedSpec {
        json,
        spec,
        compare_offset_s,
    })
}

/// The clauses that say which rows take part: the body of a request for raw rows, where the other clauses mean nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowClauses {
    pub(crate) filters: Vec<FilterSpec>,
    pub(crate) filter_combination: FilterCombination,
    pub(crate) window: TimeWindow,
    pub(crate) calculated_fields: Vec<CalculatedField>,
    /// As [`QuerySpec::usage_mode`].
    pub(crate) usage_mode: bool,
}

/// Reads filters, times and calculated fields.
///
/// # Errors
/// As [`read_spec`].
pub(crate) fn read_row_clauses(object: &Map<String, Json>) -> Result<RowClauses, Vec<Detail>> {
    let mut reader = Reader::default();
    let clauses = RowClauses {
        filters: reader.filters(object),
        filter_combination: reader.filter_combination(object),
        window: reader.window(object),
        calculated_fields: reader.calculated_fields(object),
        usage_mode: reader.flag(object, "usage_mode"),
    };
    if reader.details.is_empty() {
        Ok(clauses)
    } else {
        Err(reader.details)
    }
}

/// Reads the clauses that say which time events are of.
///
/// # Errors
/// As [`read_spec`].
pub(crate) fn read_window(object: &Map<String, Json>) -> Result<TimeWindow, Vec<Detail>> {
    let mut reader = Reader::default();
    let window = reader.window(object);
    match reader.details.is_empty() {
        true => Ok(window),
        false => Err(reader.details),
    }
}

impl Reader {
    fn spec(&mut self, object: &Map<String, Json>) -> QuerySpec {
        let (paths, calculations) = self.calculations(object).into_iter().unzip();
        let breakdowns = self.breakdowns(object);
        let filters = self.filters(object);
        let filter_combination = self.filter_combination(object);
        let window = self.window(object);
        let granularity_s = self.granularity(object, window);
        let mut spec = QuerySpec {
            calculations,
            breakdowns,
            filters,
            filter_combination,
            granularity_s,
            limit: self.limit(object),
            window,
            calculated_fields: self.calculated_fields(object),
            usage_mode: self.flag(object, "usage_mode"),
            ..QuerySpec::default()
        };
        self.names(paths, &spec);
        spec.formulas = self.formulas(object, &spec);
        spec.orders = self.orders(object, &spec);
        spec.havings = self.havings(object, &spec);
        spec
    }

    /// Every calculation with its path.
    fn calculations(&mut self, object: &Map<String, Json>) -> Vec<(String, CalculationSpec)> {
        let mut calculations = Vec::new();
        for (path, item) in self.objects(object, "calculations") {
            let op = self.required_text(item, &path, "op");
            let column = self.column(item, &path, false);
            let name = self.optional_text(item, &path, "name");
            let (filters, filter_combination) = self.below(&path, |reader| {
                (reader.filters(item), reader.filter_combination(item))
            });
            if name.is_none() && !filters.is_empty() {
                self.add(
                    format!("{path}.name"),
                    DetailCode::Missing,
                    "a calculation with filters needs a name",
                );
            }
            let Some(op) = op else { continue };
            if column.is_none() && !matches!(op.as_str(), "COUNT" | "CONCURRENCY") {
                if item.get("column").is_none_or(Json::is_null) {
                    self.add(
                        format!("{path}.column"),
                        DetailCode::Missing,
                        format!("{op} needs a column"),
                    );
                }
                continue;
            }
            let calculation = CalculationSpec {
                op,
                column,
                name,
                filters,
                filter_combination,
            };
            calculations.push((path, calculation));
        }
        calculations
    }

    /// Names tell the members of a result row apart.
    fn names(&mut self, paths: Vec<String>, spec: &QuerySpec) {
        for (index, path) in paths.into_iter().enumerate() {
            let calculation = &spec.calculations[index];
            let label = calculation.label();
            let is_same = |other: &CalculationSpec| other.label() == label;
            let field = match calculation.name {
                Some(_) => format!("{path}.name"),
                None => format!("{path}.op"),
            };
            if spec.calculations[..index].iter().any(is_same) {
                let text = format!("another calculation is called {label}");
                self.add(field, DetailCode::AlreadyExists, text);
            } else if calculation.name.is_some() && spec.breakdowns.contains(&label) {
                let text = format!("a breakdown is called {label}");
                self.add(field, DetailCode::AlreadyExists, text);
            }
        }
    }

    fn breakdowns(&mut self, object: &Map<String, Json>) -> Vec<String> {
        let mut breakdowns: Vec<String> = Vec::new();
        for (path, item) in self.list(object, "breakdowns") {
            let Json::String(name) = item else {
                self.incorrect_type(path, "must be a column name");
                continue;
            };
            if !self.check_column_name(&path, name) {
                continue;
            }
            if breakdowns.contains(name) {
                self.invalid(path, format!("{name} is a breakdown already"));
                continue;
            }
            breakdowns.push(name.clone());
        }
        breakdowns
    }

    fn filters(&mut self, object: &Map<String, Json>) -> Vec<FilterSpec> {
        let mut filters = Vec::new();
        for (path, item) in self.objects(object, "filters") {
            let column = self.filter_column(item, &path);
            let op_text = self.required_text(item, &path, "op");
            let op = op_text.as_deref().and_then(FilterOp::from_name);
            if let (Some(text), None) = (&op_text, op) {
                self.invalid(format!("{path}.op"), format!("unknown operator {text:?}"));
            }
            let Some(op) = op else { continue };
            let value = self.filter_value(&path, op, item.get("value").unwrap_or(&Json::Null));
            if let (Some(column), Some(value)) = (column, value) {
                filters.push(FilterSpec { column, op, value });
            }
        }
        filters
    }

    fn filter_value(&mut self, path: &str, op: FilterOp, value: &Json) -> Option<FilterValue> {
        let path = format!("{path}.value");
        match op {
            FilterOp::Exists | FilterOp::DoesNotExist => {
                if value.is_null() {
                    return Some(FilterValue::None);
                }
                self.invalid(path, format!("{} takes no value", op.name()));
                None
            }
            FilterOp::In | FilterOp::NotIn => {
                let Json::Array(items) = value else {
                    self.incorrect_type(path, format!("{} takes a list of values", op.name()));
                    return None;
                };
                if items.len() > IN_VALUES_MAX {
                    self.invalid(path, format!("must have at most {IN_VALUES_MAX} values"));
                    return None;
                }
                let mut values = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    values.push(self.scalar(&format!("{path}[{index}]"), item)?);
                }
                Some(FilterValue::Many(values))
            }
            _ => {
                if value.is_null() {
                    self.add(
                        path,
                        DetailCode::Missing,
                        format!("{} needs a value", op.name()),
                    );
                    return None;
                }
                self.scalar(&path, value).map(FilterValue::One)
            }
        }
    }

    fn scalar(&mut self, path: &str, value: &Json) -> Option<Value> {
        match value {
            Json::Bool(value) => Some(Value::Bool(*value)),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Some(Value::Int(value)),
                (None, Some(value)) => Some(Value::Float(value)),
                (None, None) => {
                    self.invalid(path, "is not a number that fits in 64 bits");
                    None
                }
            },
            Json::String(text) if text.len() > TEXT_BYTES_MAX => {
                self.invalid(path, format!("must have at most {TEXT_BYTES_MAX} bytes"));
                None
            }
            Json::String(text) => Some(Value::String(text.clone())),
            Json::Null | Json::Array(_) | Json::Object(_) => {
                self.incorrect_type(path, "must be a string, a number or a boolean");
                None
            }
        }
    }

    fn filter_combination(&mut self, object: &Map<String, Json>) -> FilterCombination {
        let field = "filter_combination";
        match object.get(field) {
            None | Some(Json::Null) => FilterCombination::And,
            Some(Json::String(text)) if text == "AND" => FilterCombination::And,
            Some(Json::String(text)) if text == "OR" => FilterCombination::Or,
            Some(_) => {
                self.invalid(field, "must be AND or OR");
                FilterCombination::And
            }
        }
    }

    fn window(&mut self, object: &Map<String, Json>) -> TimeWindow {
        let start_s = self.seconds(object, "start_time");
        let end_s = self.seconds(object, "end_time");
        let range_s = self.seconds(object, "time_range");
        if start_s.is_some() && end_s.is_some() && range_s.is_some() {
            self.invalid(
                "time_range",
                "start_time, end_time and time_range cannot all be given",
            );
        }
        if let (Some(start), Some(end)) = (start_s, end_s)
            && start > end
        {
            self.invalid("start_time", "must not be after end_time");
        }
        if range_s.is_some_and(|range| range <= 0) {
            self.invalid("time_range", "must be above 0");
        }
        TimeWindow {
            start_s,
            end_s,
            range_s,
        }
    }

    fn granularity(&mut self, object: &Map<String, Json>, window: TimeWindow) -> Option<u64> {
        let granularity_s = self.seconds(object, "granularity")?;
        if granularity_s == 0 {
            return None;
        }
        let length_s = window_length_s(window);
        if granularity_s < 0
            || granularity_s > length_s
            || granularity_s.saturating_mul(1_000) < length_s
        {
            self.invalid(
                "granularity",
                "must be between a thousandth of the time range and the time range",
            );
            return None;
        }
        u64::try_from(granularity_s).ok()
    }

    fn orders(&mut self, object: &Map<String, Json>, spec: &QuerySpec) -> Vec<OrderSpec> {
        let mut orders = Vec::new();
        for (path, item) in self.objects(object, "orders") {
            let op = self.optional_text(item, &path, "op");
            let column = self.optional_text(item, &path, "column");
            let order = match item.get("order") {
                None | Some(Json::Null) => SortOrder::Ascending,
                Some(Json::String(text)) if text == "ascending" => SortOrder::Ascending,
                Some(Json::String(text)) if text == "descending" => SortOrder::Descending,
                Some(_) => {
                    self.invalid(format!("{path}.order"), "must be ascending or descending");
                    continue;
                }
            };
            match (&op, &column) {
                (None, None) => {
                    self.add(
                        path,
                        DetailCode::Missing,
                        "needs a breakdown (column) or a calculation (op)",
                    );
                    continue;
                }
                (None, Some(column)) if spec.breakdowns.contains(column) => {}
                (None, Some(name)) => match spec.find_named(name) {
                    None => {
                        self.invalid(
                            format!("{path}.column"),
                            format!("{name} is not a breakdown of this query"),
                        );
                        continue;
                    }
                    Some(answer) if is_heatmap(spec, answer) => {
                        self.invalid(format!("{path}.column"), "HEATMAP cannot order groups");
                        continue;
                    }
                    Some(_) => {}
                },
                (Some(op), column) => {
                    let path = format!("{path}.op");
                    let answer = (op.as_str(), column.as_deref());
                    if self.refuses_answer(spec, path, answer, "cannot order groups") {
                        continue;
                    }
                }
            }
            orders.push(OrderSpec { op, column, order });
        }
        orders
    }

    fn limit(&mut self, object: &Map<String, Json>) -> Option<usize> {
        match object.get("limit") {
            None | Some(Json::Null) => None,
            Some(value) => match whole_number(value) {
                None => {
                    self.incorrect_type("limit", "must be a whole number");
                    None
                }
                Some(0) => None,
                Some(limit) => match u64::try_from(limit) {
                    Ok(limit) if limit <= LIMIT_MAX => usize::try_from(limit).ok(),
                    _ => {
                        self.invalid("limit", format!("must be between 1 and {LIMIT_MAX}"));
                        None
                    }
                },
            },
        }
    }

    fn havings(&mut self, object: &Map<String, Json>, spec: &QuerySpec) -> Vec<HavingSpec> {
        let mut havings = Vec::new();
        for (path, item) in self.objects(object, "havings") {
            let calculate_op = self.required_text(item, &path, "calculate_op");
            let column = self.optional_text(item, &path, "column");
            let op_text = self.required_text(item, &path, "op");
            let op = op_text.as_deref().and_then(having_op);
            if let (Some(text), None) = (&op_text, op) {
                self.invalid(
                    format!("{path}.op"),
                    format!("unknown comparison {text:?}; use = != > >= < <="),
                );
            }
            let value = item.get("value").and_then(Json::as_f64);
            if value.is_none() {
                self.incorrect_type(format!("{path}.value"), "must be a number");
            }
            let (Some(calculate_op), Some(op), Some(value)) = (calculate_op, op, value) else {
                continue;
            };
            let path = format!("{path}.calculate_op");
            let use_text = "cannot be compared with a number";
            if self.refuses_answer(spec, path, (&calculate_op, column.as_deref()), use_text) {
                continue;
            }
            havings.push(HavingSpec {
                calculate_op,
                column,
                op,
                value,
            });
        }
        havings
    }

    /// Reports an operation and column that mean no answer of the query, or a heat map, with what that can't be used for.
    fn refuses_answer(
        &mut self,
        spec: &QuerySpec,
        path: String,
        (op, column): (&str, Option<&str>),
        heatmap: &str,
    ) -> bool {
        match spec.find_answer(op, column) {
            None if op == "HEATMAP" => self.invalid(path, format!("HEATMAP {heatmap}")),
            Some(answer) if is_heatmap(spec, answer) => {
                self.invalid(path, format!("HEATMAP {heatmap}"));
            }
            None => {
                let label = CalculationSpec::label_of(op, column);
                self.invalid(path, format!("{label} is not a calculation of this query"));
            }
            Some(_) => return false,
        }
        true
    }
}

fn window_length_s(window: TimeWindow) -> i64 {
    match window {
        TimeWindow {
            start_s: Some(start),
            end_s: Some(end),
            ..
        } => end.saturating_sub(start),
        TimeWindow { range_s, .. } => range_s.unwrap_or(WINDOW_DEFAULT_S),
    }
}

fn is_heatmap(spec: &QuerySpec, answer: AnswerIndex) -> bool {
    match answer {
        AnswerIndex::Formula(_) => false,
        AnswerIndex::Calculation(index) => {
            let calculation = spec.calculations.get(index);
            calculation.is_some_and(|calculation| calculation.op == "HEATMAP")
        }
    }
}

fn having_op(text: &str) -> Option<HavingOp> {
    Some(match text {
        "=" => HavingOp::Equal,
        "!=" => HavingOp::NotEqual,
        ">" => HavingOp::Greater,
        ">=" => HavingOp::GreaterOrEqual,
        "<" => HavingOp::Less,
        "<=" => HavingOp::LessOrEqual,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
