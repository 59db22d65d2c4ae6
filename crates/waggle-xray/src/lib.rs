//! AWS X-Ray's answers, worked out: traces put together, filter expressions, summaries, root causes, the service graph, statistics,
//! insights.
//!
//! What comes in: documents and rows of a trace, the text of a filter expression. What goes out: [`Trace`], [`Filter`], and answers in
//! the shapes of X-Ray's API. What it never does: read storage, a socket or a clock, or know of tenants. Source: spec/xray.md sections
//! 2.7, 4, 5 and 8.
#![warn(missing_docs)]

mod cause;
mod documents;
mod figures;
mod filter;
mod graph;
mod insight;
mod rows;
mod sample;
mod seconds;
mod statistics;
mod summary;
mod trace;

pub use cause::{CauseEntity, CauseException, CauseService, Causes, RootCause};
pub use documents::{
    AcceptedDocument, Room, SegmentDocument, accepted_documents, segment_documents,
    segment_documents_within, span_documents,
};
pub use figures::{
    ErrorStatistics, FaultStatistics, Figures, Histogram, HistogramEntry, Statistics,
};
pub use filter::{
    EXPRESSION_CHARS_MAX, Filter, FilterError, GroupFilter, GroupName, Groups, Narrowed, NoGroups,
    NodePattern, Selector, SelectorTerm,
};
pub use graph::{Edge, GraphBuilder, GraphNode};
pub use insight::{
    AnomalousService, FaultHistory, Impact, ImpactEdge, ImpactService, Insight, InsightBuilder,
    InsightEvent, RequestImpact, impact_graph,
};
pub use rows::{OfTraces, RowStore};
pub use sample::is_sampled;
pub use seconds::Seconds;
pub use statistics::{SeriesBuilder, SeriesPoint};
pub use summary::{
    AnnotationValue, AvailabilityZone, Http, InstanceId, ResourceArn, ServiceId, TraceSummary,
    TraceUser, ValueWithServiceIds,
};
pub use trace::{
    Annotation, AwsCall, COLUMNS, Entity, EntityKind, Exception, Fields, Link, Namespace, Node,
    NodeKind, Parts, Request, Row, StoredFields, Trace, annotation_key, entities_of_document,
    entity_of_row, rows_to_parts, trace_id_of,
};
