//! Request bodies of calls whose risk depends on them.
#![no_main]

use audittrail::risk::{Action, RuleSet};
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
        assert!(RuleSet::built_in().classify(&action).is_some());
    }
});
