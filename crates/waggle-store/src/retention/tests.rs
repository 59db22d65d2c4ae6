use super::*;
use waggle_metastore::{BlockId, NewBlock};
use waggle_model::{EnvironmentId, TeamId, Tenant};

fn block(id: i64, times_ns: (i64, i64), length: u64) -> Arc<ListedBlock> {
    Arc::new(ListedBlock {
        id: BlockId(id),
        block: NewBlock {
            tenant: Tenant {
                team: TeamId(1),
                environment: EnvironmentId(1),
            },
            dataset: DatasetId(1),
            file: "1".to_owned(),
            offset: 0,
            length,
            row_count: 10,
            min_time_ns: times_ns.0,
            max_time_ns: times_ns.1,
            format_version: 2,
            created_at_ns: 0,
        },
    })
}

/// Ids of what goes, newest first, and of what is trimmed.
fn check(age_max_ns: Option<i64>, bytes_max: Option<u64>, gone: &[i64], trimmed: &[i64]) {
    let blocks = [
        block(1, (0, 99), 100),
        block(2, (100, 199), 100),
        block(3, (200, 899), 100),
        block(4, (900, 999), 100),
    ];
    let limits = RetentionLimits {
        age_max_ns,
        bytes_max,
    };
    let verdict = judge(&blocks, limits, 1_000);
    let ids = |blocks: &[Arc<ListedBlock>]| blocks.iter().map(|b| b.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&verdict.gone), gone, "{limits:?}");
    assert_eq!(ids(&verdict.trimmed), trimmed, "{limits:?}");
}

#[test]
fn old_blocks_go_and_the_newest_stay_within_the_size() {
    check(None, None, &[], &[]);
    check(Some(0), Some(0), &[], &[]);
    check(Some(900), None, &[1], &[]);
    check(Some(901), None, &[], &[]);
    check(Some(800), None, &[2, 1], &[]);
    // Block 3 has overstayed by more than an eighth of the age.
    check(Some(400), None, &[2, 1], &[3]);
    check(Some(50), None, &[3, 2, 1], &[4]);
    check(Some(0), Some(400), &[], &[]);
    check(None, Some(399), &[1], &[]);
    check(None, Some(250), &[2, 1], &[]);
    check(None, Some(99), &[4, 3, 2, 1], &[]);
    check(Some(900), Some(250), &[2, 1], &[]);
}

#[test]
fn a_preview_tells_what_would_go() {
    let blocks = [block(1, (0, 99), 100), block(2, (100, 199), 50)];
    let limits = RetentionLimits {
        age_max_ns: Some(850),
        bytes_max: None,
    };
    let loss = preview(DatasetId(7), &blocks, limits, 1_000);
    let expected = RetentionLoss {
        dataset: DatasetId(7),
        event_count: 20,
        stored_bytes: 150,
        oldest_ns: Some(0),
        lost_event_count: 10,
        lost_bytes: 100,
        lost_through_ns: Some(99),
    };
    assert_eq!(loss, expected);
    let nothing = preview(DatasetId(7), &[], limits, 1_000);
    assert_eq!((nothing.oldest_ns, nothing.lost_through_ns), (None, None));
}
