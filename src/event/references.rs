use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{ArrowNativeType, Field, Fields};
use arrow::error::ArrowError;

use super::text::Text;

/// A resource named by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reference<'a> {
    /// The resource's id; for an API key its access key, for a Kubernetes pool the id of its cluster.
    pub(crate) id: Option<&'a str>,
    /// The resource's type.
    pub(crate) kind: Option<&'a str>,
    /// The resource's name: text of the caller's choice.
    pub(crate) name: Option<&'a str>,
    /// The id of the resource that the event names in its stead, such as a pool's cluster.
    pub(crate) within: Option<&'a str>,
}

/// A list of items for each event; an item has `N` texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextLists<'a, const N: usize> {
    list: &'a ListArray,
    fields: [Text<'a>; N],
}

impl<'a, const N: usize> TextLists<'a, N> {
    pub(super) fn of(column: &'a ArrayRef) -> Self {
        let list = column.as_list();
        Self { list, fields: std::array::from_fn(|field| item_text(list, field)) }
    }

    fn items(&self, row: usize) -> impl Iterator<Item = [Option<&'a str>; N]> + use<'a, N> {
        let fields = self.fields;
        items_of(self.list, row).map(move |item| fields.map(|text| text.get(item)))
    }
}

/// The resources of each event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct References<'a>(pub(super) TextLists<'a, 4>);

impl<'a> References<'a> {
    /// The resources named by a row's event.
    pub(crate) fn of(&self, row: usize) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        self.0.items(row).map(|[id, kind, name, within]| Reference { id, kind, name, within })
    }
}

/// The parents of each event's resources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parents<'a>(pub(super) TextLists<'a, 2>);

impl<'a> Parents<'a> {
    /// The parents of a row's resources: a resource's id and its parent's id. A pair without the first is a resource that the
    /// event merely mentions.
    pub(crate) fn of(&self, row: usize) -> impl Iterator<Item = (Option<&'a str>, &'a str)> + use<'a> {
        self.0.items(row).filter_map(|[child, id]| Some((child, id?)))
    }
}

/// A column of lists, with one column for each text of an item.
pub(super) fn list_of(
    names: &[&str],
    columns: Vec<ArrayRef>,
    offsets: OffsetBuffer<i32>,
) -> Result<ArrayRef, ArrowError> {
    let fields = names.iter().zip(&columns).map(|(name, texts)| Field::new(*name, texts.data_type().clone(), true));
    let items = StructArray::try_new(fields.collect::<Fields>(), columns, None)?;
    let item = Field::new_list_field(items.data_type().clone(), false);
    Ok(Arc::new(ListArray::try_new(Arc::new(item), offsets, Arc::new(items), None)?))
}

/// One text of all items.
pub(super) fn item_text(list: &ListArray, field: usize) -> Text<'_> {
    Text::of(list.values().as_struct().column(field))
}

/// The items of a row.
pub(super) fn items_of(list: &ListArray, row: usize) -> Range<usize> {
    let offsets = list.value_offsets();
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}
