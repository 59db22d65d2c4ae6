//! What every backend must do, room by room. Each check gets an empty metastore; a new backend is one more module in
//! the macro below.

mod access;
mod artifact;
mod block;
mod column;
mod dataset;
mod history;
mod keep;
mod query;
mod race;
mod usage;

use crate::{Metastore, SqliteMetastore};
use std::sync::Arc;
use waggle_model::Tenant;

const NOW: i64 = 1_732_000_000_000_000_000;

/// One tenant to work in.
async fn tenant(metastore: &dyn Metastore, name: &str) -> Tenant {
    let team = metastore.create_team(name, NOW).await.unwrap();
    let environment = metastore
        .create_environment(team.id, "production", NOW)
        .await
        .unwrap();
    environment.tenant
}

/// Declares one test per check and backend.
macro_rules! conformance {
    ($($room:ident: $($check:ident),+;)+) => {
        mod sqlite_file {
            $($(
                #[tokio::test]
                async fn $check() {
                    let folder = tempfile::tempdir().unwrap();
                    let metastore = super::SqliteMetastore::open(&folder.path().join("metastore.sqlite")).await.unwrap();
                    super::$room::$check(&metastore).await;
                    metastore.close().await;
                }
            )+)+
        }
        mod sqlite_memory {
            $($(
                #[tokio::test]
                async fn $check() {
                    super::$room::$check(&super::SqliteMetastore::in_memory().await.unwrap()).await;
                }
            )+)+
        }
    };
}

conformance! {
    dataset: first_sight_makes_a_dataset_once, names_and_slugs_address_a_dataset, other_alphabets_keep_apart, datasets_have_a_limit,
             a_dataset_changes_and_goes, kinds_of_metrics_are_remembered, another_tenant_sees_no_dataset, internal_datasets_are_not_listed, summaries_add_up_blocks, written_moves_forward;
    column: registering_merges, a_column_is_made_everywhere_or_nowhere, registering_stops_at_the_limit, a_column_is_made_changed_and_deleted, another_tenant_sees_no_column,
            search_ranks_matches, search_over_all_datasets_merges_names, ten_thousand_columns, a_chosen_type_is_taken_back, a_deleted_column_is_hidden_until_nothing_holds_it;
    keep: numbers_are_forgotten_with_their_column, limits_are_kept_per_environment_and_dataset, an_erasure_ends_once, answers_are_forgotten, artifacts_forget_what_was_erased,
          answers_from_before_an_erasure_are_not_written;
    block: a_commit_is_one_moment, a_failed_commit_changes_nothing, a_deleted_dataset_takes_its_blocks, coverage_moves_forward;
    artifact: an_artifact_is_made_changed_and_deleted, artifacts_go_with_what_they_belong_to, unique_keys_and_limits_hold, what_is_used_stays,
              a_derived_column_that_an_slo_uses_stays, a_column_that_a_definition_uses_stays, a_kind_has_so_many_bytes,
              an_artifact_is_found_by_its_unique_key,
              another_tenant_sees_no_artifact;
    query: a_query_is_saved, a_result_ends_once, a_run_is_recorded_whole_or_not_at_all, pending_and_old_results_go, another_tenant_sees_no_query;
    usage: usage_adds_up;
    history: runs_are_found_and_paged, the_history_has_bounds, saved_queries_have_bounds, another_tenant_sees_no_run;
    access: the_first_rows_are_made_once, a_refused_bootstrap_leaves_nothing, teams_and_environments, users_sign_in_by_address,
            sessions_end, keys_are_found_by_hash, keys_change_and_go, another_tenant_sees_no_key,
            keys_remember_scopes_ends_and_people, environments_change_and_go, aws_keys;
}

/// Races need several tasks on one metastore.
async fn sqlite_file(folder: &tempfile::TempDir) -> Arc<dyn Metastore> {
    Arc::new(
        SqliteMetastore::open(&folder.path().join("metastore.sqlite"))
            .await
            .unwrap(),
    )
}
