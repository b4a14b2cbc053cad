//! Files of rules, and the events that they are judged by.
#![no_main]

use std::sync::LazyLock;

use audittrail::detection::{Pack, RuleFile};
use audittrail::event::{Decoder, Events, Kind, List};
use audittrail::risk::RuleSet;
use libfuzzer_sys::fuzz_target;

static EVENTS: LazyLock<Events> = LazyLock::new(|| {
    let mut decoder = Decoder::new("fr-par");
    decoder.page(List::Of(Kind::Api), include_bytes!("../../tests/data/events.fr-par.json").as_slice()).expect("a page");
    decoder.finish().expect("few events")
});

fuzz_target!(|text: &str| {
    let (pack, errors) = Pack::parse(&[RuleFile::new("fuzz.yml", text)]);
    for error in errors {
        let shown = error.to_string();
        assert!(shown.len() < 2_000 && !shown.contains(char::is_control), "{shown:?}");
    }
    for rows in pack.selected(&EVENTS, &RuleSet::built_in()) {
        assert!(rows.iter().all(|row| *row < EVENTS.len()));
    }
});
