//! Filter expressions of requests, with the groups they name, and the traces of a range that pass.

use super::arn;
use super::call::{Call, Input};
use super::error::Refusal;
use super::group;
use super::reading::Reader;
use super::window::RangeType;
use std::collections::HashMap;
use waggle_metastore::Group;
use waggle_model::{TimeRange, TraceCursor, TracePage, TraceSearch};
use waggle_wire::xray::TraceId;
use waggle_xray::{Filter, FilterError, GroupFilter, GroupName, Groups};

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Self::invalid(error.to_string())
    }
}

/// A search for the traces of a range.
pub(super) struct Search {
    pub(super) filter: Filter,
    request: TraceSearch,
}

/// Traces on one page of a search; whether they pass is still to be seen.
pub(super) struct Candidates {
    pub(super) ids: Vec<TraceId>,
    /// Everything since then has been looked at.
    pub(super) reached_ns: i64,
    pub(super) next: Option<TraceCursor>,
}

impl Search {
    /// Prepares a search for pages of so many traces.
    pub(super) async fn new(
        reader: &Reader,
        range_type: RangeType,
        range: TimeRange,
        filter: Filter,
        limit: usize,
    ) -> Result<Self, Refusal> {
        let limits = &reader.state.config.xray_limits;
        let columns = match filter.has_ambiguous_keys() {
            true => columns_by_key(reader).await?,
            false => HashMap::new(),
        };
        let columns_of = |key: &str| columns.get(key).cloned().unwrap_or_default();
        let narrowed = filter.narrow(&columns_of);
        let (rows, with) = narrowed
            .map(|narrowed| (narrowed.rows, narrowed.with))
            .unzip();
        let spread_ns = i64::try_from(limits.trace_spread.as_nanos()).unwrap_or(i64::MAX);
        Ok(Self {
            request: TraceSearch {
                windows: range_type.windows(range, spread_ns, rows.as_ref()),
                with: with.unwrap_or_default(),
                also: reader.pending.clone(),
                after: None,
                limit,
                rows_max: limits.page_rows_max,
            },
            filter,
        })
    }

    /// Reads the page behind a place.
    pub(super) async fn page(
        &mut self,
        reader: &Reader,
        after: Option<TraceCursor>,
    ) -> Result<Candidates, Refusal> {
        self.request.after = after;
        let engine = &reader.state.engine;
        let page: TracePage = engine.find_traces(reader.tenant, &self.request).await?;
        // Ids of another kind can't be said in X-Ray's words.
        let ids: Vec<TraceId> = page
            .trace_ids
            .iter()
            .filter_map(|id| waggle_xray::trace_id_of(id))
            .collect();
        Ok(Candidates {
            ids,
            reached_ns: page.reached_ns,
            next: page.next,
        })
    }
}

/// The columns of an environment that differ from the key they stand for.
async fn columns_by_key(reader: &Reader) -> Result<HashMap<String, Vec<String>>, Refusal> {
    let mut by_key: HashMap<String, Vec<String>> = HashMap::new();
    let metastore = &reader.state.metastore;
    for dataset in metastore.datasets(reader.tenant).await? {
        for column in metastore.columns(reader.tenant, dataset.id).await? {
            let key = waggle_xray::annotation_key(&column.key_name);
            if key != column.key_name {
                by_key.entry(key).or_default().push(column.key_name);
            }
        }
    }
    Ok(by_key)
}

/// Where a page of a search ends, as text of a token.
pub(super) fn position_of(cursor: &TraceCursor) -> String {
    format!("{}.{}", cursor.time_ns, cursor.trace_id)
}

/// Reads what [`position_of`] wrote.
pub(super) fn cursor_of(position: &str) -> Result<TraceCursor, Refusal> {
    let cursor = position.split_once('.').and_then(|(time_ns, trace_id)| {
        Some(TraceCursor {
            time_ns: time_ns.parse().ok()?,
            trace_id: trace_id.to_owned(),
        })
    });
    cursor.ok_or_else(|| Refusal::invalid("NextToken is not one that this server gave"))
}

/// The range of a request.
pub(super) fn range_of(input: &Input) -> Result<TimeRange, Refusal> {
    let start_ns = input.must("StartTime", input.time_ns("StartTime")?)?;
    let end_ns = input.must("EndTime", input.time_ns("EndTime")?)?;
    if start_ns > end_ns {
        return Err(Refusal::invalid("StartTime must not be after EndTime"));
    }
    Ok(TimeRange { start_ns, end_ns })
}

/// Reads an expression.
pub(super) async fn parse(call: &Call, text: &str) -> Result<Filter, Refusal> {
    Ok(Filter::parse(text, &KnownGroups::of(call).await?)?)
}

/// Checks the expression of a group before it is kept: one that leads back to its own group would have no meaning.
pub(super) async fn check(call: &Call, group: &str, text: &str) -> Result<(), Refusal> {
    let mut groups = KnownGroups::of(call).await?;
    groups.0.retain(|known| known.name != group);
    groups.0.push(GroupFilter {
        name: group.to_owned(),
        expression: Some(text.to_owned()),
    });
    Filter::parse_of_group(group, text, &groups)?;
    Ok(())
}

/// The filter of the group that a request names; that of all traces where it names none.
pub(super) async fn of_group(call: &Call, input: &Input) -> Result<Filter, Refusal> {
    match group::named(call, input).await? {
        None => Ok(Filter::all()),
        Some(found) => of_found(call, &found).await,
    }
}

/// The filter of a group.
pub(super) async fn of_found(call: &Call, found: &group::Found) -> Result<Filter, Refusal> {
    match found.filter_expression() {
        None => Ok(Filter::all()),
        Some(expression) => parse(call, expression).await,
    }
}

/// The groups of an environment.
struct KnownGroups(Vec<GroupFilter>);

impl KnownGroups {
    async fn of(call: &Call) -> Result<Self, Refusal> {
        let groups = call.state.metastore.artifacts::<Group>(call.caller.tenant);
        let mut known = vec![GroupFilter {
            name: group::DEFAULT.to_owned(),
            expression: None,
        }];
        let made = groups.await?.into_iter();
        let made = made.filter(|group| group.value.name != group::DEFAULT);
        known.extend(made.map(|group| GroupFilter {
            name: group.value.name,
            expression: group.value.filter_expression,
        }));
        Ok(Self(known))
    }
}

impl Groups for KnownGroups {
    fn find(&self, name: &GroupName) -> Option<GroupFilter> {
        let name = match name {
            GroupName::Name(name) => name.as_str(),
            GroupName::Arn(arn) => match arn::parse(arn)? {
                arn::Resource::Group { name, .. } => name,
                arn::Resource::SamplingRule(_) => return None,
            },
        };
        let mut groups = self.0.iter();
        groups.find(|group| group.name == name).cloned()
    }
}
