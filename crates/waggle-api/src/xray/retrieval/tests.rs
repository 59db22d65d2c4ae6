use super::{KEPT_MAX, LIFETIME_NS, Retrieval, Retrievals};
use waggle_model::{EnvironmentId, TeamId, Tenant};

fn begun(environment: i64, started_ns: i64) -> Retrieval {
    Retrieval {
        tenant: Tenant {
            team: TeamId(1),
            environment: EnvironmentId(environment),
        },
        ids: Vec::new(),
        started_ns,
        is_cancelled: false,
    }
}

#[test]
fn nobody_ends_what_another_has_begun() {
    let retrievals = Retrievals::default();
    let (one, other) = (begun(1, 0), begun(2, 0));
    let quiet = retrievals.begin(one.clone());
    let busy: Vec<String> = (0..=KEPT_MAX)
        .map(|_| retrievals.begin(other.clone()))
        .collect();
    let is_there =
        |retrieval: &Retrieval, token: &str| retrievals.find(retrieval.tenant, token, 1).is_some();
    assert!(is_there(&one, &quiet));
    assert!(!is_there(&other, &quiet), "it is another's");
    let left = busy.iter().filter(|token| is_there(&other, token));
    assert_eq!(left.count(), KEPT_MAX);
    assert!(!is_there(&other, &busy[0]));
}

#[test]
fn what_is_over_makes_room() {
    let retrievals = Retrievals::default();
    for started_ns in [0, 1, 2, LIFETIME_NS + 1] {
        retrievals.begin(begun(1, started_ns));
    }
    assert_eq!(retrievals.0.lock().by_token.len(), 2);
}
