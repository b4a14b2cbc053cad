use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use super::column::{Column, FIRST_TEXT};

// The columns' indexes in the schema.
pub(super) const ID: usize = 0;
pub(super) const RECORDED_AT: usize = 1;
pub(super) const STATUS: usize = 2;
pub(super) const REQUEST_ID: usize = 3;
pub(super) const REQUEST_BODY: usize = 4;
pub(super) const RESOURCES: usize = 5;
pub(super) const REFERENCES: usize = 6;
pub(super) const PARENTS: usize = 7;
/// Where a reference's `within` stands among its fields.
pub(super) const WITHIN: usize = 3;
pub(super) const COLUMNS: usize = FIRST_TEXT + Column::ALL.len();

/// Texts that are mostly the same and share a dictionary where they are packed: columns, and items of lists in columns.
pub(super) const SHARED_DICTIONARIES: [&[(usize, Option<usize>)]; 3] = [
    &[
        (Column::ResourceId.place(), None),
        (REFERENCES, Some(0)),
        (REFERENCES, Some(WITHIN)),
        (PARENTS, Some(0)),
        (PARENTS, Some(1)),
    ],
    &[(Column::ResourceType.place(), None), (REFERENCES, Some(1))],
    &[(Column::ResourceName.place(), None), (REFERENCES, Some(2))],
];

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

pub(super) fn parent_fields() -> Fields {
    Fields::from(vec![Field::new("child", dictionary(), true), Field::new("id", dictionary(), true)])
}

pub(super) fn parent_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(parent_fields()), false))
}

pub(super) fn reference_fields() -> Fields {
    Fields::from(vec![
        Field::new("id", dictionary(), true),
        Field::new("type", dictionary(), true),
        Field::new("name", dictionary(), true),
        Field::new("within", dictionary(), true),
    ])
}

pub(super) fn reference_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(reference_fields()), false))
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
        Field::new("references", DataType::List(reference_item()), false),
        Field::new("parents", DataType::List(parent_item()), false),
    ];
    fields.extend(Column::ALL.iter().map(|c| Field::new(c.name(), dictionary(), true)));
    Arc::new(Schema::new(fields))
});

/// Long text, which differs for nearly every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Long {
    /// The event's id: a UUID.
    Id,
    /// The request's id, which Scaleway's support asks for.
    RequestId,
    /// The request body as JSON, as sent; the API has replaced secrets by `REDACTED`.
    RequestBody,
    /// The list of resources as JSON, as sent.
    Resources,
}

impl Long {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Id, Self::RequestId, Self::RequestBody, Self::Resources];

    pub(super) fn place(self) -> usize {
        match self {
            Self::Id => ID,
            Self::RequestId => REQUEST_ID,
            Self::RequestBody => REQUEST_BODY,
            Self::Resources => RESOURCES,
        }
    }
}
