//! An expression over one source: what is constant there is computed once, what depends on one column of text once per entry of its
//! dictionary, and the rest chunk by chunk.

use super::fast::{Fast, Remap};
use super::lanes::{Lanes, Tables, put, set};
use crate::temporal::column_name;
use hashbrown::HashSet;
use std::sync::Arc;
use waggle_expression::{Call, Datum, Expression, Input, Node, ResultType};
use waggle_model::ColumnType;
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, Dictionary, Interner, TypedColumn};
use waggle_store::{ARRIVAL_COLUMN, ReadError, Source};

/// What an expression reads of a source.
enum Opened {
    /// No row has it.
    Nothing,
    Column(Arc<Column>),
    Times(Arc<TypedColumn>),
    /// Whole seconds.
    Arrivals(Arc<Column>),
}

/// One part of an expression, with its values in the chunk that was computed last.
pub(super) struct Step<'e> {
    kind: Kind<'e>,
    pub(super) lanes: Lanes,
}

enum Kind<'e> {
    /// The same in every row: computed already.
    Constant(Datum<'static>),
    Column(Arc<Column>, ChunkBuffer<bool>),
    Times(Arc<TypedColumn>),
    Arrivals(Arc<Column>),
    Mapped(Mapped),
    Call(Box<CallStep<'e>>),
}

struct CallStep<'e> {
    call: &'e Call,
    arguments: Vec<Step<'e>>,
    fast: Option<Fast>,
    remaps: Vec<Remap>,
}

/// A value per entry of a dictionary, and one for rows without.
struct Mapped {
    column: Arc<Column>,
    codes: ChunkBuffer<u32>,
    values: Vec<Entry>,
}

#[derive(Clone, Copy)]
enum Entry {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(u32),
}

/// Prepares an expression for a source, of which about so many rows will be read.
pub(super) fn prepare<'e>(
    expression: &'e Expression,
    source: &Source,
    row_count: usize,
    tables: &mut Tables,
) -> Result<Step<'e>, ReadError> {
    let mut opened = Vec::with_capacity(expression.inputs().len());
    for input in expression.inputs() {
        opened.push(match input {
            Input::EventTime => Opened::Times(source.times()?),
            Input::IngestTime => match source.column(ARRIVAL_COLUMN)? {
                Some(column) => Opened::Arrivals(column),
                None => Opened::Nothing,
            },
            Input::Column(name) => open(source, name)?,
            Input::Temporal(temporal) => open(source, &column_name(temporal))?,
        });
    }
    let mut preparer = Preparer {
        opened,
        row_count,
        tables,
    };
    Ok(preparer.step(expression.root()))
}

fn open(source: &Source, name: &str) -> Result<Opened, ReadError> {
    Ok(match source.column(name)? {
        Some(column) => Opened::Column(column),
        None => Opened::Nothing,
    })
}

struct Preparer<'t> {
    opened: Vec<Opened>,
    row_count: usize,
    tables: &'t mut Tables,
}

