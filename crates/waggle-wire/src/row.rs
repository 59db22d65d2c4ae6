//! One row being written into a batch, with the limits on one event watched at every field, so that a hostile event stops costing
//! anything at the field that breaks a limit.

use crate::text::Text;
use waggle_model::{EventBatch, EventLimits, RejectReason, ValueRef};

/// Most bytes of a value that was encoded as JSON text. Source: spec/honeycomb-api.md section 6.4.
pub(crate) const JSON_TEXT_BYTES_MAX: usize = 65_535;

/// An open row. Ends with [`Row::end`]; a broken limit turns the rest of the writes into nothing and the end into a reject.
pub(crate) struct Row<'a> {
    batch: &'a mut EventBatch,
    limits: &'a EventLimits,
    refused: Option<RejectReason>,
}

impl<'a> Row<'a> {
    pub(crate) fn begin(batch: &'a mut EventBatch, limits: &'a EventLimits) -> Self {
        batch.begin_row();
        Self {
            batch,
            limits,
            refused: None,
        }
    }

    /// True once a limit is broken: nothing written from here on counts.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    pub(crate) fn refuse(&mut self, reason: RejectReason) {
        self.refused.get_or_insert(reason);
    }

    pub(crate) fn limits(&self) -> &'a EventLimits {
        self.limits
    }

    pub(crate) fn column_count(&self) -> usize {
        self.batch.row_column_count()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.batch.row_bytes()
    }

    /// Writes a value unless the row has the column.
    pub(crate) fn put(&mut self, name: &str, value: ValueRef<'_>) {
        match value {
            ValueRef::String(value) => self.put_str(name, value),
            ValueRef::Int(value) => self.put_int(name, value),
            ValueRef::Float(value) => self.put_float(name, value),
            ValueRef::Bool(value) => self.put_bool(name, value),
        }
    }

    #[inline]
    pub(crate) fn put_str<'v>(&mut self, name: impl AsRef<[u8]>, value: impl Into<Text<'v>>) {
        if self.admits(name.as_ref()) {
            let value = cut_text(value.into(), self.limits.string_bytes_max);
            self.batch.put_str(name, value);
            self.check();
        }
    }

    /// Writes text that must not be cut, however long a value may be; the limit on the event holds.
    pub(crate) fn put_str_whole(&mut self, name: &str, value: &str) {
        if self.admits(name.as_bytes()) {
            self.batch.put_str(name, value);
            self.check();
        }
    }

    #[inline]
    pub(crate) fn put_int(&mut self, name: impl AsRef<[u8]>, value: i64) {
        if self.admits(name.as_ref()) {
            self.batch.put_int(name, value);
            self.check();
        }
    }

    /// Writes a float. One that is not finite is no value: there is no number to calculate with, JSON answers could not show it, and
    /// one of them would turn every sum it is part of into itself.
    #[inline]
    pub(crate) fn put_float(&mut self, name: impl AsRef<[u8]>, value: f64) {
        if self.admits(name.as_ref()) && value.is_finite() {
            self.batch.put_float(name, value);
            self.check();
        }
    }

    #[inline]
    pub(crate) fn put_bool(&mut self, name: impl AsRef<[u8]>, value: bool) {
        if self.admits(name.as_ref()) {
            self.batch.put_bool(name, value);
            self.check();
        }
    }

    /// Takes over the values that the batch's rows share, as far as the row has none of its own.
    pub(crate) fn take_shared(&mut self) {
        if self.refused.is_some() {
            return;
        }
        let limits = self.limits;
        let mut broken = None;
        self.batch.take_shared(|columns, bytes| {
            broken = broken_limit(limits, columns, bytes);
            broken.is_none()
        });
        if let Some(reason) = broken {
            self.refuse(reason);
        }
    }

    /// Finishes the row and returns its number, or takes it back and says why.
    pub(crate) fn end(self, timestamp_ns: i64, sample_rate: u32) -> Result<usize, RejectReason> {
        if let Some(reason) = self.refused {
            self.batch.abort_row();
            return Err(reason);
        }
        let row = self.batch.len();
        self.batch.end_row(timestamp_ns, sample_rate);
        Ok(row)
    }

    #[inline]
    fn admits(&mut self, name: &[u8]) -> bool {
        if name.len() > self.limits.column_name_bytes_max {
            self.refuse(RejectReason::Malformed);
        }
        !name.is_empty() && self.refused.is_none()
    }

    #[inline]
    fn check(&mut self) {
        let (columns, bytes) = (self.batch.row_column_count(), self.batch.row_bytes());
        if let Some(reason) = broken_limit(self.limits, columns, bytes) {
            self.refuse(reason);
        }
    }
}

#[inline]
fn broken_limit(limits: &EventLimits, columns: usize, bytes: usize) -> Option<RejectReason> {
    if columns > limits.columns_max {
        Some(RejectReason::TooManyColumns)
    } else if bytes > limits.event_bytes_max {
        Some(RejectReason::TooLarge)
    } else {
        None
    }
}

#[inline]
fn cut_text(text: Text<'_>, bytes_max: usize) -> Text<'_> {
    match text.as_bytes().len() <= bytes_max {
        true => text,
        false => cut(text.as_str(), bytes_max).into(),
    }
}

/// The longest start of `text` that has at most `bytes_max` bytes and ends between two characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or_default()
}
