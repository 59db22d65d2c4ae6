//! Maps of services that were asked for: who called whom, computed in the background by queries and kept in memory for whoever asked.
//!
//! A map is a view of the moment, cheap to ask for again, so a restart forgets it. It is one query by the service of a span and that of its
//! parent, and one more for each service that calls a gateway: people declare gateways, and calls through them are shown as calls of what
//! is behind them.

use crate::problem::Problem;
use crate::running::share;
use crate::state::ApiState;
use parking_lot::Mutex;
use rand::RngExt;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use waggle_metastore::Gateways;
use waggle_model::{
    ByDefinition, Cell, DatasetScope, FilterOp, FilterSpec, FilterValue, Meaning, QueryOptions,
    QuerySpec, ResultTable, Tenant, TimeRange, Value,
};

/// The column that names the service of a span, by the definition of each dataset.
const SERVICE: &str = Meaning::ServiceName.column();
/// The same of the span above.
const PARENT_SERVICE: &str = "parent.service.name";
/// The same of some span of the trace.
const ANY_SERVICE: &str = "any.service.name";
/// Most services that call gateways: each costs a query.
const CALLERS_MAX: usize = 50;
/// Most pairs of services that one map is made of.
const PAIRS_MAX: usize = 64_000;

/// What a map is asked for.
#[derive(Clone, Debug)]
pub(crate) struct MapQuestion {
    /// The times.
    pub(crate) range: TimeRange,
    /// Only calls from or to these services; empty means all.
    pub(crate) services: HashSet<String>,
    /// Most pairs.
    pub(crate) limit: usize,
}

/// Spans of one service below spans of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) parent: String,
    pub(crate) child: String,
    /// Calls, each counting for as many as its sample rate says.
    pub(crate) call_count: i64,
}

/// The calls with most first, or why there are none.
pub(crate) type MapAnswer = Result<Arc<Vec<Dependency>>, String>;

/// A map that was asked for.
#[derive(Clone)]
pub(crate) struct MapRequest {
    pub(crate) id: String,
    tenant: Tenant,
    pub(crate) asked_at_ns: i64,
    answer: watch::Receiver<Option<MapAnswer>>,
}

impl MapRequest {
    /// The answer, for which it waits a moment; `None` while it is computed.
    pub(crate) async fn answer(&self, wait: Duration) -> Option<MapAnswer> {
        let mut answer = self.answer.clone();
        let waiting = answer.wait_for(Option::is_some);
        if let Ok(Err(_)) = tokio::time::timeout(wait, waiting).await {
            return Some(Err("the server could not complete the request".to_owned()));
        }
        self.answer.borrow().clone()
    }
}

/// The maps of this process.
pub(crate) struct MapRequests {
    requests: Mutex<VecDeque<MapRequest>>,
    requests_max: usize,
}

impl MapRequests {
    /// Bounds how many are kept, of which one team can have three quarters.
    pub(crate) fn new(requests_max: usize) -> Self {
        Self {
            requests: Mutex::default(),
            requests_max,
        }
    }

    /// Finds a map of a tenant.
    pub(crate) fn find(&self, tenant: Tenant, id: &str) -> Option<MapRequest> {
        let requests = self.requests.lock();
        let mut requests = requests.iter();
        requests
            .find(|request| request.tenant == tenant && request.id == id)
            .cloned()
    }

    /// Begins to compute a map. Where there are as many as may be, the oldest that is ready goes, of the team that asks or else of the
    /// one that has most; `None` when all of them are being computed.
    pub(crate) fn begin(
        &self,
        state: &ApiState,
        tenant: Tenant,
        question: MapQuestion,
    ) -> Option<MapRequest> {
        let mut requests = self.requests.lock();
        let count = |team| {
            let of_team = requests.iter().filter(|it| it.tenant.team == team);
            of_team.count()
        };
        let leaves = if count(tenant.team) >= share(self.requests_max) {
            Some(tenant.team)
        } else if requests.len() >= self.requests_max {
            let teams = requests.iter().map(|request| request.tenant.team);
            teams.max_by_key(|team| count(*team))
        } else {
            None
        };
        if let Some(team) = leaves {
            let ready = requests.iter().position(|request| {
                request.tenant.team == team && request.answer.has_changed().is_err()
            })?;
            requests.remove(ready);
        }
        let (sender, answer) = watch::channel(None);
        let id: u128 = rand::rng().random();
        let request = MapRequest {
            id: format!("{id:032x}"),
            tenant,
            asked_at_ns: state.clock.now_ns(),
            answer,
        };
        requests.push_back(request.clone());
        let state = state.clone();
        tokio::spawn(async move {
            let answer = compute(&state, tenant, &question).await;
            let answer = answer.map(Arc::new).map_err(|problem| problem.full_text());
            // Nobody waits any more when the request was forgotten.
            sender.send_replace(Some(answer));
        });
        Some(request)
    }
}

async fn compute(
    state: &ApiState,
    tenant: Tenant,
    question: &MapQuestion,
) -> Result<Vec<Dependency>, Problem> {
    let calls = count_calls(state, tenant, question.range).await?;
    let mut dependencies = pass_through(state, tenant, question.range, calls).await?;
    dependencies.retain(|call| {
        let is_wanted = question.services.is_empty()
            || question.services.contains(&call.parent)
            || question.services.contains(&call.child);
        call.child != call.parent && is_wanted
    });
    dependencies.sort_by(|one, other| {
        let by_count = other.call_count.cmp(&one.call_count);
        by_count
            .then_with(|| one.parent.cmp(&other.parent))
            .then_with(|| one.child.cmp(&other.child))
    });
    dependencies.truncate(question.limit);
    Ok(dependencies)
}

