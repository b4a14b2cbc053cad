use sha2::{Digest, Sha256};

use super::enums::is_known;
use super::json::{JsonReader, Raw, SyntaxError};
use super::known_key::KnownKey;
use super::recorded_at::time_of;
use super::resource::{Resource, resources};
use crate::event::kind::Kind;

/// Makes the fields from a table of their keys in the API's JSON.
macro_rules! fields {
    ($($field:ident = $key:literal,)*) => {
        /// The texts of an event; each kind has some of them.
        #[derive(Clone, Copy)]
        pub(super) enum Field {
            $($field,)*
        }

        impl Field {
            const COUNT: usize = [$(Self::$field),*].len();
        }

        impl Key {
            fn named(key: &[u8]) -> Self {
                match key {
                    b"principal" => Self::Principal,
                    b"status_code" => Self::Status,
                    b"request_body" => Self::RequestBody,
                    b"resources" => Self::Resources,
                    $($key => Self::Text(Field::$field),)*
                    _ => Self::Other,
                }
            }
        }
    };
}

fields! {
    Id = b"id",
    RecordedAt = b"recorded_at",
    Locality = b"locality",
    Organization = b"organization_id",
    Project = b"project_id",
    SourceIp = b"source_ip",
    UserAgent = b"user_agent",
    Product = b"product_name",
    Service = b"service_name",
    MethodName = b"method_name",
    RequestId = b"request_id",
    Result = b"result",
    FailureReason = b"failure_reason",
    Country = b"country_code",
    Method = b"method",
    Origin = b"origin",
    Mfa = b"mfa_type",
    Source = b"source",
    SystemName = b"system_name",
}

/// A key of an event.
#[derive(Clone, Copy)]
enum Key {
    Text(Field),
    Principal,
    Status,
    RequestBody,
    Resources,
    Other,
}

/// The fields of an event of the API.
#[derive(Default)]
pub(super) struct Row<'a> {
    texts: [Option<&'a [u8]>; Field::COUNT],
    pub(super) principal: Option<&'a [u8]>,
    pub(super) status: Option<u16>,
    pub(super) request_body: Option<Raw<'a>>,
    pub(super) resources: Option<Raw<'a>>,
    pub(super) touched: Vec<Resource<'a>>,
    /// The keys of earlier events.
    keys: Vec<KnownKey<Key>>,
}

impl<'a> Row<'a> {
    pub(super) fn of(&self, field: Field) -> Option<&'a [u8]> {
        self.texts[field as usize]
    }

    /// The text of a field that is an enum of the API.
    pub(super) fn known(&self, field: Field) -> Option<&'a [u8]> {
        self.of(field).filter(|text| is_known(text))
    }

    pub(super) fn read(&mut self, reader: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        let mut keys = std::mem::take(&mut self.keys);
        self.touched.clear();
        *self = Self { touched: std::mem::take(&mut self.touched), ..Self::default() };
        let read = reader.members_alike(&mut keys, Key::named, |reader, key| {
            match key {
                Key::Text(field) => self.texts[field as usize] = reader.text()?,
                Key::Principal => self.principal = principal(reader)?,
                Key::Status => self.status = status(reader)?,
                Key::RequestBody => self.request_body = reader.raw(JsonReader::skip)?,
                Key::Resources => {
                    self.touched.clear();
                    self.resources = reader.raw(|reader| resources(reader, &mut self.touched))?;
                }
                Key::Other => reader.skip()?,
            }
            Ok(())
        });
        self.keys = keys;
        read
    }

    /// Reads an item of `/combined-events`: an event wrapped in the name of its kind.
    pub(super) fn unwrap(&mut self, reader: &mut JsonReader<'a>) -> Result<Option<Kind>, SyntaxError> {
        let mut kind = None;
        reader.members(|reader, key| {
            let named = match key {
                b"api" => Kind::Api,
                b"auth" => Kind::Authentication,
                b"system" => Kind::System,
                _ => return reader.skip(),
            };
            if !reader.null()? {
                self.read(reader)?;
                kind = Some(named);
            }
            Ok(())
        })?;
        Ok(kind)
    }

    pub(super) fn time(&self) -> Result<i64, String> {
        let text = self.of(Field::RecordedAt);
        text.and_then(time_of).ok_or_else(|| {
            let id = shortened(self.of(Field::Id).unwrap_or(b"without id"));
            match text {
                None => format!("event {id}: recorded_at is missing"),
                Some(text) => {
                    format!("event {id}: recorded_at is {:?}, not a time as in RFC 3339", shortened(text))
                }
            }
        })
    }

    /// The id of an event without one: a hash of its fields.
    #[cold]
    pub(super) fn made_up_id(&self, time: i64) -> String {
        let mut hash = Sha256::new();
        hash.update(time.to_le_bytes());
        for field in [Field::RequestId, Field::MethodName, Field::Method, Field::SystemName] {
            hash.update(self.of(field).unwrap_or_default());
            hash.update([0]);
        }
        hash.update(self.resources.map_or_else(Default::default, |list| list.text));
        let digest: [u8; 32] = hash.finalize().into();
        format!("without-id-{:016x}", u64::from_be_bytes(*digest.first_chunk().expect("32 bytes have 8")))
    }
}

/// The first 64 characters of a foreign text.
fn shortened(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(64).collect()
}

/// A status; nearly every one has three digits.
#[inline]
fn status(reader: &mut JsonReader<'_>) -> Result<Option<u16>, SyntaxError> {
    if let Some(status) = reader.three_digits() {
        return Ok(Some(status));
    }
    let text = reader.text()?;
    Ok(text.and_then(|text| str::from_utf8(text).ok()?.parse().ok()))
}

/// The id of the event's principal; `None` for null.
fn principal<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut id = None;
    if !reader.null()? {
        reader.members(|reader, key| {
            let text = reader.text()?;
            if key == b"id" {
                id = text;
            }
            Ok(())
        })?;
    }
    Ok(id)
}
