//! A request to erase as the metastore keeps it while it is carried out, so that the next start goes on with it: the only place where
//! the values of its filters are written down, and the last thing that is erased.

use waggle_model::{
    DatasetId, EraseRequest, FilterCombination, FilterOp, FilterSpec, FilterValue, TimeRange, Value,
};

/// The first byte: which way the others are laid out.
const VERSION: u8 = 1;

/// The request as bytes.
pub(crate) fn encode(request: &EraseRequest) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_i64(&mut out, request.dataset.0);
    put_i64(&mut out, request.range.start_ns);
    put_i64(&mut out, request.range.end_ns);
    out.push(u8::from(
        request.filter_combination == FilterCombination::Or,
    ));
    put_text(&mut out, &request.asked_by);
    put_count(&mut out, request.filters.len());
    for filter in &request.filters {
        put_text(&mut out, &filter.column);
        put_text(&mut out, filter.op.name());
        match &filter.value {
            FilterValue::None => out.push(0),
            FilterValue::One(value) => {
                out.push(1);
                put_value(&mut out, value);
            }
            FilterValue::Many(values) => {
                out.push(2);
                put_count(&mut out, values.len());
                values.iter().for_each(|value| put_value(&mut out, value));
            }
        }
    }
    out
}

/// Reads what [`encode`] wrote; `None` when it did not.
pub(crate) fn decode(bytes: &[u8]) -> Option<EraseRequest> {
    let mut reader = Reader(bytes);
    if reader.byte()? != VERSION {
        return None;
    }
    let dataset = DatasetId(reader.i64()?);
    let range = TimeRange {
        start_ns: reader.i64()?,
        end_ns: reader.i64()?,
    };
    let filter_combination = match reader.byte()? {
        0 => FilterCombination::And,
        1 => FilterCombination::Or,
        _ => return None,
    };
    let asked_by = reader.text()?;
    let count = reader.count()?;
    let filters = (0..count).map(|_| reader.filter()).collect::<Option<_>>()?;
    reader.0.is_empty().then_some(EraseRequest {
        dataset,
        range,
        filters,
        filter_combination,
        asked_by,
    })
}

fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u64).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => {
            out.push(0);
            put_text(out, text);
        }
        Value::Int(value) => {
            out.push(1);
            put_i64(out, *value);
        }
        Value::Float(value) => {
            out.push(2);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::Bool(value) => out.extend([3, u8::from(*value)]),
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (fixed, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*fixed)
    }

    fn byte(&mut self) -> Option<u8> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    fn i64(&mut self) -> Option<i64> {
        self.fixed().map(i64::from_le_bytes)
    }

    /// Of things that take a byte each at least.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(u64::from_le_bytes(self.fixed()?)).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn filter(&mut self) -> Option<FilterSpec> {
        let column = self.text()?;
        let op = FilterOp::from_name(&self.text()?)?;
        let value = match self.byte()? {
            0 => FilterValue::None,
            1 => FilterValue::One(self.value()?),
            2 => {
                let count = self.count()?;
                FilterValue::Many((0..count).map(|_| self.value()).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(FilterSpec { column, op, value })
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            0 => Value::String(self.text()?),
            1 => Value::Int(self.i64()?),
            2 => Value::Float(f64::from_bits(u64::from_le_bytes(self.fixed()?))),
            3 => Value::Bool(self.byte()? == 1),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
