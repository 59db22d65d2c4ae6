//! The same spans as Parquet files, for the engines that Waggle is compared with: one row per span, a column per field, missing
//! values as nulls. Columns are named as in SQL (`trace_id`, `time` in ns); sorted as they are sent, which is nearly by time.

use super::field::{self, KINDS, Sink};
use super::table::{Column, Tables};
use super::{BLOCK_ROWS, Block, Row, Spans, Sparse};
use anyhow::Context;
use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 131,072 rows, a multiple of what each engine reads at a time.
const BLOCKS_PER_GROUP: u64 = 64;
/// About a million rows.
const BLOCKS_PER_FILE: u64 = 8 * BLOCKS_PER_GROUP;

/// Writes all spans as files `spans-NNNN.parquet` into `folder`, on `threads` threads.
///
/// # Errors
/// When a file can't be written.
pub(crate) fn write_files(spans: &Spans, folder: &Path, threads: usize) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let columns = columns(&spans.tables);
    let next = AtomicU64::new(0);
    let file_count = spans.block_count().div_ceil(BLOCKS_PER_FILE);
    let work = || -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= file_count {
                return Ok(());
            }
            let path = folder.join(format!("spans-{number:04}.parquet"));
            write_file(spans, &columns, number, &path)
                .with_context(|| path.display().to_string())?;
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => done?,
                Err(_) => anyhow::bail!("a writer of Parquet files panicked"),
            }
        }
        Ok(())
    })
}

fn write_file(
    spans: &Spans,
    columns: &[(String, Kind)],
    number: u64,
    path: &Path,
) -> anyhow::Result<()> {
    let schema = Arc::new(parse_message_type(&schema(columns)?)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = SerializedFileWriter::new(File::create(path)?, schema, Arc::new(properties))?;
    let first = number * BLOCKS_PER_FILE;
    let end = (first + BLOCKS_PER_FILE).min(spans.block_count());
    let mut group = Group::new(columns);
    for block in first..end {
        group.add(&spans.tables, &spans.block(block));
        if (block + 1 - first).is_multiple_of(BLOCKS_PER_GROUP) || block + 1 == end {
            let mut row_group = writer.next_row_group()?;
            let row_count = std::mem::take(&mut group.row_count);
            for values in &mut group.columns {
                let column = row_group.next_column()?;
                values.write(row_count, column.context("the schema has too few columns")?)?;
            }
            row_group.close()?;
        }
    }
    writer.close()?;
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
}

/// The columns in order: the span's own fields, then the attributes.
fn columns(tables: &Tables) -> Vec<(String, Kind)> {
    let own = [
        ("time", Kind::Int),
        ("trace_id", Kind::Text),
        ("span_id", Kind::Text),
        ("parent_id", Kind::Text),
        ("name", Kind::Text),
        ("span_kind", Kind::Text),
        ("duration_ms", Kind::Float),
        ("error", Kind::Bool),
    ];
    let mut columns = Columns(own.map(|(key, kind)| (key.to_owned(), kind)).to_vec());
    // A row that has every dense attribute names them all.
    let full = Row {
        http: Some(super::Http {
            status: 0,
            route: 0,
            method: 0,
            response_bytes: 0,
            request_bytes: 0,
        }),
        statement: Some(0),
        exception: Some(0),
        annotation: Some(0),
        ..Row::default()
    };
    field::attributes(&mut columns, tables, &full, &[]);
    let sparse = tables.sparse.iter().enumerate();
    columns.0.extend(sparse.map(|(index, key)| {
        let kind = match index {
            0..super::SPARSE_STRINGS => Kind::Text,
            super::SPARSE_STRINGS..super::SPARSE_FLOATS_FROM => Kind::Int,
            _ => Kind::Float,
        };
        (key.clone(), kind)
    }));
    columns.0
}

struct Columns(Vec<(String, Kind)>);

impl Sink for Columns {
    fn coded(&mut self, column: &Column, _: usize) {
        self.0.push((column.key.clone(), Kind::Text));
    }

    fn text(&mut self, key: &str, _: &str) {
        self.0.push((key.to_owned(), Kind::Text));
    }

    fn int(&mut self, key: &str, _: i64) {
        self.0.push((key.to_owned(), Kind::Int));
    }

    fn float(&mut self, key: &str, _: f64) {
        self.0.push((key.to_owned(), Kind::Float));
    }

    fn claim(&mut self, key: &str) {
        self.0.push((key.to_owned(), Kind::Bool));
    }
}

fn schema(columns: &[(String, Kind)]) -> Result<String, std::fmt::Error> {
    let mut text = "message spans {\n".to_owned();
    for (name, kind) in columns {
        let kind = match kind {
            Kind::Text => "binary",
            Kind::Int => "int64",
            Kind::Float => "double",
            Kind::Bool => "boolean",
        };
        let annotation = if kind == "binary" { " (UTF8)" } else { "" };
        writeln!(text, "optional {kind} {name}{annotation};")?;
    }
    text.push('}');
    Ok(text)
}

/// The columns of a row group as it fills.
struct Group<'a> {
    index_of: HashMap<&'a str, usize>,
    columns: Vec<Values>,
    row_count: usize,
}

