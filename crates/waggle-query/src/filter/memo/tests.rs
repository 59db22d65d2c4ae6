use super::*;
use std::cell::Cell;
use waggle_store::column::Interner;

fn dictionary(entries: usize) -> Arc<Dictionary> {
    let mut interner = Interner::default();
    for entry in 0..entries {
        interner.intern(&format!("entry {entry}"));
    }
    Arc::new(interner.into_dictionary())
}

#[test]
fn a_condition_is_looked_up_once_per_dictionary_until_others_push_it_out() {
    let memo = TextMemo::new(3 * 1_000);
    let looks = Cell::new(0);
    let ask = |dictionary: &Arc<Dictionary>, condition: &str| {
        let look = || {
            looks.set(looks.get() + 1);
            vec![1; dictionary.len()].into()
        };
        let entries = memo.get_or_look(dictionary, &condition.into(), look);
        assert_eq!(entries.len(), dictionary.len());
        looks.get()
    };
    let (left, right) = (dictionary(500), dictionary(500));
    assert_eq!(ask(&left, "contains a"), 1);
    assert_eq!(ask(&left, "contains a"), 1);
    assert_eq!(ask(&right, "contains a"), 2);
    assert_eq!(ask(&left, "contains b"), 3);
    assert_eq!(ask(&left, "contains a"), 3);
    assert_eq!(ask(&left, "contains c"), 4);
    assert_eq!(ask(&left, "contains d"), 5);
    assert_eq!(ask(&left, "contains a"), 6, "it was the oldest");
    let small = dictionary(3);
    assert_eq!(ask(&small, "contains a"), 7);
    assert_eq!(ask(&small, "contains a"), 8, "not worth remembering");
}
