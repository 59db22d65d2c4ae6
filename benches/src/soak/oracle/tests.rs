//! The judge must be right itself.

use super::{Oracle, Tally, differences};
use crate::soak::event::Batch;
use crate::spans::random::Random;
use jiff::Timestamp;

const SEED: u64 = 5;

fn batch(name: &str, random: &mut Random) -> Batch {
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    Batch::new(name.to_owned(), "a", 50, now, random)
}

#[test]
fn what_is_acknowledged_must_be_there_and_what_is_not_may() {
    println!("seed {SEED}");
    let mut random = Random::new(SEED, 0);
    let mut oracle = Oracle::default();
    let (first, second) = (batch("first", &mut random), batch("second", &mut random));
    oracle.sending(&first);
    oracle.sending(&second);
    let count = |grid: &super::Grid| grid.values().map(|tally| tally.count).sum::<u64>();
    assert_eq!(
        (count(&oracle.low("a")), count(&oracle.high("a"))),
        (0, 100)
    );
    oracle.acknowledged(first);
    assert_eq!(
        (count(&oracle.low("a")), count(&oracle.high("a"))),
        (50, 100)
    );
    oracle.lost(1, second);
    assert!(
        oracle.take_unknown(1).is_empty(),
        "that server may still be at it"
    );
    let lost = oracle.take_unknown(2).remove(0);
    oracle.settle(&lost, false);
    assert_eq!(oracle.low("a"), oracle.low("a"));
    assert_eq!(
        (count(&oracle.low("a")), count(&oracle.high("a"))),
        (50, 50)
    );
}

#[test]
fn losses_and_doubles_are_seen() {
    println!("seed {SEED}");
    let mut random = Random::new(SEED, 1);
    let mut oracle = Oracle::default();
    let one = batch("one", &mut random);
    oracle.sending(&one);
    oracle.acknowledged(one);
    let right = oracle.low("a");
    assert!(differences(&right, &right, &oracle.high("a")).is_empty());
    let place = *right.keys().next().unwrap();
    for change in [-1_i64, 1] {
        let mut wrong = right.clone();
        let tally = wrong.get_mut(&place).unwrap();
        tally.count = tally.count.checked_add_signed(change).unwrap();
        assert_eq!(differences(&wrong, &right, &oracle.high("a")).len(), 1);
    }
    let mut extra = right.clone();
    extra.insert((0, 0), Tally { count: 1, sum: 0 });
    assert_eq!(differences(&extra, &right, &oracle.high("a")).len(), 1);
}
