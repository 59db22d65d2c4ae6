//! Histograms of metrics: percentiles, heat maps and sums over series and steps.

use super::*;
use waggle_model::BucketCounts;

/// A histogram `m` at a second, with the columns that come with it.
fn histogram(series: &str, second: i64, text: &str) -> Event {
    let counts = BucketCounts::parse(text).unwrap();
    let stored = BucketCounts {
        sum: None,
        min: None,
        max: None,
        ..counts.clone()
    };
    let mut event = point(series, second, Value::String(stored.to_string()));
    for (part, value) in [
        ("sum", counts.sum),
        ("min", counts.min),
        ("max", counts.max),
    ] {
        let field = value.map(|value| (format!("m.{part}"), Value::Float(value)));
        event.fields.extend(field);
    }
    event
}

fn answers(events: &[Event], expression: &str, op: &str, range: TimeRange) -> Vec<(i64, f64)> {
    series(events, &spec(expression, op, 60), range)
}

#[test]
fn a_cumulative_histogram_has_its_hand_values() {
    let events = [
        histogram("a", 30, "hist 0..10:4 sum=20 min=1 max=9"),
        histogram("a", 70, "hist 0..10:4 10..20:4 sum=80 min=1 max=18"),
        histogram("a", 110, "hist 0..10:8 10..20:4 sum=100 min=1 max=18"),
        // It began anew, and after a silence nothing is known of what came before.
        histogram("a", 130, "hist 0..10:2 sum=6 min=2 max=4"),
        histogram("a", 400, "hist 0..10:9 sum=50 min=2 max=9"),
    ];
    let all = |op: &str| answers(&events, "INCREASE($m)", op, range(0, 420));
    // From 60 s on: 4 in each bucket; from 120 s on the two that came since it began anew.
    assert_eq!(all("P50"), [(60, 10.0), (120, 3.0)]);
    assert_eq!(all("P75"), [(60, 14.0), (120, 3.5)]);
    assert_eq!(all("SUM"), [(60, 80.0), (120, 6.0)]);
    assert_eq!(all("AVG"), [(60, 10.0), (120, 3.0)]);
    assert_eq!(all("MIN"), [(60, 1.0), (120, 2.0)]);
    assert_eq!(all("MAX"), [(60, 18.0), (120, 4.0)]);
    // Two minutes back: 4 and 4 until 120 s, with the 2 until 180 s.
    let wide = answers(&events, "INCREASE($m, 120)", "SUM", range(0, 180));
    assert_eq!(wide, [(60, 80.0), (120, 86.0)]);
    let last = answers(&events, "LAST($m)", "SUM", range(0, 180));
    assert_eq!(last, [(0, 20.0), (60, 100.0), (120, 6.0)]);
    assert_eq!(answers(&events, "RATE($m)", "SUM", range(0, 420)), []);
}

#[test]
fn a_series_of_deltas_is_added_up() {
    let events = [
        histogram("a-delta", 10, "hist scale=0 zero=1 +1:1 sum=3 min=0 max=3"),
        histogram("a-delta", 20, "hist scale=1 +2:2 +3:4 sum=18 min=2 max=4"),
        histogram("b-delta", 20, "hist 0..4:8 sum=16"),
    ];
    let all = |op: &str| answers(&events, "INCREASE($m)", op, range(0, 60));
    assert_eq!(all("SUM"), [(0, 37.0)]);
    assert_eq!(all("AVG"), [(0, 37.0 / 16.0)]);
    // Of `a` there are a zero and 7 in 2..4; up to 2 there are 1 and half of `b`'s.
    assert_eq!(all("P25"), [(0, 1.5)]);
    let mut spec = spec("SUMMARIZE($m)", "P999", 60);
    spec.breakdowns = vec!["host".to_owned()];
    let table = table(&snapshot(&events), &spec, range(0, 60));
    assert_eq!(table.groups.len(), 2);
    for group in &table.groups {
        assert_eq!(group.values.len(), 1);
        assert!(group.values[0].as_f64().unwrap() > 3.9);
    }
}

