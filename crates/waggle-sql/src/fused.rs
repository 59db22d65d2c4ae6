//! The server's grouped queries as DataFusion plans: the engine's passes as plan nodes, which a plan can cut between machines.
//!
//! [`FusedAggregateExec`] is the leaf: each of its partitions is a share of the sources, of which the engine makes one partial state,
//! with its cache, its turns and its limits. [`MergeExec`] adds the states of its input up to one. The engine decides which passes a query
//! takes and what follows each; for each it asks [`PlannedPasses`], which makes such a plan and executes it.
//!
//! A row of these plans is a state in one Binary column. Within a process it stays where it is and the row only says which one it is;
//! what goes to another process is written out. That second way, [`Carriage::Bytes`], is where a query will be cut between machines: until
//! there are workers, tests alone go it, with every kind of state, so that none is added that could not travel (ADR 8). The nodes are
//! made by us and not given to an optimizer.

use crate::node::{Node, leaf_node, plan_node};
use datafusion::arrow::array::{AsArray, BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::{StreamExt, stream};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use waggle_model::QueryError;
use waggle_query::ExecError;
use waggle_query::fused::{FusedPass, PartialState, Passes};
use waggle_store::Source;

/// Name of the column that states travel in.
const STATE: &str = "state";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let state = Field::new(STATE, DataType::Binary, false);
    Arc::new(Schema::new(vec![state]))
});

/// Brings the states of a pass together by executing a plan.
#[derive(Debug, Default)]
pub struct PlannedPasses {
    task: Arc<TaskContext>,
}

impl Passes for PlannedPasses {
    fn gather(&self, pass: &Arc<FusedPass>) -> std::result::Result<PartialState, ExecError> {
        let pass = Arc::new(PlannedPass::new(Arc::clone(pass), Carriage::Here));
        let leaf = FusedAggregateExec::new(Arc::clone(&pass), vec![Arc::clone(pass.sources())]);
        pass.execute(Arc::new(leaf), &self.task)
    }
}

/// How states get from node to node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carriage {
    /// They stay, and a row has the number of its state.
    Here,
    /// They are written out.
    Bytes,
}

/// What all nodes of a plan share.
pub(crate) struct PlannedPass {
    pass: Arc<FusedPass>,
    carriage: Carriage,
    /// States on their way from one node to another, by number.
    carried: Mutex<Vec<Option<PartialState>>>,
}

impl PlannedPass {
    pub(crate) fn new(pass: Arc<FusedPass>, carriage: Carriage) -> Self {
        Self {
            pass,
            carriage,
            carried: Mutex::default(),
        }
    }

    pub(crate) fn sources(&self) -> &Arc<[Source]> {
        self.pass.sources()
    }

    /// Merges what `leaves` give, on this thread.
    pub(crate) fn execute(
        self: &Arc<Self>,
        leaves: Node,
        task: &Arc<TaskContext>,
    ) -> std::result::Result<PartialState, ExecError> {
        let plan = MergeExec::new(Arc::clone(self), leaves);
        let rows = plan.execute(0, Arc::clone(task));
        let sum = sum_of(Arc::clone(self), vec![rows.map_err(|error| ended(&error))?]);
        let sum = self.pass.wait(sum)?;
        sum.map_err(|error| ended(&error))
    }

    /// A row with a state.
    fn send(&self, state: PartialState) -> Result<RecordBatch> {
        let row = match self.carriage {
            Carriage::Here => {
                let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
                carried.push(Some(state));
                (carried.len() - 1).to_le_bytes().to_vec()
            }
            Carriage::Bytes => self.pass.encode(&state),
        };
        let rows = BinaryArray::from_vec(vec![&row]);
        Ok(RecordBatch::try_new(
            Arc::clone(&SCHEMA),
            vec![Arc::new(rows)],
        )?)
    }

    /// The state of a row.
    fn receive(&self, row: &[u8]) -> Result<PartialState> {
        if self.carriage == Carriage::Bytes {
            return self.pass.decode(row).map_err(stopped);
        }
        let number = row.try_into().map(usize::from_le_bytes);
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        let state = number.ok().and_then(|number| carried.get_mut(number));
        match state.and_then(Option::take) {
            Some(state) => Ok(state),
            None => internal_err!("a row of a plan has no state of this plan"),
        }
    }
}

