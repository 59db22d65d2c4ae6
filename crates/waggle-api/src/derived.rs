//! Calculated fields in requests: those a request brings along, and those that are kept and named by its clauses.
//!
//! The nearest counts: a field of the request, then one of the dataset, then one of the environment. What no field is called is a column.

use crate::problem::{DetailCode, Problem};
use crate::spec::{RowClauses, without_relation};
use crate::state::ApiState;
use std::collections::HashSet;
use waggle_metastore::{DerivedColumn, Stored};
use waggle_model::{CalculatedField, DatasetId, DatasetScope, FilterSpec, QuerySpec, Tenant};

/// Adds the kept fields that a query names.
pub(crate) async fn with_kept(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    spec: &mut QuerySpec,
) -> Result<(), Problem> {
    let calculations = spec.calculations.iter();
    let of_calculations = calculations.flat_map(|calculation| {
        let filters = calculation.filters.iter();
        filters
            .map(|filter| filter.column.as_str())
            .chain(calculation.column.as_deref())
    });
    let breakdowns = spec.breakdowns.iter().map(String::as_str);
    let names = columns_of(&spec.filters)
        .chain(of_calculations)
        .chain(breakdowns);
    let named = names.map(str::to_owned).collect();
    add_kept(state, tenant, scope, named, &mut spec.calculated_fields).await
}

/// The columns that filters look at.
pub(crate) fn columns_of(filters: &[FilterSpec]) -> impl Iterator<Item = &str> {
    filters.iter().map(|filter| filter.column.as_str())
}

/// Adds to the fields of a request the kept ones of these names.
pub(crate) async fn add_kept(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
    named: HashSet<String>,
    fields: &mut Vec<CalculatedField>,
) -> Result<(), Problem> {
    let named: HashSet<&str> = named.iter().map(|name| without_relation(name)).collect();
    if named
        .iter()
        .all(|name| fields.iter().any(|field| field.name == *name))
    {
        return Ok(());
    }
    let kept = visible(state, tenant, scope).await?;
    let kept = kept.into_iter().map(|kept| kept.value);
    for column in kept.filter(|column| named.contains(column.alias.as_str())) {
        if fields.iter().all(|field| field.name != column.alias) {
            fields.push(CalculatedField {
                name: column.alias,
                expression: column.expression,
            });
        }
    }
    Ok(())
}

/// What is said of a request's own fields where [`refuse_calculated`] holds.
pub(crate) const NOT_COMPUTED: &str = "calculated fields are not computed here";

/// Refuses calculated fields where only columns that are stored can be compared: read as a column, a field's name would be one that no
/// event has, and a filter like `!=` would match them all.
///
/// # Errors
/// The fields of the request itself, or the first filter on a kept one.
pub(crate) async fn refuse_calculated(
    state: &ApiState,
    tenant: Tenant,
    dataset: DatasetId,
    clauses: &RowClauses,
) -> Result<(), Problem> {
    if !clauses.calculated_fields.is_empty() {
        return Err(Problem::invalid_field(
            "calculated_fields",
            DetailCode::Invalid,
            NOT_COMPUTED,
        ));
    }
    let scope = DatasetScope::One(dataset);
    let kept = visible(state, tenant, &scope).await?;
    for (index, column) in columns_of(&clauses.filters).enumerate() {
        let column = without_relation(column);
        if kept.iter().any(|kept| kept.value.alias == column) {
            let field = format!("filters[{index}].column");
            let text = format!(
                "{column} is a calculated field; only columns that events bring can be compared here"
            );
            return Err(Problem::invalid_field(field, DetailCode::Invalid, text));
        }
    }
    Ok(())
}

/// The kept fields that queries of a scope may name, the nearest first.
pub(crate) async fn visible(
    state: &ApiState,
    tenant: Tenant,
    scope: &DatasetScope,
) -> Result<Vec<Stored<DerivedColumn>>, Problem> {
    let read = state.metastore.artifacts::<DerivedColumn>(tenant);
    let kept = state
        .kept_fields
        .of(tenant, state.clock.now_ns(), read)
        .await?;
    let mut kept = kept.to_vec();
    kept.retain(|kept| match (kept.place.dataset, scope) {
        (None, _) => true,
        (Some(dataset), DatasetScope::One(asked)) => dataset == *asked,
        (Some(_), DatasetScope::All) => false,
    });
    kept.sort_by_key(|kept| kept.place.dataset.is_none());
    Ok(kept)
}
