//! The columns of the frames of an investigation.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampNanosecondArray};

use super::super::text;
use crate::frame::{Field, Frame, Meta};
use crate::time::Time;

pub(super) fn times(times: impl Iterator<Item = Time>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(times.map(Time::nanos)))
}

/// Texts that are made here, of parts that are cleaned.
pub(super) fn texts(texts: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// Texts that a row may lack.
pub(super) fn some_texts(texts: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(texts.collect::<StringArray>())
}

/// Texts of the caller's choice.
pub(super) fn cells<'a>(texts: impl Iterator<Item = &'a Option<String>>) -> ArrayRef {
    Arc::new(texts.map(|text| text.as_deref().map(text::cell)).collect::<StringArray>())
}

pub(super) fn counts(counts: impl Iterator<Item = usize>) -> ArrayRef {
    let count = |count| i64::try_from(count).expect("events are counted by 63 bits");
    Arc::new(Int64Array::from_iter_values(counts.map(count)))
}

/// A table of this name.
pub(super) fn table(name: &str, fields: Vec<Field>) -> Frame {
    let meta = Meta { preferred_visualisation_type: Some("table".to_owned()), ..Meta::default() };
    Frame { name: name.to_owned(), meta, fields }
}
