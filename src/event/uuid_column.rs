use std::borrow::Cow;

use arrow::array::{Array, StringArray};
use uuid::Uuid;

/// Texts of which most are UUIDs in lower case, 16 bytes each.
#[derive(Debug)]
pub(super) struct Uuids {
    pub(super) bytes: Box<[u8]>,
    /// The texts that are no UUID, by row, ascending.
    pub(super) others: Vec<(u32, Option<Box<str>>)>,
}

impl Uuids {
    pub(super) fn pack(texts: &StringArray) -> Option<Self> {
        let mut bytes = Vec::with_capacity(texts.len() * 16);
        let mut others = Vec::new();
        for (row, text) in texts.iter().enumerate() {
            let uuid = text.and_then(parse_uuid);
            bytes.extend_from_slice(&uuid.unwrap_or_default());
            if uuid.is_none() {
                others.push((u32::try_from(row).ok()?, text.map(Box::from)));
            }
        }
        (others.len() * 8 <= texts.len()).then(|| Self { bytes: bytes.into(), others })
    }

    pub(super) fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        if let Ok(index) = self.others.binary_search_by_key(&row, |(row, _)| *row as usize) {
            return self.others[index].1.as_deref().map(Cow::Borrowed);
        }
        let bytes = self.bytes[row * 16..][..16].try_into().expect("a slice of 16 bytes");
        Some(Cow::Owned(format_uuid(bytes)))
    }
}

/// The length of a UUID as text.
pub(super) const UUID: usize = 36;

/// A UUID that formats to the same text: in lower case, with hyphens.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let uuid = Uuid::try_parse(text).ok()?;
    (uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then(|| uuid.into_bytes())
}

fn format_uuid(bytes: [u8; 16]) -> String {
    Uuid::from_bytes(bytes).hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_reads_back_the_same_is_a_uuid() {
        let uuid = "018f3c1e-0000-7abc-8def-0123456789ab";
        assert_eq!(parse_uuid(uuid).map(format_uuid).as_deref(), Some(uuid));
        for text in [
            "018F3C1E-0000-7abc-8def-0123456789ab",
            "018f3c1e00007abc8def0123456789ab",
            "018f3c1e-0000-7abc-8def-0123456789a",
            "018f3c1e-0000-7abc-8def-0123456789abc",
            "018f3c1e0-000-7abc-8def-0123456789ab",
            "------------------------------------",
            "018f3c1e000007abc08def00123456789abc",
            "{018f3c1e-0000-7abc-8def-0123456789ab}",
            "urn:uuid:018f3c1e-0000-7abc-8def-0123456789ab",
            "",
        ] {
            assert_eq!(parse_uuid(text), None, "{text}");
        }
    }
}
