//! One request as bytes: the payload of a log record.
//!
//! Nearly a copy of the batches' arrays, little-endian, so that encoding costs what a memory copy costs. Row numbers of a column that
//! every row has are not written, nor are sample rates that are all 1, nor string codes that merely count up or are all 0.
//!
//! Layout: team i64, environment i64, batches u32; then per batch: dataset i64, rows u32, columns u32, flags u8 (1 = sample rates
//! follow), timestamps i64 each, sample rates u32 each; then per column: name length u32, name, sections u8; then per section: kind
//! u8 (low bits 1 text, 2 integer, 3 float, 4 boolean; flags below), values u32, row numbers u32 each unless dense, values. Text
//! values: entries u32, bytes u32, end offsets u32 each, the bytes, codes u32 each unless flagged.

use bytemuck::NoUninit;
use waggle_model::{
    BatchColumn, DatasetId, EnvironmentId, EventBatch, StringValues, TeamId, Tenant, TypedValues,
};

const HAS_RATES: u8 = 1;
const TEXT: u8 = 1;
const INTEGER: u8 = 2;
const FLOAT: u8 = 3;
const BOOLEAN: u8 = 4;
const KIND: u8 = 0x0f;
/// Rows are 0, 1, 2, ...
const DENSE: u8 = 0x80;
/// Codes are 0, 1, 2, ...
const COUNTING: u8 = 0x40;
/// Codes are all 0.
const CONSTANT: u8 = 0x20;

/// All batches of one request with the datasets they go to.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) tenant: Tenant,
    pub(crate) batches: Vec<(DatasetId, EventBatch)>,
}

/// Appends the payload of a request to `out`.
pub(crate) fn encode(request: &Request, out: &mut Vec<u8>) {
    out.reserve(size_hint(request));
    put(out, request.tenant.team.0);
    put(out, request.tenant.environment.0);
    put_length(out, request.batches.len());
    for (dataset, batch) in &request.batches {
        encode_batch(*dataset, batch, out);
    }
}

/// Reads a payload back.
///
/// # Errors
/// Says what does not fit. The checksum was right, so this is a bug or a forgery, not a torn write.
pub(crate) fn decode(payload: &[u8]) -> Result<Request, &'static str> {
    let mut input = Input(payload);
    let tenant = Tenant {
        team: TeamId(input.i64()?),
        environment: EnvironmentId(input.i64()?),
    };
    let batches = (0..input.u32()?)
        .map(|_| decode_batch(&mut input))
        .collect::<Result<_, _>>()?;
    if !input.0.is_empty() {
        return Err("bytes follow the last batch");
    }
    Ok(Request { tenant, batches })
}

fn size_hint(request: &Request) -> usize {
    let batch_size = |batch: &EventBatch| {
        let columns = batch.columns().iter().map(|column| {
            let text = &column.strings;
            64 + column.name.len()
                + text.rows.len() * 8
                + text.ends.len() * 4
                + text.bytes.len()
                + column.ints.rows.len() * 12
                + column.floats.rows.len() * 12
                + column.bools.rows.len() * 5
        });
        64 + batch.len() * 12 + columns.sum::<usize>()
    };
    let batches = request.batches.iter().map(|(_, batch)| batch_size(batch));
    64 + batches.sum::<usize>()
}

fn encode_batch(dataset: DatasetId, batch: &EventBatch, out: &mut Vec<u8>) {
    let columns = || {
        batch
            .columns()
            .iter()
            .filter(|column| column.value_count() > 0)
    };
    put(out, dataset.0);
    put_length(out, batch.len());
    put_length(out, columns().count());
    let has_rates = batch.sample_rates().iter().any(|rate| *rate != 1);
    out.push(if has_rates { HAS_RATES } else { 0 });
    put_array(out, batch.timestamps_ns());
    if has_rates {
        put_array(out, batch.sample_rates());
    }
    for column in columns() {
        encode_column(column, batch.len(), out);
    }
}

fn encode_column(column: &BatchColumn, row_count: usize, out: &mut Vec<u8>) {
    put_length(out, column.name.len());
    out.extend_from_slice(column.name.as_bytes());
    let place = out.len();
    out.push(0);
    if !column.strings.rows.is_empty() {
        out[place] += 1;
        encode_text(&column.strings, row_count, out);
    }
    let TypedValues { rows, values } = &column.ints;
    if !rows.is_empty() {
        out[place] += 1;
        put_section(out, INTEGER, rows, row_count);
        put_array(out, values);
    }
    let TypedValues { rows, values } = &column.floats;
    if !rows.is_empty() {
        out[place] += 1;
        put_section(out, FLOAT, rows, row_count);
        put_array(out, values);
    }
    let TypedValues { rows, values } = &column.bools;
    if !rows.is_empty() {
        out[place] += 1;
        put_section(out, BOOLEAN, rows, row_count);
        put_array(out, values);
    }
}

