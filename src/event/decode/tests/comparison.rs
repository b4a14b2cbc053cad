use proptest::prelude::*;

use super::reference;
use crate::event::{Decoder, Kind, List};

const LISTS: [List; 4] = [List::Of(Kind::Api), List::Of(Kind::Authentication), List::Of(Kind::System), List::Combined];

/// Reads the bytes as a page of each list, with the decoder and with the reference.
pub(super) fn compare(bytes: &[u8]) -> Result<(), TestCaseError> {
    for list in LISTS {
        let mut decoder = Decoder::new("nl-ams");
        let before = r#"{"events":[{"id":"before", "recorded_at":"1970-01-01T00:00:00Z", "request_body":{"a":[]}}]}"#;
        decoder.page(List::Of(Kind::Api), before).unwrap();
        let page = decoder.page(list, bytes);
        let mut rows = reference::rows(&decoder.finish().unwrap());
        let position = rows.iter().position(|(_, id, _)| id == "before");
        match (reference::decoded(list, bytes, "nl-ams"), page) {
            (Ok(expected), Ok(page)) => {
                // Unless the page has an event of the same id.
                rows.remove(position.unwrap());
                prop_assert_eq!(page.replaced, std::str::from_utf8(bytes).is_err());
                let (items, malformed) = (page.items, page.malformed.len());
                prop_assert_eq!(reference::Decoded { items, malformed, next: page.next, rows }, expected);
            }
            (Err(_), Err(_)) => prop_assert_eq!((position, rows.len()), (Some(0), 1), "nothing of the page is left"),
            (expected, page) => prop_assert!(false, "{:?} is {:?}, not {:?}", list, page, expected),
        }
    }
    Ok(())
}
