use arrow::array::{Array, AsArray, DictionaryArray, Int32Array, ListArray, StringArray};
use arrow::datatypes::Int32Type;

/// A dictionary-encoded text column, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    keys: &'a Int32Array,
    values: &'a StringArray,
}

impl<'a> Text<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Self {
        let dictionary: &DictionaryArray<Int32Type> = array.as_dictionary();
        Self { keys: dictionary.keys(), values: dictionary.values().as_string() }
    }

    /// The text of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.values.value(key))
    }

    /// The row's position in the dictionary: equal keys are equal texts.
    #[must_use]
    pub fn key(&self, row: usize) -> Option<usize> {
        self.keys
            .is_valid(row)
            .then(|| usize::try_from(self.keys.value(row)).expect("dictionary keys are not negative"))
    }
}

/// A resource that an event names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference<'a> {
    /// The resource's id; for an API key its access key, for a Kubernetes pool the id of its cluster.
    pub id: Option<&'a str>,
    /// The resource's type.
    pub kind: Option<&'a str>,
    /// The resource's name: text of the caller's choice.
    pub name: Option<&'a str>,
    /// The id of the resource that the event names instead of this one, as a cluster's for its pool.
    pub within: Option<&'a str>,
}

/// The resources of each event.
#[derive(Clone, Copy, Debug)]
pub struct References<'a> {
    pub(super) list: &'a ListArray,
    pub(super) id: Text<'a>,
    pub(super) kind: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) within: Text<'a>,
}

pub(super) fn rows_of(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = list.value_offsets();
    let at = |i: usize| usize::try_from(offsets[i]).expect("offsets are not negative");
    at(row)..at(row + 1)
}

impl<'a> References<'a> {
    /// The resources that the event of a row names.
    pub fn of(&self, row: usize) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        let Self { id, kind, name, within, .. } = *self;
        rows_of(self.list, row).map(move |i| Reference {
            id: id.get(i),
            kind: kind.get(i),
            name: name.get(i),
            within: within.get(i),
        })
    }
}

/// The parents of each event's resources.
#[derive(Clone, Copy, Debug)]
pub struct Parents<'a> {
    pub(super) list: &'a ListArray,
    pub(super) child: Text<'a>,
    pub(super) id: Text<'a>,
}

impl<'a> Parents<'a> {
    /// What the resources of a row's event belong to: the id of each that belongs to something, and the id of that; without
    /// the first, what an event merely mentions.
    pub fn of(&self, row: usize) -> impl Iterator<Item = (Option<&'a str>, &'a str)> + use<'a> {
        let Self { child, id, .. } = *self;
        rows_of(self.list, row).filter_map(move |i| Some((child.get(i), id.get(i)?)))
    }
}
