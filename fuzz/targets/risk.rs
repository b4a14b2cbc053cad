//! Request bodies of calls whose risk depends on them.
#![no_main]

use audittrail::risk::{Action, classify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    for (product, method) in [("iam", "CreatePolicy"), ("iam", "CreateAPIKey"), ("instance", "ServerAction"), ("kubernetes", "UpdatePool")] {
        let action = Action {
            kind: "api",
            product: Some(product),
            method: Some(method),
            status: Some(200),
            request_body: Some(body),
            ..Action::default()
        };
        assert!(classify(&action).is_some());
    }
});