/// The sum of all states of some streams, which must have at least one.
async fn sum_of(
    pass: Arc<PlannedPass>,
    streams: Vec<SendableRecordBatchStream>,
) -> Result<PartialState> {
    let mut sum: Option<PartialState> = None;
    let mut rows = stream::select_all(streams);
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        for row in batch.column(0).as_binary::<i32>().iter().flatten() {
            let state = pass.receive(row)?;
            match &mut sum {
                Some(sum) => pass.pass.merge(sum, state).map_err(stopped)?,
                None => sum = Some(state),
            }
        }
    }
    match sum {
        Some(sum) => Ok(sum),
        None => internal_err!("a plan has no state"),
    }
}

/// The leaf: reads sources and makes partial states of them.
pub(crate) struct FusedAggregateExec {
    pass: Arc<PlannedPass>,
    shares: Vec<Arc<[Source]>>,
    properties: Arc<PlanProperties>,
}

impl FusedAggregateExec {
    /// A leaf with a partition per share of the sources, of which there is at least one.
    pub(crate) fn new(pass: Arc<PlannedPass>, shares: Vec<Arc<[Source]>>) -> Self {
        Self {
            properties: properties(shares.len()),
            pass,
            shares,
        }
    }
}

impl ExecutionPlan for FusedAggregateExec {
    leaf_node!("FusedAggregateExec");

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(share) = self.shares.get(partition).cloned() else {
            return internal_err!("there is no partition {partition}");
        };
        let pass = Arc::clone(&self.pass);
        Ok(row(async move {
            let state = pass.pass.gather(&share).map_err(stopped)?;
            pass.send(state)
        }))
    }
}

/// Adds the states of its input up to one.
pub(crate) struct MergeExec {
    pass: Arc<PlannedPass>,
    input: Node,
    properties: Arc<PlanProperties>,
}

impl MergeExec {
    /// A merge of all partitions of `input`, whose rows are states of the same pass.
    pub(crate) fn new(pass: Arc<PlannedPass>, input: Node) -> Self {
        Self {
            properties: properties(1),
            pass,
            input,
        }
    }
}

impl ExecutionPlan for MergeExec {
    plan_node!("MergeExec");

    fn children(&self) -> Vec<&Node> {
        vec![&self.input]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Node>,
        _: ReplaceChildrenOptions,
    ) -> Result<Node> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(Arc::clone(&self.pass), input))),
            _ => internal_err!("a merge has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("there is no partition {partition}");
        }
        let count = self.input.properties().partitioning.partition_count();
        let streams = (0..count)
            .map(|partition| self.input.execute(partition, Arc::clone(&task)))
            .collect::<Result<Vec<_>>>()?;
        let pass = Arc::clone(&self.pass);
        Ok(row(async move {
            let sum = sum_of(Arc::clone(&pass), streams).await?;
            pass.send(sum)
        }))
    }
}

fn properties(partitions: usize) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(Arc::clone(&SCHEMA)),
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Final,
        Boundedness::Bounded,
    ))
}

/// A stream of one row.
fn row(
    row: impl Future<Output = Result<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let schema = Arc::clone(&SCHEMA);
    Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(row)))
}

impl fmt::Debug for FusedAggregateExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}

impl fmt::Debug for MergeExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}

impl DisplayAs for FusedAggregateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: usize = self.shares.iter().map(|share| share.len()).sum();
        write!(f, "FusedAggregateExec: sources={sources}")
    }
}

impl DisplayAs for MergeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MergeExec")
    }
}

/// A query's own end on its way through a plan.
#[derive(Debug)]
struct Stopped(ExecError);

fn stopped(error: ExecError) -> DataFusionError {
    DataFusionError::External(Box::new(Stopped(error)))
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ExecError::Query(error) => error.fmt(f),
            ExecError::Cancelled => f.write_str("nobody waits for the answer"),
            ExecError::TooManyCells => f.write_str("one pass has become too large"),
        }
    }
}

impl std::error::Error for Stopped {}

/// Why a plan ended.
fn ended(error: &DataFusionError) -> ExecError {
    if let DataFusionError::External(inner) = error.find_root()
        && let Some(Stopped(error)) = inner.downcast_ref::<Stopped>()
    {
        return match error {
            ExecError::Query(error) => ExecError::Query(error.clone()),
            ExecError::Cancelled => ExecError::Cancelled,
            ExecError::TooManyCells => ExecError::TooManyCells,
        };
    }
    tracing::error!(%error, "the plan of a query failed");
    ExecError::Query(QueryError::Storage(
        "the query stopped on an internal error".to_owned(),
    ))
}
