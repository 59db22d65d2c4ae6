use super::*;

fn rates(remembered_max: usize) -> Rates {
    Rates::new(RateLimits {
        key_calls_max: 2,
        key_events_per_second: 10,
        remembered_max,
        ..RateLimits::default()
    })
}

fn key(number: usize) -> KeyId {
    KeyId(format!("hcxlk_{number}"))
}

#[test]
fn what_is_remembered_is_bounded_and_what_is_over_goes_first() {
    let rates = rates(3);
    let call = |number, now_ns| rates.call_by(&key(number), TeamId(1), now_ns);
    for number in 0..3 {
        call(number, number as i64).unwrap();
        call(number, number as i64).unwrap();
        assert!(rates.try_send(&key(number), 20, number as i64));
    }
    // Nothing is over yet: the key whose window ends first is forgotten, and it alone.
    call(3, 3).unwrap();
    assert!(rates.try_send(&key(3), 20, 3));
    assert!(call(1, 4).is_err());
    assert!(!rates.may_send(&key(1), 4));
    assert!(call(0, 4).is_ok());
    assert!(rates.may_send(&key(0), 4));
    for number in 10..1_000 {
        call(number, MINUTE_NS * 10).unwrap();
        assert!(rates.try_send(&key(number), 1, MINUTE_NS * 10));
        assert!(rates.windows.lock().len() <= 3);
        assert!(rates.due_ns.lock().len() <= 3);
    }
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let rates = rates(3);
    let call = |now_ns| rates.call_by(&key(0), TeamId(1), now_ns);
    call(MINUTE_NS * 100).unwrap();
    call(MINUTE_NS * 100).unwrap();
    assert!(call(MINUTE_NS * 100).is_err());
    assert!(call(0).is_ok());
}

#[test]
fn a_large_batch_is_made_up_for_within_a_limit() {
    let rates = rates(3);
    assert!(rates.try_send(&key(0), 6_000, 0));
    assert!(!rates.may_send(&key(0), MINUTE_NS * 10 - SECOND_NS));
    assert!(!rates.try_send(&key(0), 1, MINUTE_NS * 10 - SECOND_NS));
    assert!(rates.may_send(&key(0), MINUTE_NS * 10 - SECOND_NS + 1));
    assert!(rates.try_send(&key(1), 36_000_000, 0));
    let hour_ns = MINUTE_NS * 60;
    assert!(!rates.may_send(&key(1), hour_ns - SECOND_NS));
    assert!(rates.may_send(&key(1), hour_ns - SECOND_NS + 1));
    // The clock was set back.
    assert!(rates.may_send(&key(1), -SECOND_NS));
    assert!(rates.try_send(&key(1), 1, -SECOND_NS));
}

/// Requests that were all let in before the first was counted.
#[test]
fn of_many_requests_at_once_one_is_taken() {
    let rates = rates(3);
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| rates.try_send(&key(0), 100, 0)))
            .collect();
        let taken = threads.into_iter().filter_map(|thread| thread.join().ok());
        taken.filter(|is_taken| *is_taken).count()
    });
    assert_eq!(taken, 1);
}
