//! The clauses that work on finished answers: formulas over named calculations, and the comparison with an earlier time.
//!
//! The language of formulas is the engine's to check. Source: spec/honeycomb-api.md section 11.1.

use super::calculated::is_relational;
use super::reader::Reader;
use super::window_length_s;
use crate::problem::DetailCode;
use serde_json::{Map, Value as Json};
use waggle_model::{FormulaSpec, QuerySpec, TimeWindow};

/// How much earlier a time to compare with may be, in seconds: half an hour to 26 weeks.
const OFFSETS_S: [i64; 8] = [
    1_800, 3_600, 7_200, 28_800, 86_400, 604_800, 2_419_200, 15_724_800,
];

impl Reader {
    /// Formulas, whose names must differ from all other answers and breakdowns of `spec`.
    pub(super) fn formulas(
        &mut self,
        object: &Map<String, Json>,
        spec: &QuerySpec,
    ) -> Vec<FormulaSpec> {
        let mut formulas: Vec<FormulaSpec> = Vec::new();
        for (path, item) in self.objects(object, "formulas") {
            let name = self.required_text(item, &path, "name");
            let expression = self.required_text(item, &path, "expression");
            let (Some(name), Some(expression)) = (name, expression) else {
                continue;
            };
            let mut calculations = spec.calculations.iter();
            let taken_by = if spec.breakdowns.contains(&name) {
                Some("a breakdown")
            } else if calculations.any(|calculation| calculation.label() == name) {
                Some("a calculation")
            } else if formulas.iter().any(|other| other.name == name) {
                Some("another formula")
            } else {
                None
            };
            if let Some(other) = taken_by {
                let text = format!("{other} is called {name}");
                self.add(format!("{path}.name"), DetailCode::AlreadyExists, text);
                continue;
            }
            formulas.push(FormulaSpec { name, expression });
        }
        if !formulas.is_empty() && is_relational(spec) {
            self.invalid(
                "formulas",
                "cannot be used with columns of other spans of the trace",
            );
        }
        formulas
    }

    /// How much earlier the time to compare with is, in seconds.
    pub(super) fn compare_offset(
        &mut self,
        object: &Map<String, Json>,
        window: TimeWindow,
    ) -> Option<i64> {
        const FIELD: &str = "compare_time_offset_seconds";
        let offset_s = self.seconds(object, FIELD).filter(|offset| *offset != 0)?;
        let length_s = window_length_s(window);
        if !OFFSETS_S.contains(&offset_s) && offset_s != length_s {
            let known = OFFSETS_S.map(|offset| offset.to_string()).join(", ");
            self.invalid(FIELD, format!("must be {known} or the time range"));
            return None;
        }
        if offset_s < length_s {
            self.invalid(FIELD, "must not be below the time range");
            return None;
        }
        Some(offset_s)
    }
}
