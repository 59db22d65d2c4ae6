//! Lines, bars and numbers as pixels. The digits are drawn here, three pixels by five: an axis needs no more, and words stand in the text
//! beside the picture.

use super::chart::{Chart, GROUPS_MAX, Marks};
use jiff::Timestamp;

/// Paper, grid, ink of numbers, and a colour for each group, in this order. The colours are those of the UI's charts.
pub(super) const PALETTE: [[u8; 3]; 3 + GROUPS_MAX] = [
    [0xff, 0xff, 0xff],
    [0xe3, 0xe2, 0xdd],
    [0x5c, 0x5a, 0x52],
    [0x1f, 0x5f, 0xbf],
    [0xd9, 0x8e, 0x04],
    [0x1e, 0x7a, 0x3c],
    [0xb3, 0x26, 0x1e],
    [0x7b, 0x3f, 0xb5],
    [0x0e, 0x7c, 0x86],
    [0xb0, 0x3a, 0x7a],
    [0x6b, 0x6b, 0x2a],
];
const GRID: u8 = 1;
const INK: u8 = 2;
const GROUPS: u8 = 3;

const MARGIN: f64 = 40.0;
/// For the numbers left of the chart and below it.
const LEFT: f64 = 110.0;
const BELOW: f64 = 60.0;
/// Sides of a digit's pixel.
const DIGIT_PIXEL: i64 = 5;
const GRID_LINES: u32 = 4;
const TIMES: u32 = 4;
/// Half the thickness of a line.
const LINE_HALF: i64 = 2;

/// Pixels, each an index of the palette.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.width)
    }

    /// Fills a rectangle; what is beside the canvas is cut off.
    fn fill(&mut self, x: (i64, i64), y: (i64, i64), color: u8) {
        let clip = |(from, to): (i64, i64), length: usize| {
            let place = |at: i64| usize::try_from(at).unwrap_or(0).min(length);
            place(from)..place(to)
        };
        for row in clip(y, self.height) {
            let start = row * self.width;
            let columns = clip(x, self.width);
            let pixels = self
                .pixels
                .get_mut(start + columns.start..start + columns.end);
            if let Some(pixels) = pixels {
                pixels.fill(color);
            }
        }
    }

    fn dot(&mut self, (x, y): (f64, f64), half: i64, color: u8) {
        let (x, y) = (pixel(x), pixel(y));
        self.fill((x - half, x + half), (y - half, y + half), color);
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), color: u8) {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let steps = pixel(across.abs().max(down.abs())).max(1);
        for step in 0..=steps {
            let part = ratio(step, steps);
            let place = (from.0 + across * part, from.1 + down * part);
            self.dot(place, LINE_HALF, color);
        }
    }

    /// Writes digits and their companions to the right of a place.
    fn digits(&mut self, text: &str, (x, y): (f64, f64)) {
        let (mut x, y) = (pixel(x), pixel(y));
        for letter in text.chars() {
            for (row, bits) in (0_i64..).zip(glyph(letter)) {
                for column in 0..3_i64 {
                    if bits >> (2 - column) & 1 == 1 {
                        let (left, top) = (x + column * DIGIT_PIXEL, y + row * DIGIT_PIXEL);
                        let right = (left, left + DIGIT_PIXEL);
                        self.fill(right, (top, top + DIGIT_PIXEL), INK);
                    }
                }
            }
            x += 4 * DIGIT_PIXEL;
        }
    }
}

/// Draws a chart.
pub(super) fn drawn(chart: &Chart, width: usize, height: usize) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let side = |pixels: usize| f64::from(u32::try_from(pixels).unwrap_or(0));
    let (left, right) = (LEFT + MARGIN, side(width) - MARGIN);
    let (top, bottom) = (MARGIN, side(height) - BELOW - MARGIN);
    let (low, high) = chart.values;
    let span = if high > low { high - low } else { 1.0 };
    let height_of = |value: f64| bottom - (value - low) / span * (bottom - top);
    for line in 0..=GRID_LINES {
        let value = low + span * f64::from(line) / f64::from(GRID_LINES);
        let y = height_of(value);
        canvas.fill(
            (pixel(left), pixel(right)),
            (pixel(y) - 1, pixel(y) + 1),
            GRID,
        );
        canvas.digits(&number_text(value), (MARGIN / 2.0, y - 12.0));
    }
    let colors = (0..GROUPS_MAX).filter_map(|group| Some(GROUPS + u8::try_from(group).ok()?));
    match &chart.marks {
        Marks::Lines(lines) => {
            let (start, end) = chart.seconds.unwrap_or_default();
            let place = |(second, value): (i64, f64)| {
                let part = ratio(second - start, (end - start).max(1));
                (left + part * (right - left), height_of(value))
            };
            // The first group lies above the others.
            for (points, color) in lines
                .iter()
                .zip(colors)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                if let [point] = points.as_slice() {
                    canvas.dot(place(*point), 3 * LINE_HALF, color);
                }
                for ends in points.windows(2) {
                    if let [from, to] = ends {
                        canvas.line(place(*from), place(*to), color);
                    }
                }
            }
            for time in 0..=TIMES {
                let part = f64::from(time) / f64::from(TIMES);
                let second = start + (end - start) * i64::from(time) / i64::from(TIMES);
                let text = time_text(second, end - start);
                let length = text.chars().count() * 4;
                let wide = side(length) * 5.0;
                let x = left + part * (right - left) - wide * part;
                canvas.digits(&text, (x, bottom + MARGIN / 2.0));
            }
        }
        Marks::Bars(bars) => {
            let step = (right - left) / side(bars.len().max(1));
            for (index, (value, color)) in bars.iter().zip(colors).enumerate() {
                let from = left + step * (side(index) + 0.15);
                let (one, other) = (height_of(*value), height_of(0.0));
                let y = (pixel(one.min(other)), pixel(one.max(other)) + 1);
                canvas.fill((pixel(from), pixel(from + step * 0.7)), y, color);
            }
        }
    }
    canvas
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "places on a canvas of a thousand pixels; the conversion saturates"
)]
fn pixel(place: f64) -> i64 {
    place.round() as i64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pixels and the seconds of one chart are far below 2^53"
)]
fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

/// A number of at most five letters: three digits and a thousand, million, milliard or billion.
fn number_text(value: f64) -> String {
    let (mut shown, mut unit) = (value, "");
    for next in ["k", "M", "G", "T"] {
        if shown.abs() < 1_000.0 {
            break;
        }
        shown /= 1_000.0;
        unit = next;
    }
    let digits = match shown.abs() {
        size if size >= 100.0 || size == size.trunc() => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{shown:.digits$}{unit}")
}

/// Hours and minutes in UTC, or month and day where the chart is longer than two days.
fn time_text(second: i64, length_s: i64) -> String {
    let format = if length_s > 2 * 86_400 {
        "%m-%d"
    } else {
        "%H:%M"
    };
    Timestamp::from_second(second)
        .map(|time| time.strftime(format).to_string())
        .unwrap_or_default()
}

/// Five rows of three bits, the left one highest.
fn glyph(letter: char) -> [u8; 5] {
    match letter {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 3, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 2, 2],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        '.' => [0, 0, 0, 0, 2],
        ':' => [0, 2, 0, 2, 0],
        '-' => [0, 0, 7, 0, 0],
        'k' => [4, 5, 6, 6, 5],
        'M' => [5, 7, 7, 5, 5],
        'G' => [7, 4, 5, 5, 7],
        'T' => [7, 2, 2, 2, 2],
        _ => [0; 5],
    }
}
