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

/// Rows of a column that have a colour.
fn rows_of(pixels: &[u8], width: usize, column: usize, color: u8) -> Vec<usize> {
    (0..pixels.len() / width)
        .filter(|row| pixels[row * width + column] == color)
        .collect()
}

#[test]
fn a_line_stands_for_each_group_and_has_its_name_beside_it() {
    let query = json!({"breakdowns": ["name"]});
    let answer = json!({
        "results": [{"data": {"name": "a", "COUNT": 100}}, {"data": {"name": "b", "COUNT": 50}}],
        "series": [point(0, "a", 0), point(10, "a", 100), point(0, "b", 50), point(10, "b", 50)],
    });
    let (width, height, pixels) = decoded(&png(&query, &answer));
    assert_eq!((width, height), (WIDTH, HEIGHT));
    assert_eq!(pixels.len(), WIDTH * HEIGHT);
    // The first group rises from the bottom to the top, the second stays half way; the chart is from 140 to 870.
    let ends = |color: u8| {
        let of = |column: usize| rows_of(&pixels, width, column, color);
        (of(142)[0], of(867)[0])
    };
    let (start, end) = ends(3);
    assert!(start > 540 && end < 80, "{start} {end}");
    let (start, end) = ends(4);
    assert!(start == end && start.abs_diff(315) < 20, "{start} {end}");
    // Squares of both colours beside it.
    for color in [3, 4] {
        assert_eq!(rows_of(&pixels, width, 905, color).len(), 14);
    }
}

#[test]
fn calculations_stand_below_each_other() {
    let answer = json!({"results": [{"data": {"COUNT": 4, "P99(duration_ms)": 2.5, "SUM(a)": 1, "SUM(b)": 1}}], "series": []});
    let chart = Chart::of(&json!({}), &answer);
    let titles: Vec<&str> = chart.panels.iter().map(|panel| &*panel.title).collect();
    assert_eq!(titles, ["COUNT", "P99(duration_ms)", "SUM(a)"]);
    assert_eq!((chart.panels_left_out, chart.groups.len()), (1, 0));
    let (width, _, pixels) = decoded(&png(&json!({}), &answer));
    // A bar in each of the three, with paper between them.
    let rows = rows_of(&pixels, width, 600, 3);
    let gaps = rows
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > 20)
        .count();
    assert_eq!(gaps, 2);
}

#[test]
fn groups_beyond_the_colours_are_counted() {
    let rows: Vec<Json> = (0..11)
        .map(|number| json!({"data": {"name": format!("the name of group {number}"), "ok": null, "COUNT": 1}}))
        .collect();
    let answer = json!({"results": rows, "series": []});
    let chart = Chart::of(&json!({"breakdowns": ["name", "ok"]}), &answer);
    assert_eq!((chart.groups.len(), chart.groups_left_out), (8, 3));
    assert_eq!(chart.groups[7], "the name of group 7,..");
    let none = Chart::of(&json!({"breakdowns": ["ok"]}), &answer);
    assert_eq!(none.groups[0], "(none)");
}

#[test]
fn without_times_groups_are_bars() {
    let answer = json!({"results": [{"data": {"COUNT": 4}}, {"data": {"COUNT": 2}}], "series": []});
    let (width, height, pixels) = decoded(&png(&json!({}), &answer));
    let tall = |color: u8| {
        let column =
            (0..width).find(|column| (0..height).any(|row| pixels[row * width + column] == color));
        rows_of(&pixels, width, column.unwrap(), color).len()
    };
    assert!(
        tall(3).abs_diff(2 * tall(4)) <= 2,
        "{} {}",
        tall(3),
        tall(4)
    );
}

#[test]
fn a_heat_map_is_drawn_cell_by_cell() {
    let minute = |minute: u32| format!("2024-11-22T10:{minute:02}:00Z");
    let answer = json!({
        "results": [{"data": {}}], "series": [],
        "heatmaps": {"HEATMAP(duration_ms)": {
            "min_value": 0.0, "max_value": 100.0, "step_size": 50.0, "bins": 2,
            "times": [minute(0), minute(1), minute(2)], "counts": [[1, 0], [0, 1000], [1000, 0]],
        }},
    });
    let chart = Chart::of(&json!({}), &answer);
    assert_eq!(chart.panels[0].title, "HEATMAP(duration_ms)");
    let (width, _, pixels) = decoded(&png(&json!({}), &answer));
    let (few, many) = (11, 18);
    // One event is pale and low, a thousand are dark: high in the second column, low in the third.
    let low = rows_of(&pixels, width, 150, few);
    let high = rows_of(&pixels, width, 600, many);
    assert!(
        low[0] > 300 && rows_of(&pixels, width, 150, many).is_empty(),
        "{low:?}"
    );
    assert!(high[0] < 100 && *high.last().unwrap() < 320, "{high:?}");
    assert!(rows_of(&pixels, width, 1_000, many)[0] > 300);
}

#[test]
fn odd_answers_give_a_picture_too() {
    for answer in [
        json!({}),
        json!(null),
        json!({"results": [{"data": {"COUNT": null}}], "series": [{"time": "never", "data": {"COUNT": 1}}]}),
        json!({"results": [{"data": {"COUNT": 1e300}}], "series": [point(0, "a", -7)]}),
        json!({"heatmaps": {"x": {"times": ["2024-11-22T10:00:00Z"], "counts": [[5]], "min_value": 1, "max_value": 1}}}),
        json!({"heatmaps": {"x": {"times": [], "counts": [[5]]}, "y": 7}}),
    ] {
        let (_, _, pixels) = decoded(&png(&json!({"breakdowns": "x"}), &answer));
        assert_eq!(pixels.len(), WIDTH * HEIGHT, "{answer}");
    }
}