/// Puts the calls that gateways pass on in the place of the calls to and from them.
///
/// A call behind a gateway, or behind one that it calls, counts for each service of the trace that calls such a gateway. With one such
/// service in a trace, as is usual, that is exact.
async fn pass_through(
    state: &ApiState,
    tenant: Tenant,
    range: TimeRange,
    mut calls: Vec<Dependency>,
) -> Result<Vec<Dependency>, Problem> {
    let gateways = state.metastore.artifact_of_key::<Gateways>(tenant, "");
    let gateways: HashSet<String> = match gateways.await? {
        Some(gateways) => gateways.value.services.into_iter().collect(),
        None => return Ok(calls),
    };
    let mut callers: HashMap<String, HashSet<String>> = HashMap::new();
    for call in &calls {
        if gateways.contains(&call.child) && !gateways.contains(&call.parent) {
            let reached = callers.entry(call.parent.clone()).or_default();
            reached.insert(call.child.clone());
        }
    }
    if callers.len() > CALLERS_MAX {
        return Err(Problem::bad_request(format!(
            "more than {CALLERS_MAX} services call gateways; declare fewer"
        )));
    }
    for reached in callers.values_mut() {
        reach_on(&calls, &gateways, reached);
    }
    // A gateway that is called by nobody we know stays where calls begin.
    let called: HashSet<&String> = callers.values().flatten().collect();
    calls.retain(|call| !gateways.contains(&call.child) && !called.contains(&call.parent));
    for (caller, reached) in &callers {
        for (target, call_count) in
            calls_behind(state, tenant, range, &gateways, reached, caller).await?
        {
            let direct = calls
                .iter_mut()
                .find(|call| call.parent == *caller && call.child == target);
            match direct {
                Some(call) => call.call_count = call.call_count.saturating_add(call_count),
                None => calls.push(Dependency {
                    parent: caller.clone(),
                    child: target,
                    call_count,
                }),
            }
        }
    }
    Ok(calls)
}

/// Adds the gateways that some gateways call, and that those call, and so on.
fn reach_on(calls: &[Dependency], gateways: &HashSet<String>, reached: &mut HashSet<String>) {
    let mut open: Vec<String> = reached.iter().cloned().collect();
    while let Some(from) = open.pop() {
        for call in calls.iter().filter(|call| call.parent == from) {
            if gateways.contains(&call.child) && reached.insert(call.child.clone()) {
                open.push(call.child.clone());
            }
        }
    }
}

/// Which services the gateways that a service reaches call in traces of that service, and how often.
async fn calls_behind(
    state: &ApiState,
    tenant: Tenant,
    range: TimeRange,
    gateways: &HashSet<String>,
    reached: &HashSet<String>,
    caller: &str,
) -> Result<Vec<(String, i64)>, Problem> {
    let names =
        |of: &HashSet<String>| FilterValue::Many(of.iter().cloned().map(Value::String).collect());
    let filter = |column: &str, op, value| FilterSpec {
        column: column.to_owned(),
        op,
        value,
    };
    let of_caller = FilterValue::One(Value::String(caller.to_owned()));
    let spec = QuerySpec {
        breakdowns: vec![SERVICE.to_owned()],
        filters: vec![
            filter(PARENT_SERVICE, FilterOp::In, names(reached)),
            filter(SERVICE, FilterOp::Exists, FilterValue::None),
            filter(SERVICE, FilterOp::NotIn, names(gateways)),
            filter(ANY_SERVICE, FilterOp::Equal, of_caller),
        ],
        ..QuerySpec::default()
    };
    let table = state
        .engine
        .query(tenant, DatasetScope::All, &spec, range, options())
        .await?;
    let calls = table.groups.into_iter().filter_map(|group| {
        match (group.key.into_iter().next()??, group.values.first()?) {
            (Value::String(target), Cell::Int(call_count)) => Some((target, *call_count)),
            _ => None,
        }
    });
    Ok(calls.collect())
}

fn options() -> QueryOptions {
    QueryOptions {
        disable_series: true,
        disable_total: true,
        disable_other: true,
        limit_default: PAIRS_MAX,
        limit_max: PAIRS_MAX,
        by_definition: ByDefinition::Everything,
    }
}

/// How many spans each service has below those of each service, its own included.
async fn count_calls(
    state: &ApiState,
    tenant: Tenant,
    range: TimeRange,
) -> Result<Vec<Dependency>, Problem> {
    let exists = |column: &str| FilterSpec {
        column: column.to_owned(),
        op: FilterOp::Exists,
        value: FilterValue::None,
    };
    let spec = QuerySpec {
        breakdowns: vec![PARENT_SERVICE.to_owned(), SERVICE.to_owned()],
        filters: vec![exists(PARENT_SERVICE), exists(SERVICE)],
        ..QuerySpec::default()
    };
    let table: ResultTable = state
        .engine
        .query(tenant, DatasetScope::All, &spec, range, options())
        .await?;
    if table.group_count > PAIRS_MAX {
        return Err(Problem::bad_request(format!(
            "there are more than {PAIRS_MAX} pairs of services; ask for a shorter range"
        )));
    }
    let calls = table.groups.into_iter().filter_map(|group| {
        let mut key = group.key.into_iter();
        match (key.next()??, key.next()??, group.values.first()?) {
            (Value::String(parent), Value::String(child), Cell::Int(call_count)) => {
                Some(Dependency {
                    parent,
                    child,
                    call_count: *call_count,
                })
            }
            _ => None,
        }
    });
    Ok(calls.collect())
}
