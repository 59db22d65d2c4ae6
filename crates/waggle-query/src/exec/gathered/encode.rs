//! A partial state as bytes, for a cache or another process, and back. The first byte is the version of what follows.

use super::{Counters, Gathered, Shape};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::exec::group::ReadStateError;
use crate::exec::watch::ExecError;
use crate::plan::Plan;
use waggle_model::QueryError;

/// Raised with every change of what a state means in bytes. Another version is not read: whoever kept it computes it again.
const VERSION: u8 = 3;

impl Gathered {
    /// Appends everything but what the pass itself knows.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        self.groups.encode(&mut out);
        out.put_u64(self.cells.cells.len() as u64);
        for (group, bucket) in &self.cells.cells {
            out.put_u64(u64::from(*group));
            out.put_u64(u64::from(*bucket));
        }
        for state in &self.states {
            state.encode(&mut out);
        }
        for grid in &self.grids {
            grid.encode(&mut out);
        }
        self.counters.encode(&mut out);
        out.put_u64(self.counted.len() as u64);
        for counted in &self.counted {
            counted.encode(&mut out);
        }
        out
    }

    /// Reads a state of the same plan and pass.
    pub(in crate::exec) fn decode(
        bytes: &[u8],
        plan: &Plan,
        shape: &Shape,
    ) -> Result<Self, ReadStateError> {
        let bytes = &mut ByteReader::new(bytes);
        if bytes.u8()? != VERSION {
            return Err(Damaged("another version wrote it").into());
        }
        let mut gathered = Self::new(plan, shape);
        gathered.groups.decode(bytes)?;
        let count = bytes.length()?;
        if count > 0 && shape.buckets.is_none() {
            return Err(Damaged("it has time buckets").into());
        }
        for number in 0..count as u32 {
            let (group, bucket) = (bytes.u32()?, bytes.u32()? as usize);
            if group as usize >= gathered.groups.len() || bucket >= plan.buckets.count {
                return Err(Damaged("a cell has no group or bucket").into());
            }
            let cell = gathered.cells.cell(group, bucket, shape.cells_max);
            match cell {
                Ok(cell) if cell == number => {}
                Err(ExecError::Query(error)) => return Err(error.into()),
                _ => return Err(Damaged("a cell occurs twice, or there are too many").into()),
            }
        }
        gathered.grow(shape);
        for state in &mut gathered.states {
            state.decode(bytes)?;
        }
        for grid in &mut gathered.grids {
            grid.decode(bytes)?;
        }
        gathered.counters = Counters::decode(bytes)?;
        for _ in 0..bytes.length()? {
            if !shape.counts_codes(plan) {
                return Err(Damaged("it has codes").into());
            }
            let mut counted = Vec::new();
            let groups = &mut gathered.groups;
            groups.decode_counted(bytes, |group, rows| counted.push((group, rows)))?;
            gathered.add_rows(shape, &counted);
        }
        bytes.end()?;
        Ok(gathered)
    }
}

impl Counters {
    fn encode(&self, out: &mut Vec<u8>) {
        out.put_u64(self.rows_read);
        out.put_u64(self.rows_matched);
        out.put_u64(self.blocks_read);
        out.put_u64(self.bytes_read);
        out.push(u8::from(self.has_sample_rate));
    }

    fn decode(bytes: &mut ByteReader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            rows_read: bytes.u64()?,
            rows_matched: bytes.u64()?,
            blocks_read: bytes.u64()?,
            bytes_read: bytes.u64()?,
            has_sample_rate: bytes.bool()?,
        })
    }
}

impl From<ReadStateError> for ExecError {
    fn from(error: ReadStateError) -> Self {
        match error {
            ReadStateError::Damaged(damaged) => QueryError::Storage(damaged.to_string()).into(),
            ReadStateError::Query(error) => error.into(),
        }
    }
}