#[test]
fn a_heat_map_counts_what_the_histograms_did() {
    let events = [
        histogram("a-delta", 10, "hist 0..10:40 10..20:10"),
        histogram("b-delta", 20, "hist 0..10:20"),
        histogram("a-delta", 70, "hist 90..100:7 min=100"),
    ];
    let mut spec = spec("INCREASE($m)", "HEATMAP", 60);
    let table = table(&snapshot(&events), &spec, range(0, 120));
    let map = table.groups[0].values[0].clone();
    assert_eq!(map, Cell::Null);
    let map = table.heatmaps[0].as_ref().unwrap();
    assert_eq!((map.min_value, map.max_value), (0.0, 100.0));
    assert_eq!(map.times_ns, [0, 60 * S]);
    let sums: Vec<u64> = map.counts.iter().map(|bins| bins.iter().sum()).collect();
    assert_eq!(sums, [70, 7]);
    // Bins of 2: 12 in each of the first five, 2 in each of the next.
    assert_eq!(map.counts[0][..11], [12, 12, 12, 12, 12, 2, 2, 2, 2, 2, 0]);
    assert_eq!(map.counts[1][49], 7);
    spec.calculations[0].op = "P50".to_owned();
    let found = series(&events, &spec, range(0, 120));
    assert_eq!(found, [(0, 10.0 * (35.0 / 60.0)), (60, 100.0)]);
}

#[test]
fn numbers_and_histograms_of_one_metric_are_both_followed() {
    let mut events = ints("g-delta", &[(10, 30), (20, 40)]);
    events.push(histogram("h-delta", 10, "hist 0..10:2 sum=7"));
    let all = |op: &str| answers(&events, "INCREASE($m)", op, range(0, 60));
    assert_eq!(all("SUM"), [(0, 77.0)]);
    assert_eq!(all("MAX"), [(0, 70.0)]);
    // Two of the histogram, and the sum of the deltas within the step.
    let largest = all("P99")[0].1;
    assert!((largest - 70.0).abs() <= 70.0 / 128.0, "{largest}");
}

/// The buckets of a point by their bounds, in eighths.
type Buckets = BTreeMap<(i64, i64), u64>;

fn text_of(buckets: &Buckets) -> String {
    let buckets = buckets.iter().filter(|(_, count)| **count > 0);
    let words = buckets.map(|((lower, upper), count)| {
        format!(" {}..{}:{count}", *lower as f64 / 8.0, *upper as f64 / 8.0)
    });
    format!("hist{}", words.collect::<String>())
}

