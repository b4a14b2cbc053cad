//! What no page, query or setting may do, whatever is in it: panic, lose count, or quote a secret.

use std::collections::HashMap;
use std::time::Duration;

use audittrail::event::{Decoder, Kind, List};
use audittrail::query::{Query, Request};
use audittrail::settings::Settings;
use proptest::prelude::*;

const PAGE: &[u8] = include_bytes!("data/events.fr-par.json");

const LISTS: [List; 4] = [List::Of(Kind::Api), List::Of(Kind::Authentication), List::Of(Kind::System), List::Combined];

/// A recorded page with some bytes overwritten, and perhaps cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::collection::vec((0..PAGE.len(), any::<u8>()), 0..8);
    (damage, prop::option::weighted(0.3, 0..PAGE.len())).prop_map(|(damage, end)| {
        let mut page = PAGE.to_vec();
        for (place, byte) in damage {
            page[place] = byte;
        }
        page.truncate(end.unwrap_or(PAGE.len()));
        page
    })
}

/// JSON of any shape, with the names of the query model and of settings strewn in.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let name = prop_oneof![
        Just("scope"),
        Just("queryType"),
        Just("groupBy"),
        Just("status"),
        Just("sourceIps"),
        Just("limit"),
        Just("cap"),
        Just("version"),
        Just("hide"),
        Just("principals"),
        Just("text"),
        Just("regions"),
        Just("organizationId"),
        Just("apiUrl"),
        Just("maxEvents"),
        Just("caCertificate"),
        Just("callTimeoutSeconds"),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
        prop_oneof![Just("counts"), Just("$who"), Just("fr-par"), Just("2001:db8::/32"), Just("denied")]
            .prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_damaged_page_is_an_error_or_all_of_its_items_are_accounted_for(page in damaged()) {
        for list in LISTS {
            let mut decoder = Decoder::new("fr-par");
            match decoder.page(list, &*page) {
                Ok(read) => {
                    let placed = read.items - read.malformed.len();
                    prop_assert_eq!(decoder.len(), placed);
                    prop_assert!(decoder.finish().expect("a page fits").len() <= placed);
                }
                Err(_) => prop_assert!(decoder.is_empty()),
            }
        }
    }

    #[test]
    fn any_json_is_a_query_or_refused_with_a_reason(query in json(), from_alert: bool) {
        let request = Request::new("A", (0, 60_000), Duration::ZERO, 0, from_alert).expect("a good range");
        if let Err(failure) = Query::parse(query.to_string().as_bytes(), "", &request, 1_000) {
            prop_assert_eq!(failure.status, 400);
            prop_assert!(!failure.message.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_a_query_or_refused_as_a_bad_request(query: Vec<u8>) {
        let request = Request::new("A", (0, 60_000), Duration::ZERO, 0, false).expect("a good range");
        if let Err(failure) = Query::parse(&query, "", &request, 1_000) {
            prop_assert_eq!(failure.status, 400);
        }
    }

    #[test]
    fn no_error_of_any_settings_quotes_the_secret_key(data in json(), key in "SCW[A-Z0-9]{20}|[a-f0-9]{8} [a-f0-9]{20}") {
        let secrets = HashMap::from([("secretKey".to_owned(), key.clone())]);
        let error = Settings::parse(data.to_string().as_bytes(), &secrets).expect_err("the key is never good");
        prop_assert!(!error.to_string().contains(&key));
    }

    #[test]
    fn any_range_is_accepted_or_refused_with_a_reason(from: i64, to: i64) {
        match Request::new("A", (from, to), Duration::ZERO, 0, false) {
            Ok(request) => prop_assert!(!request.range.is_empty()),
            Err(failure) => prop_assert!(failure.message.starts_with("the time range ")),
        }
    }
}

#[test]
fn an_undamaged_page_has_all_its_events() {
    let mut decoder = Decoder::new("fr-par");
    let page = decoder.page(List::Of(Kind::Api), PAGE).expect("a recorded page");
    assert_eq!((page.items, page.next, page.malformed.len()), (69, None, 0));
    assert_eq!(decoder.finish().expect("a page fits").len(), 69);
}
