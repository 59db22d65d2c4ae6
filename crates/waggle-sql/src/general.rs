//! The general path: a query over the rows of any plan. What only DataFusion can make, a joined or a computed column, is made below, and
//! the same calculations, havings, orders and limits as ever are applied above.
//!
//! [`RowsAggregateExec`] takes batches whose columns are the time, the sample rate and then one column per field and type, makes each a
//! run in memory and gathers it with the operators of the fused path. So both paths share every definition, and a state of one can be
//! merged with a state of the other.

use crate::column::{Content, ScanColumn};
use crate::operator::{self, MergeExec, PassContext, exec_error, internal};
use crate::scan::WaggleScan;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Float64Type, Int64Type, TimestampNanosecondType};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use waggle_model::{
    BatchColumn, ColumnType, DatasetId, EventBatch, QuerySpec, ResultTable, StringValues,
    TimeRange, TypedValues,
};
use waggle_query::fused::{FusedQuery, FusedWatch, PartialState};
use waggle_query::{EngineConfig, ExecError, FilterSet};
use waggle_store::memtable::RunBuilder;
use waggle_store::{Snapshot, Source};

/// Every type a field can have.
const TYPES: [ColumnType; 4] = [
    ColumnType::String,
    ColumnType::Integer,
    ColumnType::Float,
    ColumnType::Boolean,
];

/// A field of the events in a plan's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowField {
    /// The field's name.
    pub name: String,
    /// The type of the values in this column; the others of the field have columns of their own, beside this one.
    pub column_type: ColumnType,
}

/// Makes partial states of the rows of any plan, one per partition.
pub struct RowsAggregateExec {
    context: Arc<PassContext>,
    input: Arc<dyn ExecutionPlan>,
    fields: Arc<[RowField]>,
    properties: Arc<PlanProperties>,
}

/// A plan of the rows that a query is about, with what its columns are: those that pass the filters, with the fields that the other
/// clauses look at.
pub fn rows_of(
    snapshot: Snapshot,
    spec: &QuerySpec,
    range: TimeRange,
    partitions: usize,
) -> std::result::Result<(Arc<dyn ExecutionPlan>, Vec<RowField>), ExecError> {
    let filters = FilterSet::new(&spec.filters, spec.filter_combination)?;
    let calculations = spec.calculations.iter();
    let names: BTreeSet<&str> = calculations
        .flat_map(|calculation| {
            let filters = calculation.filters.iter();
            let filters = filters.map(|filter| filter.column.as_str());
            calculation.column.as_deref().into_iter().chain(filters)
        })
        .chain(spec.breakdowns.iter().map(String::as_str))
        .collect();
    let fields: Vec<RowField> = names
        .iter()
        .flat_map(|name| {
            TYPES.map(|column_type| RowField {
                name: (*name).to_owned(),
                column_type,
            })
        })
        .collect();
    let columns = fields.iter().map(|field| ScanColumn {
        name: format!("{}:{}", field.name, field.column_type.name()).into(),
        content: Content::Only(field.name.as_str().into(), field.column_type),
    });
    let columns = [ScanColumn::time(), ScanColumn::sample_rate()]
        .into_iter()
        .chain(columns)
        .collect();
    let scan = WaggleScan::new(snapshot, columns, range, filters, None, partitions);
    Ok((Arc::new(scan), fields))
}

/// Answers a query over the rows of a plan, whose own filters are in the plan already: `query` must have none.
///
/// # Errors
/// As [`operator::answer`]'s, and whatever stops the plan.
pub async fn answer(
    query: Arc<FusedQuery>,
    rows: &Arc<dyn ExecutionPlan>,
    fields: &[RowField],
    config: &EngineConfig,
    watch: &Arc<FusedWatch>,
) -> std::result::Result<ResultTable, ExecError> {
    operator::answer_by(query, &[], config, watch, |context| {
        let leaf = RowsAggregateExec::new(Arc::clone(context), Arc::clone(rows), fields.into());
        MergeExec::new(Arc::clone(context), Arc::new(leaf))
    })
    .await
}

impl RowsAggregateExec {
    /// A node above `input`, whose columns are time, sample rate and then `fields`.
    pub fn new(
        context: Arc<PassContext>,
        input: Arc<dyn ExecutionPlan>,
        fields: Arc<[RowField]>,
    ) -> Self {
        Self {
            properties: operator::properties(input.properties().partitioning.partition_count()),
            context,
            input,
            fields,
        }
    }
}

