use super::*;

#[test]
fn first_bits_sets_as_many_as_asked() {
    for count in [0, 1, 63, 64, 65, 1000, 1024] {
        let set: u32 = first_bits(count).iter().map(|word| word.count_ones()).sum();
        assert_eq!(set as usize, count);
    }
}

#[test]
fn ids_read_as_hex_and_hash_as_their_text() {
    let dictionary = Dictionary::Ids {
        width: 8,
        bytes: vec![0, 1, 2, 3, 0xab, 0xcd, 0xef, 0xff, 0, 0, 0, 0, 0, 0, 0, 1],
        order: IdOrder::default(),
    };
    assert_eq!(dictionary.text(0), "00010203abcdefff");
    assert_eq!(dictionary.hash(0), stable_hash("00010203abcdefff"));
    assert_eq!(dictionary.find("0000000000000001"), [1]);
    assert!(dictionary.find("0000000000000002").is_empty());
    assert!(dictionary.find("x").is_empty());
}

/// Ids are found one by one at first and by their order later; the answers are the same, also for ids that repeat.
#[test]
fn ids_are_found_whether_their_order_is_known_or_not() {
    let number = |code: u64| code * 7_919 % 400;
    let bytes = (0..1_000).flat_map(|code| number(code).to_be_bytes());
    let dictionary = Dictionary::Ids {
        width: 8,
        bytes: bytes.collect(),
        order: IdOrder::default(),
    };
    let before = dictionary.heap_bytes();
    for round in 0..3 {
        for wanted in 0..500 {
            let expected: Vec<u32> = (0..1_000)
                .filter(|code| number(*code) == wanted)
                .map(|code| code as u32)
                .collect();
            assert_eq!(
                dictionary.find(&format!("{wanted:016x}")),
                expected,
                "{round}"
            );
        }
    }
    assert_eq!(
        dictionary.heap_bytes(),
        before + 4_000,
        "it was sorted once"
    );
}

#[test]
fn gaps_read_as_absent_in_every_layout() {
    let rows: Vec<u32> = (0..3000).filter(|row| row % 7 == 0).collect();
    let mut words = vec![0_u64; 3000_usize.div_ceil(64)];
    for &row in &rows {
        words[row as usize / 64] |= 1 << (row % 64);
    }
    let dense: Vec<i64> = (0..3000).map(i64::from).collect();
    let sparse: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
    let bits = TypedColumn::new(
        3000,
        Presence::Bits(words.into()),
        Values::Ints(dense.into()),
    );
    let list = TypedColumn::new(
        3000,
        Presence::Rows(rows.into()),
        Values::Ints(sparse.into()),
    );
    for chunk in 0..3 {
        let (mut a, mut b) = (ChunkBuffer::default(), ChunkBuffer::default());
        bits.read_ints(chunk, &mut a);
        list.read_ints(chunk, &mut b);
        assert_eq!(a.present, b.present);
        assert!(
            (0..CHUNK_ROWS)
                .filter(|&index| a.has(index))
                .all(|index| a.values[index] == b.values[index])
        );
    }
    for row in 0..3000 {
        assert_eq!(bits.value(row), list.value(row));
    }
    assert_eq!(bits.value_count(), list.value_count());
}

/// Every type that is compared where it lies, with and without gaps, against its values read one by one.
#[test]
fn rows_between_bounds_are_those_whose_values_are() {
    let rows = 3_000_u32;
    let integers: Vec<i64> = (0..i64::from(rows))
        .map(|row| row * row % 997 - 300)
        .collect();
    let words: Vec<u64> = (0..rows.div_ceil(64))
        .map(|word| u64::from(word).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    let last = words.len() - 1;
    let mut words = words;
    words[last] &= (1 << (rows % 64)) - 1;
    for presence in [Presence::All, Presence::Bits(words.into())] {
        let packed = Arc::new(Packed::new(&integers));
        let column = |values| TypedColumn::new(rows, presence.clone(), values);
        let decimals = column(Values::Decimals {
            integers: Arc::clone(&packed),
            exponent: 2,
        });
        let stored = decimals.decimals_between(-0.005, 1.0).unwrap();
        assert_eq!(stored, (0, 100));
        assert!(
            decimals
                .decimals_between(2.0, 1.0)
                .is_some_and(|(low, high)| low > high)
        );
        let integers = column(Values::PackedInts(packed));
        for (column, bounds, low, high) in [
            (&integers, (-5, 250), Value::Int(-5), Value::Int(250)),
            (
                &integers,
                (i64::MIN, 0),
                Value::Int(i64::MIN),
                Value::Int(0),
            ),
            (&integers, (9, 8), Value::Int(9), Value::Int(8)),
            (&decimals, stored, Value::Float(-0.005), Value::Float(1.0)),
        ] {
            for chunk in 0..3 {
                let mut found = [0; CHUNK_WORDS];
                assert!(column.between(chunk, bounds, &mut found));
                for place in 0..CHUNK_ROWS {
                    let Some(value) = column.value((chunk * CHUNK_ROWS + place) as u32) else {
                        continue;
                    };
                    let is_inside = match (value, &low, &high) {
                        (Value::Int(value), Value::Int(low), Value::Int(high)) => {
                            (*low..=*high).contains(&value)
                        }
                        (Value::Float(value), Value::Float(low), Value::Float(high)) => {
                            (*low..=*high).contains(&value)
                        }
                        _ => false,
                    };
                    assert_eq!(found[place / 64] >> (place % 64) & 1 == 1, is_inside);
                }
            }
        }
    }
}
