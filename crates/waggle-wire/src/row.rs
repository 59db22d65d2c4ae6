//! One row being written into a batch, with the limits on one event watched at every field, so that a hostile event stops costing
//! anything at the field that breaks a limit.

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

    /// Writes a value unless the row has the column. A float that is not finite is no value: there is no number to calculate with,
    /// JSON answers could not show it, and one of them would turn every sum it is part of into itself.
    pub(crate) fn put(&mut self, name: &str, value: ValueRef<'_>) {
        if !self.admits(name) {
            return;
        }
        match value {
            ValueRef::String(value) => {
                self.batch
                    .put_str(name, cut(value, self.limits.string_bytes_max));
            }
            ValueRef::Float(value) if !value.is_finite() => return,
            value => {
                self.batch.put(name, value);
            }
        }
        self.check();
    }

    pub(crate) fn put_str(&mut self, name: &str, value: &str) {
        self.put(name, ValueRef::String(value));
    }

    pub(crate) fn put_int(&mut self, name: &str, value: i64) {
        self.put(name, ValueRef::Int(value));
    }

    pub(crate) fn put_float(&mut self, name: &str, value: f64) {
        self.put(name, ValueRef::Float(value));
    }

    pub(crate) fn put_bool(&mut self, name: &str, value: bool) {
        self.put(name, ValueRef::Bool(value));
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

    fn admits(&mut self, name: &str) -> bool {
        if name.len() > self.limits.column_name_bytes_max {
            self.refuse(RejectReason::Malformed);
        }
        !name.is_empty() && self.refused.is_none()
    }

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

/// The longest start of `text` that has at most `bytes_max` bytes and ends between two characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or_default()
}
