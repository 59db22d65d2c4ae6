use super::{Report, SamplingBook, Sums};
use waggle_model::{EnvironmentId, TeamId, Tenant};

const NOW: i64 = 1_732_270_003_000_000_000;
const SECOND: i64 = 1_000_000_000;
const HERE: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};

fn report<'a>(client: &'a str, request_count: u64, at_ns: i64) -> Report<'a> {
    Report {
        rule: "a",
        client,
        at_ns,
        sums: Sums {
            request_count,
            borrow_count: 1,
            sampled_count: 2,
        },
    }
}

#[test]
fn clients_share_for_as_long_as_they_report() {
    let book = SamplingBook::new(10);
    let ask = |client, count, at_ns| book.report(HERE, &report(client, count, at_ns), 10, at_ns);
    assert_eq!(ask("one", 1_000, NOW), 10);
    assert_eq!(ask("two", 1_000, NOW), 5);
    assert_eq!(ask("one", 1_000, NOW), 5);
    assert_eq!(ask("one", 1_000, NOW + 30 * SECOND), 5);
    assert_eq!(ask("one", 1_000, NOW + 31 * SECOND), 10);
    let elsewhere = Tenant {
        environment: EnvironmentId(2),
        ..HERE
    };
    let report = report("three", 1_000, NOW);
    assert_eq!(book.report(elsewhere, &report, 10, NOW), 10);
}

#[test]
fn more_clients_than_are_remembered_get_nothing() {
    let book = SamplingBook::new(2);
    let ask = |client, at_ns| book.report(HERE, &report(client, 1_000, at_ns), 10, at_ns);
    assert_eq!(
        [ask("one", NOW), ask("two", NOW), ask("three", NOW)],
        [10, 5, 0]
    );
    assert_eq!(ask("two", NOW), 5);
    assert_eq!(ask("three", NOW + 31 * SECOND), 10);
}

#[test]
fn sums_are_by_window_and_kept_for_an_hour() {
    let book = SamplingBook::new(10);
    let write =
        |client, count, at_ns, now_ns| book.report(HERE, &report(client, count, at_ns), 1, now_ns);
    write("one", 10, NOW, NOW);
    write("two", 5, NOW - 2 * SECOND, NOW);
    write("one", 7, NOW + 60 * SECOND, NOW + 10 * SECOND);
    let sums = |request_count, reports| Sums {
        request_count,
        borrow_count: reports,
        sampled_count: 2 * reports,
    };
    let start = 1_732_270_000;
    assert_eq!(
        book.sums(HERE, NOW),
        [
            (start + 10, "a".to_owned(), sums(7, 1)),
            (start, "a".to_owned(), sums(15, 2)),
        ]
    );
    assert_eq!(book.sums(HERE, NOW + 3_601 * SECOND).len(), 2);
    assert_eq!(book.sums(HERE, NOW + 3_610 * SECOND).len(), 1);
    assert_eq!(book.sums(HERE, NOW + 3_630 * SECOND).len(), 0);
}
