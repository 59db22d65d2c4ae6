//! Rows of a snapshot as a leaf of a DataFusion plan.
//!
//! Sources are dealt out to partitions by their number of rows; each partition decodes its sources one after another on a blocking
//! thread and hands batches over through a channel of two, so that decoding neither holds up the async workers nor runs ahead.

use crate::column::{ScanColumn, schema_of};
use crate::decode::{DecodeError, SourceReader};
use crate::node::leaf_node;
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use std::fmt;
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_query::FilterSet;
use waggle_store::{Snapshot, Source};

/// Batches that wait to be taken.
const BATCHES_WAITING: usize = 2;

/// Reads columns of the rows that pass a range of time and filters.
pub(crate) struct WaggleScan {
    partitions: Vec<Arc<[Source]>>,
    columns: Arc<[ScanColumn]>,
    range: TimeRange,
    filters: FilterSet,
    /// Each partition stops after so many rows.
    limit: Option<usize>,
    /// Whether every row of every source is returned.
    is_whole: bool,
    properties: Arc<PlanProperties>,
}

impl WaggleScan {
    /// Plans a scan over `partitions` threads at most.
    pub(crate) fn new(
        snapshot: Snapshot,
        columns: Vec<ScanColumn>,
        range: TimeRange,
        filters: FilterSet,
        limit: Option<usize>,
        partitions: usize,
    ) -> Self {
        let is_inside = |source: &Source| {
            let (first, last) = source.time_bounds_ns();
            range.contains(first) && range.contains(last)
        };
        let is_whole =
            limit.is_none() && filters.is_empty() && snapshot.sources.iter().all(is_inside);
        let partitions = deal(snapshot.sources, partitions);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema_of(&columns)),
            Partitioning::UnknownPartitioning(partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            partitions,
            columns: columns.into(),
            range,
            filters,
            limit,
            is_whole,
            properties: Arc::new(properties),
        }
    }

    fn sources(&self, partition: Option<usize>) -> impl Iterator<Item = &Source> {
        let chosen = match partition {
            Some(partition) => self.partitions.get(partition..=partition),
            None => Some(&self.partitions[..]),
        };
        chosen
            .unwrap_or_default()
            .iter()
            .flat_map(|sources| sources.iter())
    }
}

/// Shares sources out, the largest first, each to whoever has the fewest rows; always at least one partition.
fn deal(mut sources: Vec<Source>, partitions: usize) -> Vec<Arc<[Source]>> {
    let count = partitions.min(sources.len()).max(1);
    let mut dealt: Vec<(u64, Vec<Source>)> = vec![(0, Vec::new()); count];
    sources.sort_by_key(|source| std::cmp::Reverse(source.row_count()));
    for source in sources {
        if let Some((rows, part)) = dealt.iter_mut().min_by_key(|(rows, _)| *rows) {
            *rows += u64::from(source.row_count());
            part.push(source);
        }
    }
    dealt.into_iter().map(|(_, part)| part.into()).collect()
}

impl fmt::Debug for WaggleScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaggleScan")
            .field("columns", &self.columns)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for WaggleScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        write!(f, "WaggleScan: columns=[{}]", names.join(", "))?;
        if self.range != TimeRange::ALL {
            let TimeRange { start_ns, end_ns } = self.range;
            write!(f, ", range={start_ns}..{end_ns}")?;
        }
        if !self.filters.is_empty() {
            write!(f, ", filtered")?;
        }
        match self.limit {
            Some(limit) => write!(f, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for WaggleScan {
    leaf_node!("WaggleScan");

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(sources) = self.partitions.get(partition) else {
            return internal_err!("there is no partition {partition}");
        };
        let schema = self.schema();
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&schema), BATCHES_WAITING);
        let batches = stream.tx();
        let sources = Arc::clone(sources);
        let columns = Arc::clone(&self.columns);
        let (range, filters) = (self.range, self.filters.clone());
        let mut wanted = self.limit.unwrap_or(usize::MAX);
        stream.spawn_blocking(move || {
            let is_wanted = || match batches.is_closed() {
                true => Err(DecodeError::Cancelled),
                false => Ok(()),
            };
            let mut read = || -> Result<(), DecodeError> {
                for source in &*sources {
                    let mut reader = SourceReader::new(source, range, &filters, &columns, &schema)?;
                    while wanted > 0 {
                        let Some(mut batch) = reader.next_batch(is_wanted)? else {
                            break;
                        };
                        if batch.num_rows() > wanted {
                            batch = batch.slice(0, wanted);
                        }
                        wanted -= batch.num_rows();
                        if batches.blocking_send(Ok(batch)).is_err() {
                            return Err(DecodeError::Cancelled);
                        }
                    }
                }
                Ok(())
            };
            match read() {
                Ok(()) | Err(DecodeError::Cancelled) => Ok(()),
                Err(error) => Err(error.into()),
            }
        });
        Ok(stream.build())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let rows: usize = self
            .sources(args.partition())
            .map(|source| source.row_count() as usize)
            .sum();
        let rows = rows.min(self.limit.unwrap_or(usize::MAX));
        let rows = match self.is_whole {
            true => Precision::Exact(rows),
            false => Precision::Inexact(rows),
        };
        Ok(Arc::new(
            Statistics::new_unknown(&self.schema()).with_num_rows(rows),
        ))
    }
}

impl From<DecodeError> for DataFusionError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Query(error) => Self::External(Box::new(error)),
            DecodeError::Cancelled => Self::Execution("nobody waits for the rows".to_owned()),
            DecodeError::Arrow(error) => error.into(),
        }
    }
}
