use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, ListArray};

use super::column::Column;
use super::events::Events;
use super::references::{item_text, items_of};
use super::schema::REFERENCES;
use super::text::Text;

/// One text of the resources of each event of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceTexts<'a> {
    list: &'a ListArray,
    text: Text<'a>,
}

/// A text of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ResourceText {
    /// The id; for an API key its access key.
    Id,
    /// The type.
    Type,
    /// The name: text of the caller's choice.
    Name,
}

impl<'a> ResourceTexts<'a> {
    /// The texts of the resources of all rows.
    pub(crate) fn text(&self) -> Text<'a> {
        self.text
    }

    /// The resources of a row, by their rows in [`text`](Self::text).
    pub(crate) fn items(&self, row: usize) -> Range<usize> {
        items_of(self.list, row)
    }
}

/// Consecutive rows of a chunk: their positions among the selected events, and the rows.
pub(crate) type Selected = (Range<usize>, Range<usize>);

impl Events {
    /// The chunks of which these events select rows, each as a whole, with its selected rows.
    pub(crate) fn chunks(&self) -> Vec<(Self, Vec<Selected>)> {
        let mut chunks: Vec<(Self, Vec<_>)> =
            self.chunks.iter().map(|chunk| (Self::whole(Arc::clone(chunk)), Vec::new())).collect();
        for run in &self.rows.runs {
            chunks[run.chunk()].1.push((run.positions(), run.rows()));
        }
        chunks
    }

    /// A text column of a whole chunk, as the chunk has it. Other events gather it.
    pub(crate) fn chunk_text(&self, column: Column) -> Text<'_> {
        match self.whole_chunk() {
            Some(chunk) => Text::of(self.chunks[chunk].array(column.index())),
            None => self.text(column),
        }
    }

    /// A text of the resources of a whole chunk, as the chunk has it. Other events gather it.
    pub(crate) fn resource_texts(&self, text: ResourceText) -> ResourceTexts<'_> {
        let list = match self.whole_chunk() {
            Some(chunk) => self.chunks[chunk].list(REFERENCES),
            None => self.column(REFERENCES).as_list(),
        };
        ResourceTexts { list, text: item_text(list, text as usize) }
    }

    /// The chunk whose rows these are, all of them and in order.
    fn whole_chunk(&self) -> Option<usize> {
        match &self.rows.runs[..] {
            [run] if run.rows() == (0..self.chunks[run.chunk()].rows()) => Some(run.chunk()),
            _ => None,
        }
    }
}
