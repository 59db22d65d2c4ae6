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
        order: Vec::new(),
    };
    assert_eq!(dictionary.text(0), "00010203abcdefff");
    assert_eq!(dictionary.hash(0), stable_hash("00010203abcdefff"));
    assert_eq!(dictionary.find("0000000000000001"), [1]);
    assert!(dictionary.find("0000000000000002").is_empty());
    assert!(dictionary.find("x").is_empty());
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
