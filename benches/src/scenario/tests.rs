//! Every scenario that comes with the project can be read.

use super::{Engine, Is, Queries, Run, Scenario};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[test]
fn shipped_scenarios_are_read() {
    let mut names = HashSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "queries" {
            continue;
        }
        let scenario = Scenario::open(&folder(), path.to_str().unwrap()).unwrap();
        assert_eq!(name, scenario.name);
        if let Run::Compare { queries, .. }
        | Run::Growth { queries, .. }
        | Run::Concurrency { queries, .. } = scenario.run
        {
            Queries::open(&folder(), &queries).unwrap();
        }
        names.insert(name);
    }
    assert_eq!(names.len(), 8, "{names:?}");
}

#[test]
fn every_query_is_asked_of_every_engine() {
    let queries = Queries::open(&folder(), "queries").unwrap().queries;
    assert_eq!(queries.len(), 13);
    let ids: HashSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    assert_eq!(ids.len(), queries.len(), "ids are unique");
    for query in &queries {
        for engine in [Engine::DuckDb, Engine::ClickHouse] {
            assert!(query.peers.iter().any(|peer| peer.engine == engine));
        }
        let is_approximate = |is| matches!(is, Is::Percentile | Is::Distinct);
        let has_approximate = query.columns.iter().any(|column| is_approximate(column.is));
        assert_eq!(query.reference.is_some(), has_approximate, "{}", query.id);
    }
}

#[test]
fn a_scenario_that_is_not_there_is_named() {
    let error = Scenario::open(Path::new("nowhere"), "nothing").unwrap_err();
    assert!(error.to_string().contains("nothing.toml"));
}
