use std::borrow::Cow;

use arrow::array::{Array, StringArray};
use uuid::Uuid;

/// Texts of which most are UUIDs in lower case, 16 bytes each.
#[derive(Debug)]
pub(super) struct Uuids {
    uuids: Box<[Uuid]>,
    /// The texts that are no UUID, by row, ascending.
    pub(super) others: Vec<(u32, Option<Box<str>>)>,
}

impl Uuids {
    pub(super) fn pack(texts: &StringArray) -> Option<Self> {
        let mut uuids = Vec::with_capacity(texts.len());
        let mut others = Vec::new();
        for (row, text) in texts.iter().enumerate() {
            let uuid = text.and_then(parse_uuid);
            uuids.push(uuid.unwrap_or_default());
            if uuid.is_none() {
                others.push((u32::try_from(row).ok()?, text.map(Box::from)));
            }
        }
        (others.len() * 8 <= texts.len()).then(|| Self { uuids: uuids.into(), others })
    }

    pub(super) fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        if let Ok(index) = self.others.binary_search_by_key(&row, |(row, _)| *row as usize) {
            return self.others[index].1.as_deref().map(Cow::Borrowed);
        }
        Some(Cow::Owned(self.uuids[row].hyphenated().to_string()))
    }

    /// The memory of the column, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.uuids) + self.others.len() * 64
    }
}

/// The length of a UUID as text.
pub(super) const UUID: usize = 36;

/// A UUID that formats to the same text: in lower case, with hyphens.
fn parse_uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    (uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_reads_back_the_same_is_a_uuid() {
        let uuid = "018f3c1e-0000-7abc-8def-0123456789ab";
        assert_eq!(parse_uuid(uuid).map(|uuid| uuid.hyphenated().to_string()).as_deref(), Some(uuid));
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
