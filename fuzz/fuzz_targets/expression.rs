//! Whatever is given as the text of a calculated field: an answer, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_expression::{Datum, Expression};

fuzz_target!(|text: &str| {
    if let Ok(expression) = Expression::parse(text) {
        for datum in [Datum::Null, Datum::Int(7), Datum::text("text")] {
            expression.evaluate(&|_| datum.clone());
        }
    }
});
