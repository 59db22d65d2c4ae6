use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn batch(seed: u64) -> EventBatch {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut batch = EventBatch::new("d");
    for row in 0..rng.random_range(0..50) {
        batch.begin_row();
        batch.put_str("service", "checkout");
        batch.put_str("id", format!("id-{row}"));
        for number in 0..rng.random_range(0..6) {
            let name = format!("column {}", rng.random_range(0..8));
            match rng.random_range(0..4) {
                0 => batch.put_str(&name, ["a", "", "zß"][number % 3]),
                1 => batch.put_int(&name, rng.random()),
                2 => batch.put_float(&name, rng.random()),
                _ => batch.put_bool(&name, rng.random()),
            };
        }
        if rng.random_bool(0.1) {
            batch.abort_row();
        } else {
            let rate = if seed.is_multiple_of(2) {
                1
            } else {
                rng.random_range(1..9)
            };
            batch.end_row(rng.random(), rate);
        }
    }
    batch
}

fn check(request: &Request) {
    let mut payload = vec![7; 3];
    encode(request, &mut payload);
    let read = decode(&payload[3..]).unwrap();
    assert_eq!(read.tenant, request.tenant);
    assert_eq!(read.batches.len(), request.batches.len());
    for ((dataset, written), (read_dataset, read)) in request.batches.iter().zip(&read.batches) {
        assert_eq!(dataset, read_dataset);
        assert_eq!(written.timestamps_ns(), read.timestamps_ns());
        assert_eq!(written.sample_rates(), read.sample_rates());
        let columns = written.columns().iter().filter(|c| c.value_count() > 0);
        for (written, read) in columns.clone().zip(read.columns()) {
            assert_eq!(written.name, read.name);
            assert_eq!(written.ints, read.ints);
            assert_eq!(written.floats, read.floats);
            assert_eq!(written.bools, read.bools);
            if !written.strings.rows.is_empty() {
                assert_eq!(written.strings, read.strings);
            }
        }
        assert_eq!(columns.count(), read.columns().len());
    }
    for end in (0..payload.len() - 3).step_by(17) {
        assert!(decode(&payload[3..3 + end]).is_err(), "cut at {end}");
    }
}

#[test]
fn requests_come_back_as_they_were() {
    for seed in 0..60 {
        println!("seed {seed}");
        check(&Request {
            tenant: Tenant {
                team: TeamId(3),
                environment: EnvironmentId(-4),
            },
            batches: (0..seed % 4)
                .map(|number: u64| (DatasetId(number.cast_signed()), batch(seed * 10 + number)))
                .collect(),
        });
    }
}
