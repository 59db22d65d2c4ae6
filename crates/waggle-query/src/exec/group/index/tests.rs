use super::*;

const COUNT: u64 = 50_000;

fn spread(index: u64) -> u64 {
    index.wrapping_mul(u64::MAX / COUNT)
}

/// The longest way from a hash's home to its place.
fn reach(index: &HashIndex) -> usize {
    let places = index.slots.iter().enumerate();
    places
        .filter(|(_, slot)| **slot != EMPTY)
        .map(|(place, (hash, _))| place - index.home(*hash))
        .max()
        .unwrap_or_default()
}

#[test]
fn hashes_in_order_are_found_at_once_without_room_made_before() {
    let mut index = HashIndex::default();
    for number in 0..COUNT {
        assert_eq!(
            index.find_or_insert(spread(number), number as u32),
            number as u32
        );
        // All of them crowd the lower end of the table, and the first few too much to make room for.
        if number >= 1_000 && number % 1_000 == 0 {
            assert!(
                reach(&index) <= REACH_MAX + 1,
                "{number}: {}",
                reach(&index)
            );
        }
    }
    for number in 0..COUNT {
        assert_eq!(index.find(spread(number)), Some(number as u32));
    }
    assert_eq!(index.find(spread(1) + 1), None);
    assert!(
        index.heap_bytes() <= COUNT as usize * 16 * 8,
        "{}",
        index.heap_bytes()
    );
}

#[test]
fn hashes_that_are_alike_do_not_make_the_table_grow_for_ever() {
    let mut index = HashIndex::default();
    for number in 0..2_000 {
        assert_eq!(index.find_or_insert(u64::from(number) + 1, number), number);
    }
    assert!((0..2_000).all(|number| index.find(u64::from(number) + 1) == Some(number)));
    assert!(
        index.heap_bytes() <= 2_000 * 16 * 512,
        "{}",
        index.heap_bytes()
    );
}