/// Takes in every batch of a stream.
async fn gather(
    context: Arc<PassContext>,
    mut rows: SendableRecordBatchStream,
    fields: Arc<[RowField]>,
) -> std::result::Result<Vec<u8>, ExecError> {
    let mut sum: Option<PartialState> = None;
    loop {
        let batch = rows.next().await.transpose();
        let batch = batch.map_err(|error| exec_error(&error))?;
        if batch.is_none() && sum.is_some() {
            break;
        }
        let is_last = batch.is_none();
        let (context, fields) = (Arc::clone(&context), Arc::clone(&fields));
        let so_far = sum.take();
        let work = tokio::task::spawn_blocking(move || {
            let sources: Vec<Source> = batch
                .as_ref()
                .map(|batch| run_of(batch, &fields))
                .transpose()?
                .into_iter()
                .collect();
            let (query, pass, watch) = (&context.query, &context.pass, &context.watch);
            let state = query.gather(pass, &sources, &context.config, watch)?;
            match so_far {
                None => Ok::<_, ExecError>(state),
                Some(mut so_far) => {
                    query.merge(pass, &mut so_far, state, watch)?;
                    Ok(so_far)
                }
            }
        });
        sum = Some(work.await.map_err(|_| internal())??);
        if is_last {
            break;
        }
    }
    let sum = sum.ok_or_else(internal)?;
    Ok(context.query.encode(&sum))
}

/// A batch as rows in memory.
fn run_of(batch: &RecordBatch, fields: &[RowField]) -> std::result::Result<Source, ExecError> {
    let [times, rates, arrays @ ..] = batch.columns() else {
        return Err(internal());
    };
    let times = times.as_primitive::<TimestampNanosecondType>();
    let rates = rates.as_primitive::<Int64Type>().values().iter();
    let rates = rates.map(|rate| u32::try_from(*rate).unwrap_or(1));
    let columns = arrays.iter().zip(fields).collect::<Vec<_>>();
    let columns = columns
        .chunk_by(|(_, left), (_, right)| left.name == right.name)
        .map(column_of)
        .collect();
    let times = times.values().to_vec();
    let batch = EventBatch::from_parts(String::new(), times, rates.collect(), columns);
    let mut run = RunBuilder::new(DatasetId(0));
    run.append(&batch.map_err(|_| internal())?);
    Ok(Source::Run(Arc::new(run.seal())))
}

/// A field of the arrays of its types.
fn column_of(arrays: &[(&ArrayRef, &RowField)]) -> BatchColumn {
    let of = |column_type| {
        let found = arrays
            .iter()
            .find(|(_, field)| field.column_type == column_type);
        found.map(|(array, _)| *array)
    };
    let ints = of(ColumnType::Integer).map(|array| {
        let values = array.as_primitive::<Int64Type>();
        typed(array, |row| values.value(row))
    });
    let floats = of(ColumnType::Float).map(|array| {
        let values = array.as_primitive::<Float64Type>();
        typed(array, |row| values.value(row))
    });
    let bools = of(ColumnType::Boolean).map(|array| {
        let values = array.as_boolean();
        typed(array, |row| values.value(row))
    });
    let name = arrays.first().map_or("", |(_, field)| field.name.as_str());
    BatchColumn::from_parts(
        name.into(),
        of(ColumnType::String).map(texts).unwrap_or_default(),
        ints.unwrap_or_default(),
        floats.unwrap_or_default(),
        bools.unwrap_or_default(),
    )
}

fn typed<T>(array: &ArrayRef, value: impl Fn(usize) -> T) -> TypedValues<T> {
    let mut typed = TypedValues {
        rows: Vec::new(),
        values: Vec::new(),
    };
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        typed.rows.push(number(row));
        typed.values.push(value(row));
    }
    typed
}

fn texts(array: &ArrayRef) -> StringValues {
    let values = array.as_string_view();
    let mut texts = StringValues::default();
    for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
        texts.rows.push(number(row));
        texts.codes.push(number(texts.ends.len()));
        texts.bytes.extend_from_slice(values.value(row).as_bytes());
        texts.ends.push(number(texts.bytes.len()));
    }
    texts
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a batch has thousands of rows of at most 64 KiB, far from 2^32 bytes"
)]
fn number(value: usize) -> u32 {
    value as u32
}

impl fmt::Debug for RowsAggregateExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsAggregateExec")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for RowsAggregateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowsAggregateExec: fields={}", self.fields.len())
    }
}

impl ExecutionPlan for RowsAggregateExec {
    fn name(&self) -> &'static str {
        "RowsAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(
                Arc::clone(&self.context),
                input,
                Arc::clone(&self.fields),
            ))),
            _ => internal_err!("rows have one source"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, task)?;
        let context = Arc::clone(&self.context);
        Ok(operator::row(gather(
            context,
            rows,
            Arc::clone(&self.fields),
        )))
    }
}
