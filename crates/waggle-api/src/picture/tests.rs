use super::*;
use serde_json::json;
use std::io::Read;

/// Takes a file apart again and returns its rows, as indexes of the palette.
fn decoded(png: &[u8]) -> (usize, usize, Vec<u8>) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let mut rest = &png[8..];
    let mut size = (0, 0);
    let mut packed = Vec::new();
    loop {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let (kind, bytes) = (&rest[4..8], &rest[8..8 + length]);
        let mut sum = flate2::Crc::new();
        sum.update(&rest[4..8 + length]);
        assert_eq!(rest[8 + length..12 + length], sum.sum().to_be_bytes());
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        match kind {
            b"IHDR" => size = (number(0), number(4)),
            b"IDAT" => packed.extend(bytes),
            b"IEND" => break,
            _ => {}
        }
        rest = &rest[12 + length..];
    }
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(packed.as_slice())
        .read_to_end(&mut rows)
        .unwrap();
    let pixels = rows.chunks(size.0 + 1).flat_map(|row| row[1..].to_vec());
    (size.0, size.1, pixels.collect())
}

fn point(minute: u32, name: &str, count: i64) -> Json {
    json!({"time": format!("2024-11-22T10:{minute:02}:00Z"), "data": {"name": name, "COUNT": count}})
}

#[test]
fn a_line_stands_for_each_group() {
    let query = json!({"breakdowns": ["name"]});
    let answer = json!({
        "results": [{"data": {"name": "a", "COUNT": 100}}, {"data": {"name": "b", "COUNT": 50}}],
        "series": [point(0, "a", 0), point(10, "a", 100), point(0, "b", 50), point(10, "b", 50)],
    });
    let (width, height, pixels) = decoded(&png(&query, &answer));
    assert_eq!((width, height), (WIDTH, HEIGHT));
    assert_eq!(pixels.len(), WIDTH * HEIGHT);
    let rows_of = |color: u8, column: usize| -> Vec<usize> {
        (0..height)
            .filter(|row| pixels[row * width + column] == color)
            .collect()
    };
    // The first group rises from the bottom to the top, the second stays half way; 150 and 1160 are the ends of the chart.
    let (start, end) = (rows_of(3, 152), rows_of(3, 1_157));
    assert!(start[0] > 520 && end[0] < 50, "{start:?} {end:?}");
    let (start, end) = (rows_of(4, 152), rows_of(4, 1_157));
    assert_eq!(start, end);
    assert!((280..300).contains(&start[0]), "{start:?}");
    assert!(
        pixels[..width * height].contains(&2),
        "the axes have numbers"
    );
}

#[test]
fn without_times_groups_are_bars() {
    let answer = json!({"results": [{"data": {"COUNT": 4}}, {"data": {"COUNT": 2}}], "series": []});
    let (width, height, pixels) = decoded(&png(&json!({}), &answer));
    let tall = |color: u8| {
        let column =
            (0..width).find(|column| (0..height).any(|row| pixels[row * width + column] == color));
        let column = column.unwrap();
        (0..height)
            .filter(|row| pixels[row * width + column] == color)
            .count()
    };
    assert!(
        tall(3).abs_diff(2 * tall(4)) <= 2,
        "{} {}",
        tall(3),
        tall(4)
    );
}

#[test]
fn odd_answers_give_a_picture_too() {
    for answer in [
        json!({}),
        json!(null),
        json!({"results": [{"data": {"COUNT": null}}], "series": [{"time": "never", "data": {"COUNT": 1}}]}),
        json!({"results": [{"data": {"COUNT": 1e300}}], "series": [point(0, "a", -7)]}),
    ] {
        let (_, _, pixels) = decoded(&png(&json!({"breakdowns": "x"}), &answer));
        assert_eq!(pixels.len(), WIDTH * HEIGHT, "{answer}");
    }
}
