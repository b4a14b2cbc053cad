//! An answer's frames as rows for programs: JSON and CSV.
//!
//! Grafana's frames distinguish series by labels. Programs need columns: a field with labels becomes separate rows, with a
//! column for each label, so that a count over time by method has the columns `time`, `method` and `count`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimestampNanosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use audittrail::frame::{Field, Frame};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde::ser::Serializer;
use serde_json::value::RawValue;

/// Characters at the start of a cell with which a spreadsheet begins a formula, in half and full width.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A value of a row.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    /// No value.
    Null,
    /// A text or a time.
    Text(String),
    /// A number or a truth value.
    Plain(serde_json::Value),
    /// JSON as recorded: numbers have all their digits.
    Json(Box<RawValue>),
}

/// Rows with named columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// The columns' names.
    pub(crate) columns: Vec<String>,
    /// The rows; each has a value for each column.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// One JSON document: the columns of a table in their order, each row as an object, further tables by name, and the answer's
/// notices.
#[derive(Serialize)]
pub(crate) struct Document<'a, N> {
    #[serde(flatten)]
    first: Table<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tables: BTreeMap<&'a str, Table<'a>>,
    complete: bool,
    notices: N,
}

#[derive(Serialize)]
struct Table<'a> {
    columns: &'a [String],
    rows: Vec<Object<'a>>,
}

impl<'a, N> Document<'a, N> {
    /// The document of an answer's tables.
    pub(crate) fn of(tables: &'a [(String, Rows)], complete: bool, notices: N) -> Self {
        let mut tables = tables.iter().map(|(name, rows)| (name.as_str(), rows.table()));
        let (_, first) = tables.next().expect("an answer has a table");
        Self { first, tables: tables.collect(), complete, notices }
    }
}

struct Object<'a> {
    columns: &'a [String],
    row: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().zip(self.row))
    }
}

impl Rows {
    /// The tables of an answer, at least one, each with its name: frames with the same columns are one table. `columns` are
    /// those of an answer without fields, in which nothing was counted.
    pub(crate) fn tables(frames: &[Frame], columns: &[&str]) -> Vec<(String, Self)> {
        let mut tables: Vec<(String, Self)> = Vec::new();
        for frame in frames.iter().filter(|frame| !frame.fields.is_empty()) {
            let rows = Self::of(frame);
            match tables.last_mut().filter(|(_, table)| table.columns == rows.columns) {
                Some((_, table)) => table.rows.extend(rows.rows),
                None => tables.push((frame.name.clone(), rows)),
            }
        }
        if tables.is_empty() {
            let columns = columns.iter().map(|name| (*name).to_owned()).collect();
            tables.push((String::new(), Self { columns, rows: Vec::new() }));
        }
        tables
    }

    fn of(frame: &Frame) -> Self {
        let (series, shared): (Vec<&Field>, Vec<&Field>) =
            frame.fields.iter().partition(|field| !field.labels.is_empty());
        let own = shared.iter().map(|field| field.name.clone());
        let of_series = series.first().map(|field| {
            let labels = field.labels.keys().cloned();
            labels.chain(std::iter::once(field.name.clone())).collect::<Vec<_>>()
        });
        let columns = own.chain(of_series.unwrap_or_default()).collect();
        let mut rows = Vec::new();
        for row in 0..frame.rows() {
            let start: Vec<Cell> = shared.iter().map(|field| cell(field.values.as_ref(), row)).collect();
            if series.is_empty() {
                rows.push(start);
                continue;
            }
            for field in &series {
                let labels = field.labels.values().map(|text| Cell::Text(text.clone()));
                let number = cell(field.values.as_ref(), row);
                rows.push(start.iter().cloned().chain(labels).chain(std::iter::once(number)).collect());
            }
        }
        Self { columns, rows }
    }

    fn table(&self) -> Table<'_> {
        let columns = &self.columns;
        Table { columns, rows: self.rows.iter().map(|row| Object { columns, row }).collect() }
    }

    /// CSV as in RFC 4180, with a header.
    ///
    /// The caller of the API chooses names and user agents. A text that a spreadsheet would take for a formula begins
    /// with an apostrophe, see [`guarded`]; JSON has the exact text.
    pub(crate) fn csv(&self, out: impl Write) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        if !self.columns.is_empty() {
            writer.write_record(&self.columns)?;
        }
        for row in &self.rows {
            writer.write_record(row.iter().map(text))?;
        }
        writer.flush()
    }
}

