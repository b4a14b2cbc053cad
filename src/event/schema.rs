use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::column::{Column, FIRST_TEXT};

// The columns' indexes in the schema.
pub(super) const ID: usize = Long::Id.index();
pub(super) const RECORDED_AT: usize = 1;
pub(super) const STATUS: usize = 2;
pub(super) const REQUEST_ID: usize = Long::RequestId.index();
pub(super) const REQUEST_BODY: usize = Long::RequestBody.index();
pub(super) const RESOURCES: usize = Long::Resources.index();
pub(super) const REFERENCES: usize = 6;
pub(super) const PARENTS: usize = 7;
pub(super) const COLUMNS: usize = FIRST_TEXT + Column::ALL.len();

/// The fields of a reference.
pub(super) const REFERENCE: [&str; 4] = ["id", "type", "name", "within"];
/// The index of `within` among a reference's fields.
pub(super) const WITHIN: usize = 3;
/// The fields of a parent.
pub(super) const PARENT: [&str; 2] = ["child", "id"];

/// A text column: its index in the schema and, in a column of lists, the index of the item's field.
pub(super) type Texts = (usize, Option<usize>);

/// Columns with mostly the same texts: packed, they share a dictionary.
pub(super) const SHARED_DICTIONARIES: [&[Texts]; 3] = [
    &[
        (Column::ResourceId.index(), None),
        (REFERENCES, Some(0)),
        (REFERENCES, Some(WITHIN)),
        (PARENTS, Some(0)),
        (PARENTS, Some(1)),
    ],
    &[(Column::ResourceType.index(), None), (REFERENCES, Some(1))],
    &[(Column::ResourceName.index(), None), (REFERENCES, Some(2))],
];

fn dictionary(name: &str) -> Field {
    Field::new_dictionary(name, DataType::Int32, DataType::Utf8, true)
}

fn lists(name: &str, fields: &[&str]) -> Field {
    let item = DataType::Struct(fields.iter().map(|name| dictionary(name)).collect());
    Field::new_list(name, Field::new_list_field(item, false), false)
}

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let mut fields = vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("recorded_at", time, false),
        Field::new("status", DataType::UInt16, true),
        Field::new("request_id", DataType::Utf8, true),
        Field::new("request_body", DataType::Utf8, true),
        Field::new("resources", DataType::Utf8, true),
        lists("references", &REFERENCE),
        lists("parents", &PARENT),
    ];
    fields.extend(Column::ALL.iter().map(|column| dictionary(column.name())));
    Arc::new(Schema::new(fields))
});

/// Long text, which differs for nearly every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Long {
    /// The event's id: a UUID.
    Id = 0,
    /// The request's id, which Scaleway's support asks for.
    RequestId = 3,
    /// The request body as JSON, as sent; the API has replaced secrets by `REDACTED`.
    RequestBody = 4,
    /// The list of resources as JSON, as sent.
    Resources = 5,
}

impl Long {
    /// All columns of long text.
    pub(crate) const ALL: [Self; 4] = [Self::Id, Self::RequestId, Self::RequestBody, Self::Resources];

    /// The column's index in the schema.
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
