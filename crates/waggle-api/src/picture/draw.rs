//! Lines, bars, cells and words as pixels: one panel a calculation, below each other over one axis of time, and the groups' names beside them.

use super::chart::{Chart, GROUPS_MAX, Marks, Panel, step_s};
use super::font;
use jiff::Timestamp;

/// Paper, grid, ink, a colour for each group, and the steps of heat from few to many, in this order. The colours are those of the UI's
/// charts.
pub(super) const PALETTE: [[u8; 3]; 3 + GROUPS_MAX + HEAT_STEPS] = [
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
    [0xe3, 0xee, 0xf7],
    [0xc6, 0xdc, 0xee],
    [0x9f, 0xc5, 0xe3],
    [0x70, 0xa9, 0xd4],
    [0x46, 0x8b, 0xc2],
    [0x28, 0x6c, 0xac],
    [0x12, 0x4e, 0x91],
    [0x08, 0x30, 0x66],
];
const GRID: u8 = 1;
const INK: u8 = 2;
const GROUPS: u8 = 3;
const HEAT: u8 = GROUPS + GROUPS_MAX as u8;
const HEAT_STEPS: usize = 8;

const MARGIN: f64 = 30.0;
/// For the numbers left of the charts, the times below them and a panel's title above it.
const LEFT: f64 = 110.0;
const BELOW: f64 = 50.0;
const TITLE: f64 = 34.0;
/// For the names of groups.
const NAMES: f64 = 300.0;
const NAME_LINE: f64 = 34.0;
/// Sides of a letter's pixel.
const LETTER_PIXEL: i64 = 2;
const LETTER_WIDTH: i64 = (font::WIDTH as i64 + 1) * LETTER_PIXEL;
/// Half the height of a letter.
const LETTER_HALF: f64 = 7.0;
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

    /// Writes to the right of a place, which is the top of the letters.
    fn text(&mut self, text: &str, (x, y): (f64, f64)) {
        let (mut x, y) = (pixel(x), pixel(y));
        for letter in text.chars() {
            for (row, bits) in (0_i64..).zip(font::glyph(letter)) {
                for column in 0..5_i64 {
                    if bits >> (4 - column) & 1 == 1 {
                        let left = x + column * LETTER_PIXEL;
                        let top = y + row * LETTER_PIXEL;
                        self.fill((left, left + LETTER_PIXEL), (top, top + LETTER_PIXEL), INK);
                    }
                }
            }
            x += LETTER_WIDTH;
        }
    }

    /// Writes to the left of a place.
    fn text_before(&mut self, text: &str, (x, y): (f64, f64)) {
        self.text(text, (x - width_of(text), y));
    }
}

/// Where a panel stands.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    values: (f64, f64),
    seconds: (i64, i64),
}

impl Frame {
    fn x(&self, second: i64) -> f64 {
        let (start, end) = self.seconds;
        let part = ratio(
            second.saturating_sub(start),
            end.saturating_sub(start).max(1),
        );
        self.left + part * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let span = if high > low { high - low } else { 1.0 };
        self.bottom - (value - low) / span * (self.bottom - self.top)
    }
}

/// Draws a chart.
pub(super) fn drawn(chart: &Chart, width: usize, height: usize) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let names = if chart.groups.is_empty() { 0.0 } else { NAMES };
    let right = side(width) - MARGIN - names;
    let panels = side(chart.panels.len().max(1));
    let panel_height = (side(height) - BELOW - MARGIN) / panels;
    let mut top = MARGIN;
    for panel in &chart.panels {
        let frame = Frame {
            left: LEFT + MARGIN,
            right,
            top: top + TITLE,
            bottom: top + panel_height - LETTER_HALF - 4.0,
            values: panel.values,
            seconds: chart.seconds.unwrap_or_default(),
        };
        draw_panel(&mut canvas, panel, &frame);
        top += panel_height;
    }
    if let Some((start, end)) = chart.seconds {
        draw_times(
            &mut canvas,
            (start, end),
            (LEFT + MARGIN, right),
            top + 10.0,
        );
    }
    draw_names(&mut canvas, chart, right + MARGIN);
    if chart.panels_left_out > 0 {
        let text = format!("and {} more calculations", chart.panels_left_out);
        canvas.text_before(&text, (side(width) - MARGIN, MARGIN / 2.0));
    }
    canvas
}

