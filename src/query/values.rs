//! Values: the distinct values of a column, for Grafana's variables.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::StringArray;

use super::answer::{Answer, Failure};
use super::model::{Dimension, Values};
use crate::event::Column;
use crate::frame::{Field, Frame};

/// A frame with `text`, what a person picks, and `value`, what is put in its place; sorted by text.
///
/// # Errors
/// Never for events that were made here.
pub fn frame(values: &Values, answer: &Answer) -> Result<Frame, Failure> {
    let text = answer.dimension(values.column);
    let id = answer.events.text(Column::PrincipalId);
    let mut distinct = BTreeSet::new();
    for row in 0..answer.events.len() {
        let Some(text) = text(row) else { continue };
        let value = match values.column {
            // Two people may have one name; an id is one person's.
            Dimension::Principal => id.get(row).unwrap_or_default().to_owned(),
            _ => text.to_string(),
        };
        distinct.insert((text.into_owned(), value));
    }
    let column = |name, values: Vec<&str>| Field::required(name, Arc::new(StringArray::from(values)));
    Ok(Frame {
        name: "values".to_owned(),
        fields: vec![
            column("text", distinct.iter().map(|(text, _)| text.as_str()).collect()),
            column("value", distinct.iter().map(|(_, value)| value.as_str()).collect()),
        ],
        ..Frame::default()
    })
}
