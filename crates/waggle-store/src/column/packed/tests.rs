use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn numbers(rng: &mut StdRng, count: usize, width: u32) -> Vec<i64> {
    (0..count)
        .map(|_| {
            let bits = if width == 0 {
                0
            } else {
                rng.random::<u64>() >> (64 - width)
            };
            (-1_000_000_i64).wrapping_add_unsigned(bits)
        })
        .collect()
}

#[test]
fn every_width_and_length_reads_back_by_chunk_by_slot_and_by_range() {
    let seed = 7;
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for width in 0..=64_u32 {
        for count in [1, 2, 31, 1023, 1024, 1025, 2048, 2500] {
            let values = numbers(&mut rng, count, width);
            check(&values, &mut rng);
            if width <= 32 {
                let codes: Vec<u32> = values
                    .iter()
                    .map(|value| value.wrapping_add(1_000_000) as u32)
                    .collect();
                check(&codes, &mut rng);
            }
        }
    }
}

fn check<T: Lane>(values: &[T], rng: &mut StdRng) {
    let packed = Packed::new(values);
    assert_eq!(packed.len(), values.len());
    let mut chunk = [T::default(); CHUNK_ROWS];
    for (index, expected) in values.chunks(CHUNK_ROWS).enumerate() {
        assert_eq!(packed.unpack(index, &mut chunk), expected.len());
        assert_eq!(&chunk[..expected.len()], expected);
        let (low, high) = packed.bounds(index).unwrap();
        assert_eq!(Some(low), expected.iter().copied().min());
        assert!(expected.iter().all(|value| *value <= high));
        let pick = |rng: &mut StdRng| expected[rng.random_range(0..expected.len())];
        for bounds in [
            (pick(rng), pick(rng)),
            (pick(rng), pick(rng)),
            (low, high),
            (T::default(), pick(rng)),
            (pick(rng), pick(rng).offset_at_most(1_000)),
        ] {
            let mut bits = [u64::MAX; CHUNK_WORDS];
            packed.between(index, bounds, &mut bits);
            for place in 0..CHUNK_ROWS {
                let is_inside = expected
                    .get(place)
                    .is_some_and(|value| (bounds.0..=bounds.1).contains(value));
                assert_eq!(
                    bits[place / 64] >> (place % 64) & 1 == 1,
                    is_inside,
                    "{bounds:?}"
                );
            }
        }
    }
    assert_eq!(packed.unpack(packed.chunk_count(), &mut chunk), 0);
    for _ in 0..20 {
        let slot = rng.random_range(0..values.len());
        assert_eq!(packed.get(slot), values[slot]);
        let end = rng.random_range(slot..=values.len());
        let mut seen = Vec::new();
        packed.visit(slot..end, |index, value| {
            assert_eq!(index, seen.len());
            seen.push(value);
        });
        assert_eq!(seen, values[slot..end]);
    }
}

#[test]
fn extremes_of_both_lanes_pack() {
    let mut values = vec![i64::MIN, i64::MAX, 0, -1, 1];
    values.resize(1500, i64::MAX);
    check(&values, &mut StdRng::seed_from_u64(1));
    let codes: Vec<u32> = (0..1500)
        .map(|slot| if slot % 2 == 0 { 0 } else { u32::MAX })
        .collect();
    check(&codes, &mut StdRng::seed_from_u64(1));
}

#[test]
fn absent_slots_cost_no_bits() {
    let mut values = vec![i64::MAX; 1024];
    let mut present = vec![0_u64; 16];
    for slot in (0..1024).step_by(3) {
        values[slot] = 500 + slot as i64 % 4;
        present[slot / 64] |= 1 << (slot % 64);
    }
    let parts = pack(&values, Some(&present));
    assert_eq!((parts.bases[0], parts.widths[0]), (500, 2));
    let packed = Packed::from_parts(parts).unwrap();
    for slot in (0..1024).step_by(3) {
        assert_eq!(packed.get(slot), values[slot]);
    }
    assert_eq!(
        pack(&values, Some(&[0; 16])).widths,
        [0],
        "nothing is there"
    );
}