impl Preparer<'_> {
    fn step<'e>(&mut self, node: &'e Node) -> Step<'e> {
        match node {
            Node::Constant(datum) => self.constant(datum.clone()),
            Node::Input(index) => match &self.opened[*index] {
                Opened::Nothing => self.constant(Datum::Null),
                Opened::Times(times) => Step {
                    kind: Kind::Times(Arc::clone(times)),
                    lanes: Lanes::new(0),
                },
                Opened::Arrivals(column) => Step {
                    kind: Kind::Arrivals(Arc::clone(column)),
                    lanes: Lanes::new(0),
                },
                Opened::Column(column) => {
                    let column = Arc::clone(column);
                    let mut dictionaries = column.types.iter().filter_map(TypedColumn::dictionary);
                    let dictionary = dictionaries.next().map(Arc::clone);
                    let table = dictionary.map_or(0, |texts| self.tables.add(texts));
                    Step {
                        kind: Kind::Column(column, ChunkBuffer::default()),
                        lanes: Lanes::new(table),
                    }
                }
            },
            Node::Call(call) => match self.only_text(node) {
                Some((column, dictionary)) => self.mapped(node, column, &dictionary),
                None => self.call(call),
            },
        }
    }

    fn constant<'e>(&mut self, datum: Datum<'static>) -> Step<'e> {
        let table = self.tables.add_growing();
        let mut texts = self.tables.take(table);
        let mut lanes = Lanes::new(table);
        lanes.fill(&datum, &mut texts);
        self.tables.put_back(table, texts);
        Step {
            kind: Kind::Constant(datum),
            lanes,
        }
    }

    /// The column, when a part of the expression looks at nothing but one that is all text, and has fewer entries than there are rows.
    fn only_text(&self, node: &Node) -> Option<(Arc<Column>, Arc<Dictionary>)> {
        let mut inputs = HashSet::new();
        collect_inputs(node, &mut inputs);
        let mut columns = inputs
            .iter()
            .filter_map(|index| match &self.opened[*index] {
                // A column that is not there is the same in every row.
                Opened::Nothing => None,
                opened => Some(opened),
            });
        let (Some(Opened::Column(column)), None) = (columns.next(), columns.next()) else {
            return None;
        };
        let [typed] = column.types.as_slice() else {
            return None;
        };
        let dictionary = typed.dictionary()?;
        (dictionary.len() <= self.row_count).then(|| (Arc::clone(column), Arc::clone(dictionary)))
    }

    fn mapped<'e>(
        &mut self,
        node: &'e Node,
        column: Arc<Column>,
        dictionary: &Dictionary,
    ) -> Step<'e> {
        let mut texts = Interner::default();
        let mut values = Vec::with_capacity(dictionary.len() + 1);
        let is_column = |index: usize| matches!(self.opened[index], Opened::Column(_));
        for code in 0..dictionary.len() as u32 {
            let text = dictionary.text(code);
            let value = node.evaluate(&|index| match is_column(index) {
                true => Datum::text(&text),
                false => Datum::Null,
            });
            values.push(Entry::of(&value, &mut texts));
        }
        let absent = node.evaluate(&|_| Datum::Null);
        values.push(Entry::of(&absent, &mut texts));
        let table = self.tables.add(Arc::new(texts.into_dictionary()));
        Step {
            kind: Kind::Mapped(Mapped {
                column,
                codes: ChunkBuffer::default(),
                values,
            }),
            lanes: Lanes::new(table),
        }
    }

    fn call<'e>(&mut self, call: &'e Call) -> Step<'e> {
        let arguments: Vec<Step<'e>> = call
            .arguments
            .iter()
            .map(|argument| self.step(argument))
            .collect();
        let constants: Option<Vec<Datum<'static>>> = arguments
            .iter()
            .map(|argument| match &argument.kind {
                Kind::Constant(datum) => Some(datum.clone()),
                _ => None,
            })
            .collect();
        if let Some(constants) = constants {
            return self.constant(call.apply(&constants));
        }
        let table = match call.function.result {
            ResultType::Text | ResultType::Any => self.tables.add_growing(),
            ResultType::Integer | ResultType::Float | ResultType::Boolean => 0,
        };
        Step {
            kind: Kind::Call(Box::new(CallStep {
                remaps: arguments.iter().map(|_| Remap::default()).collect(),
                fast: Fast::of(call.function),
                arguments,
                call,
            })),
            lanes: Lanes::new(table),
        }
    }
}

fn collect_inputs(node: &Node, inputs: &mut HashSet<usize>) {
    match node {
        Node::Constant(_) => {}
        Node::Input(index) => _ = inputs.insert(*index),
        Node::Call(call) => {
            for argument in &call.arguments {
                collect_inputs(argument, inputs);
            }
        }
    }
}

impl Entry {
    fn of(datum: &Datum<'_>, texts: &mut Interner) -> Self {
        match datum {
            Datum::Null => Self::Null,
            Datum::Bool(value) => Self::Bool(*value),
            Datum::Int(value) => Self::Int(*value),
            Datum::Float(value) => Self::Float(*value),
            Datum::Text(text) => Self::Text(texts.intern(text)),
        }
    }
}

