use super::enums::is_known;
use super::ids::{Relation, relation};
use super::json::{JsonReader, SyntaxError};

/// A resource of an event.
#[derive(Default)]
pub(super) struct Resource<'a> {
    pub(super) id: Option<&'a [u8]>,
    pub(super) kind: Option<&'a [u8]>,
    pub(super) name: Option<&'a [u8]>,
    /// The content of the infos, without an id equal to the resource's.
    pub(super) info: Info<'a>,
}

/// The content of the `*_info` objects of a resource.
#[derive(Default)]
pub(super) struct Info<'a> {
    pub(super) id: Option<&'a [u8]>,
    pub(super) name: Option<&'a [u8]>,
    pub(super) parents: Vec<&'a [u8]>,
    pub(super) mentions: Vec<&'a [u8]>,
}

/// Reads a list of resources without items that are no resources; a value of another type has none.
pub(super) fn resources<'a>(reader: &mut JsonReader<'a>, touched: &mut Vec<Resource<'a>>) -> Result<(), SyntaxError> {
    // A fault in the resources is not a fault of the event.
    let list = reader.recover(|reader| {
        reader.elements(|reader| {
            touched.extend(reader.recover(Resource::read)?);
            Ok(())
        })
    });
    list.map(|_| ())
}

impl<'a> Resource<'a> {
    pub(super) fn is_user(&self) -> bool {
        matches!(self.kind, Some(b"iam_user" | b"account_user"))
    }

    fn read(reader: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let mut resource = Self::default();
        reader.members(|reader, key| {
            match key {
                b"id" => resource.id = reader.text()?,
                b"type" => resource.kind = reader.text()?.filter(|kind| is_known(kind)),
                b"name" => resource.name = reader.text()?,
                // A value that is not an object has no ids.
                _ if key.ends_with(b"_info") => {
                    if let Ok(info) = reader.recover(Info::read)? {
                        resource.info.add(info);
                    }
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        resource.info.id = resource.info.id.filter(|id| Some(*id) != resource.id);
        Ok(resource)
    }
}

impl<'a> Info<'a> {
    /// Adds another info: a resource may have an info under an old name too, or beside an empty one.
    fn add(&mut self, other: Self) {
        if other.id.is_some() {
            (self.id, self.name) = (other.id, other.name);
        }
        self.parents.extend(other.parents);
        self.mentions.extend(other.mentions);
    }

    fn read(reader: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let mut info = Self::default();
        reader.members(|reader, key| {
            match relation(key) {
                Some(Relation::Own) => info.id = reader.text()?,
                Some(Relation::Parent) => reader.ids(|id| info.parents.push(id))?,
                Some(Relation::Mention) => reader.ids(|id| info.mentions.push(id))?,
                None => {
                    let text = reader.text()?;
                    if key == b"name" {
                        info.name = text;
                    }
                }
            }
            Ok(())
        })?;
        Ok(info)
    }
}
