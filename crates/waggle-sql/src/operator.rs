//! The fused operators as nodes of a DataFusion plan, so that the plan of a query can be cut between machines.
//!
//! [`FusedAggregateExec`] is the leaf: each of its partitions is a share of the sources and makes one partial state of them.
//! [`MergeExec`] adds states up. Between processes a state is a row with one Binary column; within a process the merge takes it from
//! the leaf as it is. Merges can be stacked, and what remains at the top is one state of all sources, which
//! [`answer`] turns into the table or into one more pass.

use datafusion::arrow::array::{AsArray, BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use futures::{StreamExt, stream};
use std::fmt;
use std::sync::{Arc, LazyLock};
use waggle_model::{QueryError, ResultTable};
use waggle_query::fused::{FusedPass, FusedQuery, FusedStep, FusedWatch, PartialState};
use waggle_query::{EngineConfig, ExecError};
use waggle_store::Source;

/// Name of the column that states travel in.
const STATE: &str = "state";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let state = Field::new(STATE, DataType::Binary, false);
    Arc::new(Schema::new(vec![state]))
});

/// What all nodes of a pass share.
pub struct PassContext {
    /// The query.
    pub query: Arc<FusedQuery>,
    /// The pass.
    pub pass: FusedPass,
    /// Threads and limits.
    pub config: EngineConfig,
    /// When to stop.
    pub watch: Arc<FusedWatch>,
}

/// The leaf: reads sources and makes partial states of them.
pub struct FusedAggregateExec {
    context: Arc<PassContext>,
    partitions: Vec<Arc<[Source]>>,
    properties: Arc<PlanProperties>,
}

/// Adds the states of its input up to one.
pub struct MergeExec {
    context: Arc<PassContext>,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

/// Answers a query by plans of these nodes, pass after pass. `partitions` are the shares of the sources; `carried` may put nodes
/// between leaf and merge that carry states from where the sources are, and in one process gives the leaf back.
///
/// # Errors
/// As [`FusedQuery`]'s; the query's own limits among them.
pub async fn answer(
    query: Arc<FusedQuery>,
    partitions: &[Arc<[Source]>],
    config: &EngineConfig,
    watch: &Arc<FusedWatch>,
    carried: impl Fn(Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> + Send + Sync,
) -> Result<ResultTable, ExecError> {
    let all: Vec<Source> = partitions
        .iter()
        .flat_map(|part| part.iter().cloned())
        .collect();
    answer_by(query, &all, config, watch, |context| {
        let leaf = FusedAggregateExec::new(Arc::clone(context), partitions.to_vec());
        MergeExec::new(Arc::clone(context), carried(Arc::new(leaf)))
    })
    .await
}

/// Answers a query by a plan per pass; the sizes of `sources` choose the first pass.
pub(crate) async fn answer_by(
    query: Arc<FusedQuery>,
    sources: &[Source],
    config: &EngineConfig,
    watch: &Arc<FusedWatch>,
    plan_of: impl Fn(&Arc<PassContext>) -> MergeExec + Send + Sync,
) -> Result<ResultTable, ExecError> {
    let mut pass = query.first_pass(sources, config)?;
    loop {
        let context = Arc::new(PassContext {
            query: Arc::clone(&query),
            pass,
            config: config.clone(),
            watch: Arc::clone(watch),
        });
        let plan = plan_of(&context);
        let state = plan.state(&Arc::default()).await;
        drop(plan);
        let state = match state {
            Ok(state) => state,
            Err(ExecError::TooManyCells) => {
                pass = query.wide_pass(config);
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(context) = Arc::into_inner(context) else {
            return Err(ExecError::Cancelled);
        };
        match query.next(context.pass, state, watch)? {
            FusedStep::Again(next) => pass = next,
            FusedStep::Done(table) => return Ok(*table),
        }
    }
}

impl FusedAggregateExec {
    /// A leaf with a partition per share of the sources; without any, it has one that is empty.
    pub fn new(context: Arc<PassContext>, mut partitions: Vec<Arc<[Source]>>) -> Self {
        if partitions.is_empty() {
            partitions.push(Vec::new().into());
        }
        Self {
            properties: properties(partitions.len()),
            context,
            partitions,
        }
    }

    /// Makes the state of one partition, away from the async workers.
    async fn state(&self, partition: usize) -> Result<PartialState, ExecError> {
        let context = Arc::clone(&self.context);
        let sources = self.partitions.get(partition).cloned();
        let work = tokio::task::spawn_blocking(move || {
            context.query.gather(
                &context.pass,
                sources.as_deref().unwrap_or_default(),
                &context.config,
                &context.watch,
            )
        });
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "an operator panicked");
            Err(internal())
        })
    }
}

impl MergeExec {
    /// A merge of all partitions of `input`, whose rows are states of the same pass.
    pub fn new(context: Arc<PassContext>, input: Arc<dyn ExecutionPlan>) -> Self {
        Self {
            properties: properties(1),
            context,
            input,
        }
    }