/// The value up to which a part of all lies, by halving, on a plain reading of the buckets.
fn naive_quantile(buckets: &[((i64, i64), u64)], part: f64) -> f64 {
    let total: u64 = buckets.iter().map(|(_, count)| count).sum();
    let up_to = |value: f64| -> f64 {
        let parts = buckets.iter().map(|((lower, upper), count)| {
            let (lower, upper) = (*lower as f64 / 8.0, *upper as f64 / 8.0);
            *count as f64 * ((value - lower) / (upper - lower)).clamp(0.0, 1.0)
        });
        parts.sum()
    };
    let (mut low, mut high) = (-1_000.0, 1_000.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if up_to(middle) < part * total as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// What a series of points has counted in a step, by the plainest reading of the rules.
fn naive_increase(points: &[(i64, Buckets)], is_delta: bool, step: (i64, i64)) -> Option<Buckets> {
    let inside = |second: i64| (step.0..step.1).contains(&(second * S));
    let mut all = Buckets::new();
    let mut has_any = false;
    for index in 0..points.len() {
        let (second, buckets) = &points[index];
        if !inside(*second) {
            continue;
        }
        let nothing = Buckets::new();
        let base = match index.checked_sub(1).map(|before| &points[before]) {
            _ if is_delta => &nothing,
            Some((before_s, before)) if second - before_s <= GAP_S => {
                let falls = before
                    .iter()
                    .any(|(bounds, count)| buckets.get(bounds).copied().unwrap_or(0) < *count);
                if falls { &nothing } else { before }
            }
            _ => continue,
        };
        has_any = true;
        for (bounds, count) in buckets {
            *all.entry(*bounds).or_default() += count - base.get(bounds).copied().unwrap_or(0);
        }
    }
    has_any.then_some(all)
}

#[test]
fn random_histograms_agree_with_the_naive_evaluator() {
    let bounds: [&[i64]; 2] = [&[-40, 0, 8, 16, 80, 160], &[0, 12, 160, 400]];
    for seed in 0..200 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut events = Vec::new();
        let mut all: BTreeMap<&str, Vec<(i64, Buckets)>> = BTreeMap::new();
        for name in ["a/1", "a/2", "b/1", "b/2-delta"] {
            let is_delta = name.ends_with("-delta");
            let mut bounds = bounds[rng.random_range(0..2)];
            let mut buckets = Buckets::new();
            let mut second = rng.random_range(0..60);
            while second < 1_000 {
                if is_delta || rng.random_bool(0.1) {
                    buckets.clear();
                    if rng.random_bool(0.2) {
                        bounds = &[0, 40, 800];
                    }
                }
                for pair in bounds.windows(2) {
                    if rng.random_bool(0.6) {
                        *buckets.entry((pair[0], pair[1])).or_default() += rng.random_range(0..9);
                    }
                }
                events.push(histogram(name, second, &text_of(&buckets)));
                all.entry(name).or_default().push((second, buckets.clone()));
                second += match rng.random_range(0..12) {
                    0 => rng.random_range(100..300),
                    _ => rng.random_range(1..50),
                };
            }
        }
        for index in (1..events.len()).rev() {
            events.swap(index, rng.random_range(0..=index));
        }
        let snapshot = testing::snapshot(&mut rng, &events);
        let range = range(0, 1_000);
        let granularity = rng.random_range(20..200);
        let (op, part) = [("P10", 0.1), ("P50", 0.5), ("P99", 0.99)][rng.random_range(0..3)];
        let found = points_of(
            &table(&snapshot, &spec("INCREASE($m)", op, granularity), range),
            0,
        );
        let found: BTreeMap<i64, f64> = found.into_iter().collect();
        let map_spec = spec("INCREASE($m)", "HEATMAP", granularity);
        let map = table(&snapshot, &map_spec, range);
        let map = map.heatmaps[0].clone();
        let mut first = 0;
        let mut steps_found = 0;
        while first < 1_000 {
            let end = (first + granularity as i64).min(1_000);
            let step = (first * S, end * S);
            let mut merged = Vec::new();
            for (name, points) in &all {
                let counted = naive_increase(points, name.ends_with("-delta"), step);
                merged.extend(
                    counted
                        .into_iter()
                        .flatten()
                        .filter(|(_, count)| *count > 0),
                );
            }
            match found.get(&first) {
                None => assert!(merged.is_empty(), "seed {seed}: {op} at {first}"),
                Some(found) => {
                    steps_found += 1;
                    let expected = naive_quantile(&merged, part);
                    assert!(
                        (found - expected).abs() < 1e-6,
                        "seed {seed}: {op} at {first}: {found} not {expected}"
                    );
                    let map = map.as_ref().unwrap();
                    let place = map.times_ns.iter().position(|time| *time == first * S);
                    let counted: u64 = map.counts[place.unwrap()].iter().sum();
                    let total: u64 = merged.iter().map(|(_, count)| count).sum();
                    assert_eq!(counted, total, "seed {seed} at {first}");
                }
            }
            first = end;
        }
        assert_eq!(steps_found, found.len(), "seed {seed}");
    }
}

#[test]
fn counts_beyond_all_numbers_stay_at_the_largest() {
    let many = u64::MAX / 2 + 1;
    let texts = (10..14).map(|second| {
        let text = format!("hist 0..1:{many} sum=1 min=1 max=1");
        histogram(&format!("{second}-delta"), second, &text)
    });
    let events: Vec<Event> = texts.collect();
    let mean = answers(&events, "INCREASE($m)", "AVG", range(0, 60));
    assert_eq!(mean, [(0, 4.0 / u64::MAX as f64)]);
    let spec = spec("INCREASE($m)", "HEATMAP", 60);
    let table = table(&snapshot(&events), &spec, range(0, 60));
    let map = table.heatmaps[0].as_ref().unwrap();
    assert_eq!(map.counts, [[u64::MAX]]);
}
