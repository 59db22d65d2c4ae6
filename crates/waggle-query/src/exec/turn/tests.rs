use super::*;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

fn share(cores: &Arc<Cores>) -> Share {
    Share::new(Arc::clone(cores), 0, Arc::new(|| false))
}

/// A share that has used so much time that it waits in the long line.
fn heavy(cores: &Arc<Cores>) -> Share {
    let share = share(cores);
    share.used_ns.store(SHORT_NS, Ordering::Relaxed);
    share
}

/// Waits until so many threads are in the line.
fn wait_for_line(cores: &Cores, waiting: usize) {
    while cores.waiting.load(Ordering::Relaxed) < waiting {
        thread::yield_now();
    }
}

#[test]
fn no_more_threads_compute_than_there_are_turns() {
    let cores = Cores::new(2);
    let at_once = AtomicUsize::new(0);
    let most = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let worked = share(&cores).run(|| {
                    let now = at_once.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::yield_now();
                    at_once.fetch_sub(1, Ordering::SeqCst);
                });
                assert!(worked.is_some());
            });
        }
    });
    assert!(most.into_inner() <= 2);
    assert_eq!(lock(&cores.state).free, 2);
}

/// Fills the line in this order while the only turn is taken, and tells in which order the turns come.
fn order_of_turns(lines: &[(&'static str, bool)]) -> Vec<&'static str> {
    let cores = Cores::new(1);
    let (done, order) = sync_channel(lines.len());
    thread::scope(|scope| {
        share(&cores).run(|| {
            for (index, (name, is_heavy)) in lines.iter().enumerate() {
                let share = if *is_heavy {
                    heavy(&cores)
                } else {
                    share(&cores)
                };
                let done: SyncSender<&'static str> = done.clone();
                scope.spawn(move || share.run(|| done.send(name).unwrap()));
                wait_for_line(&cores, index + 1);
            }
        });
    });
    drop(done);
    order.into_iter().collect()
}

#[test]
fn a_short_query_goes_before_heavy_ones_and_the_rest_in_order() {
    let order = order_of_turns(&[("a", true), ("b", true), ("short", false)]);
    assert_eq!(order, ["short", "a", "b"]);
}

#[test]
fn a_stream_of_short_queries_does_not_stop_a_heavy_one() {
    let mut lines = vec![("heavy", true)];
    lines.extend([("short", false); 8]);
    let order = order_of_turns(&lines);
    let place = order.iter().position(|name| *name == "heavy").unwrap();
    assert_eq!(place, SHORTS_IN_A_ROW_MAX as usize);
}

#[test]
fn a_turn_is_passed_on_when_it_is_over_and_others_wait() {
    let cores = Cores::new(1);
    let has_run = AtomicBool::new(false);
    thread::scope(|scope| {
        share(&cores).run(|| {
            scope.spawn(|| share(&cores).run(|| has_run.store(true, Ordering::SeqCst)));
            // As a query does at each chunk. It keeps its turn until the time of one has passed.
            while !has_run.load(Ordering::SeqCst) {
                pass_on();
            }
        });
    });
}

#[test]
fn a_thread_that_waits_for_its_helpers_takes_no_turn() {
    let cores = Cores::new(1);
    let value = share(&cores).run(|| {
        let helping = super::share().unwrap();
        thread::scope(|scope| {
            let helper = scope.spawn(move || helping.run_helper(&Arc::default(), || 5));
            without_turn(|| helper.join().unwrap())
        })
    });
    assert_eq!(value, Some(Some(5)));
    assert_eq!(lock(&cores.state).free, 1);
}

#[test]
fn who_gives_up_or_is_stopped_leaves_the_line() {
    let cores = Cores::new(1);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let stoppable = Share::new(
        Arc::clone(&cores),
        0,
        Arc::new(move || stopped.load(Ordering::SeqCst)),
    );
    let waiter: Arc<Waiter> = Arc::default();
    thread::scope(|scope| {
        share(&cores).run(|| {
            let unneeded = scope.spawn(|| share(&cores).run_helper(&waiter, || ()));
            wait_for_line(&cores, 1);
            waiter.give_up();
            assert_eq!(unneeded.join().unwrap(), None);
            let stopped = scope.spawn(|| stoppable.run(|| ()));
            wait_for_line(&cores, 2);
            stop.store(true, Ordering::SeqCst);
            assert_eq!(stopped.join().unwrap(), None);
        });
    });
    // Those who left are passed over.
    assert_eq!(share(&cores).run(|| 1), Some(1));
    assert_eq!(lock(&cores.state).free, 1);
    assert_eq!(cores.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn a_panic_gives_the_turn_back() {
    let cores = Cores::new(1);
    let panicked = std::panic::catch_unwind(|| share(&cores).run(|| panic!("on purpose")));
    assert!(panicked.is_err());
    assert_eq!(lock(&cores.state).free, 1);
}

#[test]
fn helpers_step_back() {
    let cores = Cores::new(1);
    let share = Share::new(cores, 3, Arc::new(|| false));
    let nice = thread::spawn(move || {
        share.run_helper(&Arc::default(), || {
            rustix::process::getpriority_process(None).unwrap()
        })
    });
    let expected = if cfg!(target_os = "linux") { 3 } else { 0 };
    assert_eq!(nice.join().unwrap(), Some(expected));
}
