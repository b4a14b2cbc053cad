//! Queries, in a panel and in an alert rule.
#![no_main]

use std::time::Duration;

use audittrail::query::{Query, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for from_alert in [false, true] {
        let request = Request::new("A", (0, 3_600_000), Duration::from_secs(1), 1_000, from_alert).expect("a good range");
        let _ = Query::parse(bytes, "", &request, 50_000).and_then(|query| query.question.needs(&request));
    }
});
