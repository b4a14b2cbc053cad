//! Pages of the Audit Trail API, of any kind.
#![no_main]

use audittrail::event::{Decoder, Kind, List};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|bytes: &[u8]| {
    for list in [List::Of(Kind::Api), List::Of(Kind::Authentication), List::Of(Kind::System), List::Combined] {
        let mut decoder = Decoder::new("fr-par");
        if let Ok(page) = decoder.page(list, bytes) {
            let text = String::from_utf8_lossy(bytes);
            assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok(), "what is read as a page is JSON");
            let placed = page.items - page.malformed.len();
            assert_eq!(decoder.len(), placed);
            assert!(decoder.finish().expect("a page fits").len() <= placed);
        } else {
            assert!(decoder.is_empty());
        }
    }
});
