//! Every scenario that comes with the project can be read.

use super::{Check, Door, Scenario};
use std::collections::HashSet;
use std::path::Path;

#[test]
fn shipped_scenarios_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let scenario = Scenario::open(&folder, path.to_str().unwrap()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), scenario.name);
        let ids: HashSet<&str> = scenario
            .queries
            .iter()
            .map(|query| query.id.as_str())
            .collect();
        assert_eq!(ids.len(), scenario.queries.len(), "ids are unique");
        for query in &scenario.queries {
            assert!(query.parts > 0);
            assert_eq!(query.door == Door::Trace, query.check == Check::Trace);
        }
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_scenario_that_is_not_there_is_named() {
    let error = Scenario::open(Path::new("nowhere"), "nothing").unwrap_err();
    assert!(error.to_string().contains("nothing.toml"));
}
