//! The answer as a picture: a metric, the marks on it, and what they say.

use std::fmt::Write as _;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampNanosecondType;
use chrono::DateTime;

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 44.0;
const CHART: f64 = 200.0;
const LINE: f64 = 20.0;

/// How many marks are told in words.
const TOLD: usize = 14;

/// The metric under the marks: a title, and points of time (nanoseconds since 1970) and value (0 to 1).
pub(crate) struct Metric<'a> {
    pub(crate) title: &'a str,
    pub(crate) points: &'a [(i64, f64)],
}

/// Draws an annotation frame over a metric, as SVG that follows the reader's light or dark theme.
pub(crate) fn svg(metric: &Metric<'_>, marks: &RecordBatch) -> Option<String> {
    let text = |name: &str| Some(marks.column_by_name(name)?.as_string::<i32>().clone());
    let time = |name: &str| Some(marks.column_by_name(name)?.as_primitive::<TimestampNanosecondType>().clone());
    let (times, ends, titles, states) = (time("time")?, time("timeEnd")?, text("title")?, text("newState")?);
    let (from, to) = (metric.points.first()?.0, metric.points.last()?.0);
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let x = |time: i64| LEFT + (WIDTH - LEFT - 16.0) * (time - from) as f64 / (to - from).max(1) as f64;
    let y = |value: f64| TOP + CHART * (1.0 - value.clamp(0.0, 1.0));

    let told = marks.num_rows().min(TOLD);
    #[expect(clippy::cast_precision_loss, reason = "a dozen lines")]
    let height = TOP + CHART + 40.0 + LINE * (told as f64 + 1.0);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="12">
<style>
  .paper {{ fill: #ffffff }} .ink {{ fill: #24292e }} .faint {{ fill: #6b7280 }} .grid {{ stroke: #e5e7eb }}
  .curve {{ fill: none; stroke: #3871dc; stroke-width: 1.6 }} .area {{ fill: #3871dc; opacity: .12 }}
  .alerting {{ fill: #e02f44; stroke: #e02f44 }} .pending {{ fill: #e0a000; stroke: #e0a000 }}
  .ok {{ fill: #299c46; stroke: #299c46 }} .nodata {{ fill: #808080; stroke: #808080 }}
  @media (prefers-color-scheme: dark) {{
    .paper {{ fill: #181b1f }} .ink {{ fill: #ccccdc }} .faint {{ fill: #9aa0a8 }} .grid {{ stroke: #2c3235 }} .curve {{ stroke: #6e9fff }} .area {{ fill: #6e9fff }}
  }}
</style>
<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>
<text class="ink" x="{LEFT}" y="24" font-size="14" font-weight="600">{}</text>
"#,
        metric.title
    );
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let y = y(percent / 100.0);
        let _ = writeln!(svg, r#"<line class="grid" x1="{LEFT}" x2="{}" y1="{y}" y2="{y}"/>"#, WIDTH - 16.0);
        let _ = writeln!(
            svg,
            r#"<text class="faint" x="{}" y="{}" text-anchor="end">{percent} %</text>"#,
            LEFT - 8.0,
            y + 4.0
        );
    }
    for part in 0..=4_i64 {
        let time = from + (to - from) / 4 * part;
        let anchor = if part == 4 { "end" } else { "middle" };
        let _ = writeln!(
            svg,
            r#"<text class="faint" x="{:.1}" y="{}" text-anchor="{anchor}">{}</text>"#,
            x(time),
            TOP + CHART + 18.0,
            clock(time)
        );
    }
    let points: String = metric.points.iter().fold(String::new(), |mut list, (time, value)| {
        let _ = write!(list, "{:.1},{:.1} ", x(*time), y(*value));
        list
    });
    let floor = y(0.0);
    let _ = writeln!(svg, r#"<polygon class="area" points="{:.1},{floor} {points}{:.1},{floor}"/>"#, x(from), x(to));
    let _ = writeln!(svg, r#"<polyline class="curve" points="{points}"/>"#);
    for row in 0..marks.num_rows() {
        let (state, start) = (states.value(row), x(times.value(row)));
        if ends.is_valid(row) {
            let width = (x(ends.value(row)) - start).max(2.0);
            let _ = writeln!(
                svg,
                r#"<rect class="{state}" x="{start:.1}" y="{TOP}" width="{width:.1}" height="{CHART}" opacity=".15" stroke="none"/>"#
            );
        }
        let _ = writeln!(
            svg,
            r#"<line class="{state}" x1="{start:.1}" x2="{start:.1}" y1="{TOP}" y2="{floor}" stroke-dasharray="3 3"/>"#
        );
        let _ = writeln!(svg, r#"<path class="{state}" d="M{start:.1} {floor} l-4 7 h8 z"/>"#);
    }
    for row in 0..told {
        #[expect(clippy::cast_precision_loss, reason = "a dozen lines")]
        let y = TOP + CHART + 44.0 + LINE * row as f64;
        let _ = writeln!(svg, r#"<circle class="{}" cx="{}" cy="{}" r="4"/>"#, states.value(row), LEFT + 4.0, y - 4.0);
        let _ = writeln!(svg, r#"<text class="faint" x="{}" y="{y}">{}</text>"#, LEFT + 16.0, clock(times.value(row)));
        // The title is escaped already: Grafana would render it as HTML.
        let _ = writeln!(svg, r#"<text class="ink" x="{}" y="{y}">{}</text>"#, LEFT + 78.0, titles.value(row));
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn clock(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).format("%H:%M:%S").to_string()
}