    /// The state of everything below: taken as it is from nodes of this process, else read from their rows.
    ///
    /// # Errors
    /// Those of the query.
    pub async fn state(&self, task: &Arc<TaskContext>) -> Result<PartialState, ExecError> {
        let Some(leaf) = self.input.downcast_ref::<FusedAggregateExec>() else {
            return self.state_of_rows(task).await;
        };
        let shares = (0..leaf.partitions.len()).map(|partition| leaf.state(partition));
        let mut sum = None;
        for state in futures::future::join_all(shares).await {
            self.add(&mut sum, state?)?;
        }
        sum.ok_or_else(internal)
    }

    async fn state_of_rows(&self, task: &Arc<TaskContext>) -> Result<PartialState, ExecError> {
        let mut sum = None;
        for partition in 0..self.input.properties().partitioning.partition_count() {
            let rows = self.input.execute(partition, Arc::clone(task));
            let mut rows = rows.map_err(|error| exec_error(&error))?;
            while let Some(batch) = rows.next().await {
                let batch = batch.map_err(|error| exec_error(&error))?;
                let Some(states) = batch.columns().first() else {
                    return Err(internal());
                };
                for bytes in states.as_binary::<i32>().iter().flatten() {
                    let state = self.decode(bytes)?;
                    self.add(&mut sum, state)?;
                }
            }
        }
        sum.ok_or_else(internal)
    }

    fn decode(&self, bytes: &[u8]) -> Result<PartialState, ExecError> {
        let context = &self.context;
        context.query.decode(&context.pass, bytes, &context.watch)
    }

    fn add(&self, sum: &mut Option<PartialState>, state: PartialState) -> Result<(), ExecError> {
        let context = &self.context;
        match sum {
            Some(sum) => context
                .query
                .merge(&context.pass, sum, state, &context.watch),
            None => {
                *sum = Some(state);
                Ok(())
            }
        }
    }
}

pub(crate) fn properties(partitions: usize) -> Arc<PlanProperties> {
    Arc::new(PlanProperties::new(
        EquivalenceProperties::new(Arc::clone(&SCHEMA)),
        Partitioning::UnknownPartitioning(partitions),
        EmissionType::Final,
        Boundedness::Bounded,
    ))
}

/// A stream of the one row that holds a state.
pub(crate) fn row(
    state: impl Future<Output = Result<Vec<u8>, ExecError>> + Send + 'static,
) -> SendableRecordBatchStream {
    let row = stream::once(async move {
        let bytes = state.await.map_err(Stopped)?;
        let states = BinaryArray::from_vec(vec![&bytes]);
        Ok(RecordBatch::try_new(
            Arc::clone(&SCHEMA),
            vec![Arc::new(states)],
        )?)
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&SCHEMA), row))
}

/// A query's own end on its way through DataFusion.
#[derive(Debug)]
struct Stopped(ExecError);

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

impl From<Stopped> for DataFusionError {
    fn from(stopped: Stopped) -> Self {
        Self::External(Box::new(stopped))
    }
}

pub(crate) fn exec_error(error: &DataFusionError) -> ExecError {
    if let DataFusionError::External(inner) = error.find_root()
        && let Some(Stopped(error)) = inner.downcast_ref::<Stopped>()
    {
        return match error {
            ExecError::Query(error) => ExecError::Query(error.clone()),
            ExecError::Cancelled => ExecError::Cancelled,
            ExecError::TooManyCells => ExecError::TooManyCells,
        };
    }
    if let DataFusionError::External(inner) = error.find_root()
        && let Some(error) = inner.downcast_ref::<QueryError>()
    {
        return ExecError::Query(error.clone());
    }
    tracing::error!(%error, "a plan failed");
    internal()
}

pub(crate) fn internal() -> ExecError {
    ExecError::Query(QueryError::Storage(
        "the query stopped on an internal error".to_owned(),
    ))
}

impl fmt::Debug for FusedAggregateExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FusedAggregateExec")
            .field("partitions", &self.partitions.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MergeExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeExec")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for FusedAggregateExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: usize = self.partitions.iter().map(|part| part.len()).sum();
        write!(f, "FusedAggregateExec: sources={sources}")
    }
}

impl DisplayAs for MergeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MergeExec")
    }
}

impl ExecutionPlan for FusedAggregateExec {
    fn name(&self) -> &'static str {
        "FusedAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(sources) = self.partitions.get(partition) else {
            return internal_err!("there is no partition {partition}");
        };
        let leaf = Self::new(Arc::clone(&self.context), vec![Arc::clone(sources)]);
        Ok(row(async move {
            let state = leaf.state(0).await?;
            Ok(leaf.context.query.encode(&state))
        }))
    }
}

impl ExecutionPlan for MergeExec {
    fn name(&self) -> &'static str {
        "MergeExec"
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
            (Some(input), true) => Ok(Arc::new(Self::new(Arc::clone(&self.context), input))),
            _ => internal_err!("a merge has one input"),
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
        if partition > 0 {
            return internal_err!("there is no partition {partition}");
        }
        let merge = Self::new(Arc::clone(&self.context), Arc::clone(&self.input));
        Ok(row(async move {
            let state = merge.state(&task).await?;
            Ok(merge.context.query.encode(&state))
        }))
    }
}