fn encode_text(text: &StringValues, row_count: usize, out: &mut Vec<u8>) {
    let flags = if text.codes.iter().all(|code| *code == 0) {
        CONSTANT
    } else if text.codes.iter().zip(0..).all(|(code, slot)| *code == slot) {
        COUNTING
    } else {
        0
    };
    put_section(out, TEXT | flags, &text.rows, row_count);
    put_length(out, text.ends.len());
    put_length(out, text.bytes.len());
    put_array(out, &text.ends);
    out.extend_from_slice(&text.bytes);
    if flags == 0 {
        put_array(out, &text.codes);
    }
}

/// Rows ascend, so as many as the batch has are all of them.
fn put_section(out: &mut Vec<u8>, kind: u8, rows: &[u32], row_count: usize) {
    if rows.len() == row_count {
        out.push(kind | DENSE);
        put_length(out, rows.len());
    } else {
        out.push(kind);
        put_length(out, rows.len());
        put_array(out, rows);
    }
}

fn decode_batch(input: &mut Input<'_>) -> Result<(DatasetId, EventBatch), &'static str> {
    let dataset = DatasetId(input.i64()?);
    let row_count = input.u32()? as usize;
    let column_count = input.u32()?;
    let flags = input.u8()?;
    let timestamps_ns = input.array(row_count, i64::from_le_bytes)?;
    let sample_rates = if flags & HAS_RATES == 0 {
        vec![1; row_count]
    } else {
        input.array(row_count, u32::from_le_bytes)?
    };
    let columns = (0..column_count)
        .map(|_| decode_column(input, row_count))
        .collect::<Result<_, _>>()?;
    let batch = EventBatch::from_parts(String::new(), timestamps_ns, sample_rates, columns)?;
    Ok((dataset, batch))
}

fn decode_column(input: &mut Input<'_>, row_count: usize) -> Result<BatchColumn, &'static str> {
    let name_length = input.u32()? as usize;
    let name = std::str::from_utf8(input.take(name_length)?)
        .map_err(|_| "a column's name is not UTF-8")?
        .into();
    let mut strings = StringValues::default();
    let mut ints = TypedValues::default();
    let mut floats = TypedValues::default();
    let mut bools = TypedValues::default();
    for _ in 0..input.u8()? {
        let kind = input.u8()?;
        let count = input.u32()? as usize;
        let rows = if kind & DENSE == 0 {
            input.array(count, u32::from_le_bytes)?
        } else if count == row_count {
            (0..).take(count).collect()
        } else {
            return Err("a dense column has not as many values as rows");
        };
        match kind & KIND {
            TEXT => strings = decode_text(input, kind, rows)?,
            INTEGER => {
                let values = input.array(count, i64::from_le_bytes)?;
                ints = TypedValues { rows, values };
            }
            FLOAT => {
                let values = input.array(count, f64::from_le_bytes)?;
                floats = TypedValues { rows, values };
            }
            BOOLEAN => {
                let values = input.take(count)?.iter().map(|byte| *byte != 0).collect();
                bools = TypedValues { rows, values };
            }
            _ => return Err("a column has a section of unknown kind"),
        }
    }
    Ok(BatchColumn::from_parts(name, strings, ints, floats, bools))
}

fn decode_text(
    input: &mut Input<'_>,
    kind: u8,
    rows: Vec<u32>,
) -> Result<StringValues, &'static str> {
    let entry_count = input.u32()? as usize;
    let byte_count = input.u32()? as usize;
    let ends = input.array(entry_count, u32::from_le_bytes)?;
    let bytes = input.take(byte_count)?.to_vec();
    let codes = if kind & CONSTANT != 0 {
        vec![0; rows.len()]
    } else if kind & COUNTING != 0 {
        (0..).take(rows.len()).collect()
    } else {
        input.array(rows.len(), u32::from_le_bytes)?
    };
    Ok(StringValues {
        rows,
        codes,
        ends,
        bytes,
    })
}

fn put(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rows, columns and offsets of a batch are u32 everywhere"
)]
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u32).to_le_bytes());
}

fn put_array<T: NoUninit>(out: &mut Vec<u8>, values: &[T]) {
    const {
        assert!(
            cfg!(target_endian = "little"),
            "arrays are written as they lie in memory"
        );
    }
    out.extend_from_slice(bytemuck::cast_slice(values));
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or("the record ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn u8(&mut self) -> Result<u8, &'static str> {
        self.fixed().map(u8::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        self.fixed().map(u32::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, &'static str> {
        self.fixed().map(i64::from_le_bytes)
    }

    fn array<const N: usize, T>(
        &mut self,
        count: usize,
        read: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, &'static str> {
        let bytes = self.take(count.checked_mul(N).ok_or("a length is too large")?)?;
        let (values, _) = bytes.as_chunks::<N>();
        Ok(values.iter().map(|value| read(*value)).collect())
    }
}

#[cfg(test)]
mod tests;