fn draw_panel(canvas: &mut Canvas, panel: &Panel, frame: &Frame) {
    let line_count = if frame.bottom - frame.top > 300.0 {
        4
    } else {
        2
    };
    canvas.text(&panel.title, (frame.left, frame.top - TITLE + 4.0));
    let (low, high) = panel.values;
    let (unit, divisor) = unit_of(&panel.title, high);
    for line in 0..=line_count {
        let value = low + (high - low) * f64::from(line) / f64::from(line_count);
        let y = match high > low {
            true => frame.y(value),
            false if line == 0 => frame.bottom,
            false => continue,
        };
        canvas.fill(
            (pixel(frame.left), pixel(frame.right)),
            (pixel(y) - 1, pixel(y) + 1),
            GRID,
        );
        let text = format!("{}{unit}", number_text(value / divisor));
        canvas.text_before(&text, (frame.left - 10.0, y - LETTER_HALF));
    }
    match &panel.marks {
        // The first group lies above the others.
        Marks::Lines(lines) => {
            for (group, points) in lines.iter().rev() {
                let place = |(second, value): (i64, f64)| (frame.x(second), frame.y(value));
                if let [point] = points.as_slice() {
                    canvas.dot(place(*point), 3 * LINE_HALF, color_of(*group));
                }
                for ends in points.windows(2) {
                    if let [from, to] = ends {
                        canvas.line(place(*from), place(*to), color_of(*group));
                    }
                }
            }
        }
        Marks::Bars(bars) => {
            let step = (frame.right - frame.left) / side(bars.len().max(1));
            for (index, (group, value)) in bars.iter().enumerate() {
                let from = frame.left + step * (side(index) + 0.15);
                let (one, other) = (frame.y(*value), frame.y(0.0));
                let y = (pixel(one.min(other)), pixel(one.max(other)) + 1);
                canvas.fill((pixel(from), pixel(from + step * 0.7)), y, color_of(*group));
            }
        }
        Marks::Heat(columns) => draw_cells(canvas, columns, frame),
    }
}

fn draw_cells(canvas: &mut Canvas, columns: &[(i64, Vec<f64>)], frame: &Frame) {
    let step_s = step_s(columns);
    for (second, cells) in columns {
        let across = (
            pixel(frame.x(*second)),
            pixel(frame.x(second.saturating_add(step_s))),
        );
        let height = (frame.bottom - frame.top) / side(cells.len().max(1));
        for (index, fullness) in cells.iter().enumerate() {
            if *fullness > 0.0 {
                let bottom = frame.bottom - height * side(index);
                let step = pixel((fullness * side(HEAT_STEPS)).ceil()) - 1;
                let step = u8::try_from(step.clamp(0, HEAT_STEPS as i64 - 1)).unwrap_or(0);
                let down = (pixel(bottom - height), pixel(bottom));
                canvas.fill(across, down, HEAT + step);
            }
        }
    }
}

fn draw_times(canvas: &mut Canvas, (start, end): (i64, i64), (left, right): (f64, f64), y: f64) {
    for time in 0..=TIMES {
        let part = f64::from(time) / f64::from(TIMES);
        let length = end.saturating_sub(start);
        let second = start.saturating_add(length / i64::from(TIMES) * i64::from(time));
        let mut text = time_text(second, length);
        if time == TIMES {
            text.push_str(" UTC");
        }
        let x = left + part * (right - left) - width_of(&text) * part;
        canvas.text(&text, (x, y));
    }
}

/// A square of its colour and the name of each group.
fn draw_names(canvas: &mut Canvas, chart: &Chart, left: f64) {
    let mut y = MARGIN + TITLE;
    for (group, name) in chart.groups.iter().enumerate() {
        let (x, top) = (pixel(left), pixel(y));
        canvas.fill((x, x + 14), (top, top + 14), color_of(group));
        canvas.text(name, (left + 24.0, y));
        y += NAME_LINE;
    }
    if chart.groups_left_out > 0 {
        let text = format!("and {} more", chart.groups_left_out);
        canvas.text(&text, (left + 24.0, y));
    }
}

fn color_of(group: usize) -> u8 {
    GROUPS + u8::try_from(group % GROUPS_MAX).unwrap_or(0)
}

fn width_of(text: &str) -> f64 {
    side(text.chars().count()) * ratio(LETTER_WIDTH, 1)
}

fn side(pixels: usize) -> f64 {
    f64::from(u32::try_from(pixels).unwrap_or(0))
}

/// The unit that the end of a column's name tells, and what to divide by to have it; from a second on, milliseconds are shown as seconds.
fn unit_of(title: &str, high: f64) -> (&'static str, f64) {
    let name = title.trim_end_matches(')');
    let is_count = title.starts_with("COUNT");
    match name.rsplit_once('_') {
        Some((_, "ms")) if !is_count && high >= 1_000.0 => (" s", 1_000.0),
        Some((_, "ms")) if !is_count => (" ms", 1.0),
        Some((_, "bytes")) if !is_count => (" B", 1.0),
        _ => ("", 1.0),
    }
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