/// A cell of CSV. A number is not a formula.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => guarded(text),
        Cell::Plain(value) => value.to_string(),
        Cell::Json(json) => guarded(json.get()),
    }
}

/// A text that is neither a formula to a spreadsheet nor a command to a terminal: with an apostrophe before a character that
/// begins a formula, also behind white space, and with U+FFFD for control characters other than tab and line feed.
fn guarded(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n') { '\u{fffd}' } else { c }).collect();
    let begins = text.trim_start().starts_with(FORMULA) || text.starts_with(['\t', '\n', '\u{fffd}']);
    if begins { format!("'{text}") } else { text }
}

/// A value of a column.
fn cell(column: &dyn Array, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Boolean => Cell::Plain(column.as_boolean().value(row).into()),
        DataType::Int64 => Cell::Plain(column.as_primitive::<Int64Type>().value(row).into()),
        DataType::Timestamp(..) => {
            let time = DateTime::from_timestamp_nanos(column.as_primitive::<TimestampNanosecondType>().value(row));
            Cell::Text(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        // A frame has JSON as bytes.
        DataType::Binary => {
            let bytes = column.as_binary::<i32>().value(row);
            let exact = serde_json::from_slice::<Box<RawValue>>(bytes);
            exact.map_or_else(|_| Cell::Text(String::from_utf8_lossy(bytes).into_owned()), Cell::Json)
        }
        _ => {
            let cells = ArrayFormatter::try_new(column, &FormatOptions::default());
            let text = cells.map(|cells| cells.value(row).to_string()).expect("every type of a frame can be shown");
            text.parse::<serde_json::Number>().map_or_else(|_| Cell::Text(text), |number| Cell::Plain(number.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BinaryArray, BooleanArray, Float64Array, Int64Array, StringArray, TimestampNanosecondArray};

    use super::*;

    fn frame(fields: Vec<Field>) -> Frame {
        Frame { fields, ..Frame::default() }
    }

    /// The one table of an answer.
    fn one(frames: &[Frame], columns: &[&str]) -> Rows {
        let [(_, rows)] = Rows::tables(frames, columns).try_into().expect("one table");
        rows
    }

    fn csv(rows: &Rows) -> String {
        let mut out = Vec::new();
        rows.csv(&mut out).expect("memory takes it");
        String::from_utf8(out).expect("UTF-8")
    }

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_table_has_its_columns_with_types_and_digits_of_values() {
        let body = "{\"a\": [1.50, 12345678901234567890123, 1e400]}";
        let frame = frame(vec![
            Field::required("time", Arc::new(TimestampNanosecondArray::from(vec![1, 1_700_000_000_000_000_000]))),
            Field::new("text", Arc::new(StringArray::from(vec![Some("=1\u{1b}"), None]))),
            Field::required("count", Arc::new(Int64Array::from(vec![-1, i64::MAX]))),
            Field::required("share", Arc::new(Float64Array::from(vec![0.5, -2.25]))),
            Field::required("flag", Arc::new(BooleanArray::from(vec![true, false]))),
            Field::new("body", Arc::new(BinaryArray::from_opt_vec(vec![Some(body.as_bytes()), None]))),
        ]);
        let rows = one(&[frame], &[]);
        let document =
            serde_json::to_string(&Document::of(&[(String::new(), rows.clone())], false, ["a note"])).expect("JSON");
        let expected = concat!(
            r#"{"columns":["time","text","count","share","flag","body"],"rows":["#,
            r#"{"time":"1970-01-01T00:00:00.000000001Z","text":"=1\u001b","count":-1,"share":0.5,"flag":true,"#,
            r#""body":{"a": [1.50, 12345678901234567890123, 1e400]}},"#,
            r#"{"time":"2023-11-14T22:13:20Z","text":null,"count":9223372036854775807,"share":-2.25,"flag":false,"body":null}],"#,
            r#""complete":false,"notices":["a note"]}"#
        );
        assert_eq!(document, expected);
        let line = "1970-01-01T00:00:00.000000001Z,'=1\u{fffd},-1,0.5,true,\"{\"\"a\"\": [1.50, 12345678901234567890123, 1e400]}\"";
        assert_eq!(csv(&rows).lines().nth(1), Some(line));
    }

    #[test]
    fn series_become_rows_with_a_column_for_each_label() {
        let time = || Field::required("time", Arc::new(TimestampNanosecondArray::from(vec![0, 1_000_000_000])));
        let count = |numbers: Vec<i64>, pairs: &[(&str, &str)]| {
            Field::required("count", Arc::new(Int64Array::from(numbers))).labelled(labels(pairs))
        };
        let wide = frame(vec![
            time(),
            count(vec![1, 2], &[("method", "Create"), ("region", "fr-par")]),
            count(vec![3, 4], &[("method", "Delete"), ("region", "fr-par")]),
        ]);
        let text = "time,method,region,count\r\n1970-01-01T00:00:00Z,Create,fr-par,1\r\n1970-01-01T00:00:00Z,Delete,fr-par,3\r\n\
                    1970-01-01T00:00:01Z,Create,fr-par,2\r\n1970-01-01T00:00:01Z,Delete,fr-par,4\r\n";
        assert_eq!(csv(&one(&[wide], &[])), text);
        let multi = [
            frame(vec![time(), count(vec![1, 2], &[("level", "info")])]),
            frame(vec![time(), count(vec![0, 5], &[("level", "critical")])]),
        ];
        let text = "time,level,count\r\n1970-01-01T00:00:00Z,info,1\r\n1970-01-01T00:00:01Z,info,2\r\n\
                    1970-01-01T00:00:00Z,critical,0\r\n1970-01-01T00:00:01Z,critical,5\r\n";
        assert_eq!(csv(&one(&multi, &[])), text);
    }

    #[test]
    fn an_answer_without_fields_has_the_columns_that_it_would_have() {
        let rows = one(&[frame(vec![])], &["principal", "count"]);
        assert_eq!(csv(&rows), "principal,count\r\n");
        let document = serde_json::to_string(&Document::of(&[(String::new(), rows)], true, [0; 0])).expect("JSON");
        assert_eq!(document, r#"{"columns":["principal","count"],"rows":[],"complete":true,"notices":[]}"#);
        assert_eq!(csv(&one(&[], &[])), "");
    }

    #[test]
    fn frames_with_other_columns_are_tables_of_their_own() {
        let column = |name: &str, number| Field::required(name, Arc::new(Int64Array::from(vec![number])));
        let frames = [("suspects", "rank", 1), ("spans", "peak", 9), ("spans", "peak", 8)]
            .map(|(name, field, number)| Frame { name: name.to_owned(), ..frame(vec![column(field, number)]) });
        let tables = Rows::tables(&frames, &[]);
        let document = serde_json::to_string(&Document::of(&tables, true, [0; 0])).expect("JSON");
        let expected = concat!(
            r#"{"columns":["rank"],"rows":[{"rank":1}],"#,
            r#""tables":{"spans":{"columns":["peak"],"rows":[{"peak":9},{"peak":8}]}},"complete":true,"notices":[]}"#
        );
        assert_eq!(document, expected);
    }

    #[test]
    fn csv_is_quoted_and_has_no_formula() {
        let texts = vec![
            "plain",
            "with, comma",
            "\"quoted\"",
            "two\nlines",
            "=HYPERLINK(\"http://evil\",\"x\")",
            "+1",
            "-2+3",
            "@SUM(A1)",
            " =1",
            "\u{a0}=1",
            "\t=1",
            "\r=1",
            "＝1",
            "\u{1b}]0;owned\u{7}",
            "a=b",
            "",
        ];
        let rows = one(&[frame(vec![Field::required("text", Arc::new(StringArray::from(texts)))])], &[]);
        let expected = [
            "text",
            "plain",
            "\"with, comma\"",
            "\"\"\"quoted\"\"\"",
            "\"two\nlines\"",
            "\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\"",
            "'+1",
            "'-2+3",
            "'@SUM(A1)",
            "' =1",
            "'\u{a0}=1",
            "'\t=1",
            "'\u{fffd}=1",
            "'＝1",
            "'\u{fffd}]0;owned\u{fffd}",
            "a=b",
            "\"\"",
        ];
        assert_eq!(csv(&rows), expected.map(|line| format!("{line}\r\n")).concat());
    }

    #[test]
    fn a_number_is_not_a_formula_in_csv() {
        let numbers = frame(vec![Field::required("count", Arc::new(Int64Array::from(vec![-5])))]);
        assert_eq!(csv(&one(&[numbers], &[])), "count\r\n-5\r\n");
    }
}