impl<'a> Group<'a> {
    fn new(columns: &'a [(String, Kind)]) -> Self {
        let names = columns.iter().enumerate();
        Self {
            index_of: names
                .map(|(index, (name, _))| (name.as_str(), index))
                .collect(),
            columns: columns.iter().map(|(_, kind)| Values::new(*kind)).collect(),
            row_count: 0,
        }
    }

    fn add(&mut self, tables: &Tables, block: &Block) {
        for (row, sparse) in block.rows() {
            self.add_row(tables, row, sparse);
        }
    }

    fn add_row(&mut self, tables: &Tables, row: &Row, sparse: &[Sparse]) {
        self.int("time", row.time_ns);
        self.text("trace_id", &format!("{:032x}", row.trace_id));
        self.text("span_id", &format!("{:016x}", row.span_id));
        if row.parent_id != 0 {
            self.text("parent_id", &format!("{:016x}", row.parent_id));
        }
        self.shared("name", &tables.names[row.name]);
        self.text("span_kind", KINDS[row.kind as usize % KINDS.len()]);
        self.float("duration_ms", row.duration_ms());
        if row.exception.is_some() {
            self.claim("error");
        }
        field::attributes(self, tables, row, sparse);
        self.row_count += 1;
    }

    /// The values of a column, told that this row has one.
    fn at(&mut self, key: &str) -> Option<&mut Stored> {
        let column = self.columns.get_mut(*self.index_of.get(key)?)?;
        column.is_present.resize(self.row_count, 0);
        column.is_present.push(1);
        Some(&mut column.stored)
    }

    fn shared(&mut self, key: &str, value: &Bytes) {
        if let Some(Stored::Text(values)) = self.at(key) {
            values.push(ByteArray::from(value.clone()));
        }
    }
}

impl Sink for Group<'_> {
    fn coded(&mut self, column: &Column, code: usize) {
        self.shared(&column.key, column.value(code));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.shared(key, &Bytes::copy_from_slice(value.as_bytes()));
    }

    fn int(&mut self, key: &str, value: i64) {
        if let Some(Stored::Int(values)) = self.at(key) {
            values.push(value);
        }
    }

    fn float(&mut self, key: &str, value: f64) {
        if let Some(Stored::Float(values)) = self.at(key) {
            values.push(value);
        }
    }

    fn claim(&mut self, key: &str) {
        if let Some(Stored::Bool(values)) = self.at(key) {
            values.push(true);
        }
    }
}

/// One column of a row group.
struct Values {
    /// 1 for each row with a value: Parquet's definition levels. Rows after the last value are filled in at the end.
    is_present: Vec<i16>,
    stored: Stored,
}

enum Stored {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
}

impl Values {
    fn new(kind: Kind) -> Self {
        Self {
            is_present: Vec::with_capacity(BLOCK_ROWS * BLOCKS_PER_GROUP as usize),
            stored: match kind {
                Kind::Text => Stored::Text(Vec::new()),
                Kind::Int => Stored::Int(Vec::new()),
                Kind::Float => Stored::Float(Vec::new()),
                Kind::Bool => Stored::Bool(Vec::new()),
            },
        }
    }

    /// Writes the column and empties it.
    fn write(
        &mut self,
        row_count: usize,
        mut column: SerializedColumnWriter<'_>,
    ) -> anyhow::Result<()> {
        self.is_present.resize(row_count, 0);
        let present = Some(self.is_present.as_slice());
        match &mut self.stored {
            Stored::Text(values) => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(values, present, None)?;
                values.clear();
            }
            Stored::Int(values) => {
                column
                    .typed::<Int64Type>()
                    .write_batch(values, present, None)?;
                values.clear();
            }
            Stored::Float(values) => {
                column
                    .typed::<DoubleType>()
                    .write_batch(values, present, None)?;
                values.clear();
            }
            Stored::Bool(values) => {
                column
                    .typed::<BoolType>()
                    .write_batch(values, present, None)?;
                values.clear();
            }
        }
        column.close()?;
        self.is_present.clear();
        Ok(())
    }
}