impl Step<'_> {
    /// Computes the values of the first `row_count` rows of a chunk. Rows beyond may have any value.
    pub(super) fn run(&mut self, chunk: usize, row_count: usize, tables: &mut Tables) {
        let lanes = &mut self.lanes;
        match &mut self.kind {
            Kind::Constant(_) => {}
            Kind::Column(column, bools) => read_column(column, chunk, bools, lanes),
            Kind::Times(times) => {
                lanes.clear();
                times.read_ints(chunk, &mut lanes.ints);
                lanes.floats.present = std::mem::take(&mut lanes.ints.present);
                for row in 0..row_count {
                    lanes.floats.values[row] = seconds(lanes.ints.values[row]);
                }
            }
            Kind::Arrivals(column) => {
                lanes.clear();
                for typed in &column.types {
                    typed.read_ints(chunk, &mut lanes.ints);
                }
                lanes.floats.present = std::mem::take(&mut lanes.ints.present);
                for row in 0..row_count {
                    lanes.floats.values[row] = lanes.ints.values[row] as f64;
                }
            }
            Kind::Mapped(mapped) => mapped.run(chunk, row_count, lanes),
            Kind::Call(step) => step.run(chunk, row_count, lanes, tables),
        }
    }
}

/// Seconds of a time in nanoseconds, to the microsecond: a float of today's seconds holds no more.
fn seconds(time_ns: i64) -> f64 {
    time_ns.div_euclid(1_000) as f64 / 1e6
}

fn read_column(column: &Column, chunk: usize, bools: &mut ChunkBuffer<bool>, lanes: &mut Lanes) {
    lanes.clear();
    for typed in &column.types {
        match typed.column_type() {
            ColumnType::String => typed.read_codes(chunk, &mut lanes.texts),
            ColumnType::Integer => typed.read_ints(chunk, &mut lanes.ints),
            ColumnType::Float => typed.read_floats(chunk, &mut lanes.floats),
            ColumnType::Boolean => {
                typed.read_bools(chunk, bools);
                lanes.bools.present = bools.present;
                for row in 0..CHUNK_ROWS {
                    if bools.has(row) && bools.values[row] {
                        set(&mut lanes.bools.values, row);
                    }
                }
            }
        }
    }
}

impl Mapped {
    fn run(&mut self, chunk: usize, row_count: usize, lanes: &mut Lanes) {
        lanes.clear();
        for typed in &self.column.types {
            typed.read_codes(chunk, &mut self.codes);
        }
        let absent = self.values.len() - 1;
        for row in 0..row_count {
            let entry = match self.codes.has(row) {
                true => self.codes.values[row] as usize,
                false => absent,
            };
            match self.values[entry] {
                Entry::Null => {}
                Entry::Bool(value) => lanes.put_bool(row, value),
                Entry::Int(value) => put(&mut lanes.ints, row, value),
                Entry::Float(value) => put(&mut lanes.floats, row, value),
                Entry::Text(code) => put(&mut lanes.texts, row, code),
            }
        }
    }
}

impl CallStep<'_> {
    fn run(&mut self, chunk: usize, row_count: usize, lanes: &mut Lanes, tables: &mut Tables) {
        for argument in &mut self.arguments {
            argument.run(chunk, row_count, tables);
        }
        lanes.clear();
        let arguments: Vec<&Lanes> = self.arguments.iter().map(|step| &step.lanes).collect();
        if let Some(fast) = self.fast
            && fast.run(&arguments, &mut self.remaps, lanes, tables)
        {
            return;
        }
        let mut texts = tables.take(lanes.table);
        let mut values = Vec::with_capacity(arguments.len());
        for row in 0..row_count {
            values.clear();
            values.extend(arguments.iter().map(|lanes| lanes.datum(row, tables)));
            lanes.put(row, &self.call.apply(&values), &mut texts);
        }
        tables.put_back(lanes.table, texts);
    }
}
