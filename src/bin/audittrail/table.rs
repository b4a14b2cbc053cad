//! Frames as tables in a terminal.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use audittrail::query::text::cell as cell_text;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

/// What a table shows of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// The columns, as far as the frame has them; none for all.
    pub(crate) columns: &'static [&'static str],
    /// The longest text of a cell, in characters.
    pub(crate) longest: usize,
}

impl Shown {
    /// All columns, with the beginnings of texts.
    pub(crate) const ALL: Self = Self { columns: &[], longest: 90 };
}

/// A table of a frame, at most `most` rows, with the number of further rows.
pub(crate) fn table(batch: &RecordBatch, Shown { columns, longest }: Shown, most: usize) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    let indices: Vec<usize> = if columns.is_empty() {
        (0..batch.num_columns()).collect()
    } else {
        columns.iter().filter_map(|name| batch.schema_ref().index_of(name).ok()).collect()
    };
    table.set_header(indices.iter().map(|index| batch.schema_ref().field(*index).name()));
    for row in 0..batch.num_rows().min(most) {
        table.add_row(indices.iter().map(|index| cell(batch.column(*index), row, longest)));
    }
    let more = batch.num_rows().saturating_sub(most);
    if more > 0 { format!("{table}\n… and {more} more\n") } else { format!("{table}\n") }
}

fn cell(column: &dyn Array, row: usize, longest: usize) -> String {
    let text = match column.data_type() {
        _ if column.is_null(row) => String::new(),
        DataType::Float64 => format!("{:.2}", column.as_primitive::<Float64Type>().value(row)),
        // A frame has JSON as bytes.
        DataType::Binary => String::from_utf8_lossy(column.as_binary::<i32>().value(row)).into_owned(),
        _ => {
            let options = FormatOptions::default().with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"));
            ArrayFormatter::try_new(column, &options).map(|cells| cells.value(row).to_string()).unwrap_or_default()
        }
    };
    let text = cell_text(&text.replace("<br/>", " · ")).into_owned();
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