#[test]
fn lower_bound_finds_the_first_of_equal_values() {
    let values: Vec<i64> = (0..5000).map(|slot| slot / 700 * 10).collect();
    let packed = Packed::new(&values);
    for value in -5..90 {
        assert_eq!(
            packed.lower_bound(value),
            values.partition_point(|stored| *stored < value)
        );
    }
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let values: Vec<u32> = (0..1500).collect();
    let good = pack(&values, None);
    assert!(Packed::from_parts(good.clone()).is_ok());
    let broken: [fn(&mut PackedParts<u32>); 6] = [
        |parts| parts.count += 1024,
        |parts| parts.count = 1024,
        |parts| parts.widths[0] = 33,
        |parts| parts.widths[0] += 1,
        |parts| parts.words.truncate(10),
        |parts| parts.words.push(0),
    ];
    for (index, damage) in broken.into_iter().enumerate() {
        let mut parts = good.clone();
        damage(&mut parts);
        assert!(Packed::from_parts(parts).is_err(), "damage {index}");
    }
}

#[test]
fn the_order_of_packing_is_the_documented_one() {
    // docs/format.md promises this layout to other readers; written here a second time, bit by bit.
    let mut rng = StdRng::seed_from_u64(3);
    let order = [0, 4, 2, 6, 1, 5, 3, 7];
    for (width, lane_bits) in [(3, 8), (8, 8), (11, 16), (19, 32), (45, 64)] {
        let mut values: Vec<i64> = (0..1024)
            .map(|_| rng.random_range(0..1 << width) - 7)
            .collect();
        values[500] = -7;
        values[501] = (1 << width) - 8;
        let parts = pack(&values, None);
        assert_eq!((parts.bases[0], parts.widths[0]), (-7, width));
        let bytes: &[u8] = bytemuck::cast_slice(&parts.words);
        let (width, lanes) = (usize::from(width), 1024 / lane_bits);
        assert_eq!(bytes.len(), 128 * width);
        for lane in 0..lanes {
            for row in 0..lane_bits {
                let value = values[order[row / 8] * 16 + row % 8 * 128 + lane];
                for bit in 0..width {
                    let at = row * width + bit;
                    let stored = (at / lane_bits * lanes + lane) * lane_bits + at % lane_bits;
                    let stored = bytes[stored / 8] >> (stored % 8) & 1;
                    assert_eq!(i64::from(stored), (value + 7) >> bit & 1);
                }
            }
        }
    }
}

#[test]
fn whole_lanes_of_version_1_read_back() {
    // The order of the same page with lanes as wide as the type, packed here bit by bit.
    let mut rng = StdRng::seed_from_u64(4);
    let order = [0, 4, 2, 6, 1, 5, 3, 7];
    for width in 0..=32_u8 {
        let mask = u32::MAX.checked_shr(32 - u32::from(width)).unwrap_or(0);
        let values: Vec<u32> = (0..1024).map(|_| rng.random::<u32>() & mask).collect();
        let mut bytes = vec![0_u8; 128 * usize::from(width)];
        for lane in 0..32 {
            for row in 0..32 {
                let value = values[order[row / 8] * 16 + row % 8 * 128 + lane];
                for bit in 0..usize::from(width) {
                    let at = row * usize::from(width) + bit;
                    let place = (at / 32 * 32 + lane) * 32 + at % 32;
                    bytes[place / 8] |= ((value >> bit & 1) as u8) << (place % 8);
                }
            }
        }
        let parts = PackedParts {
            count: 1024,
            lanes: Lanes::Whole,
            bases: vec![5],
            widths: vec![width],
            words: bytes
                .chunks_exact(8)
                .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
                .collect(),
        };
        let packed = Packed::<u32>::from_parts(parts).unwrap();
        let mut unpacked = [0; CHUNK_ROWS];
        assert_eq!(packed.unpack(0, &mut unpacked), 1024);
        for (slot, value) in values.iter().enumerate() {
            assert_eq!(unpacked[slot], value.wrapping_add(5));
            assert_eq!(packed.get(slot), value.wrapping_add(5));
        }
    }
}

#[test]
fn narrow_numbers_unpack_narrow() {
    let mut rng = StdRng::seed_from_u64(5);
    for (top, count) in [
        (1, 1024),
        (200, 2500),
        (256, 1024),
        (300, 2048),
        (65_536, 1500),
    ] {
        let values: Vec<u32> = (0..count).map(|_| rng.random_range(0..top)).collect();
        let packed = Packed::new(&values);
        for (chunk, expected) in values.chunks(CHUNK_ROWS).enumerate() {
            let mut wide = [0_u16; CHUNK_ROWS];
            assert_eq!(packed.unpack_u16(chunk, &mut wide), expected.len());
            assert!(wide.iter().zip(expected).all(|(a, b)| u32::from(*a) == *b));
        }
    }
}
