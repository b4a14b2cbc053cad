use proptest::prelude::*;
use serde_json::{Value, json};

use super::comparison::compare;

const RECORDED: &str = include_str!("../../../../tests/data/events.fr-par.json");

#[test]
fn a_recorded_page_is_read_as_by_serde_json() {
    compare(RECORDED.as_bytes()).unwrap();
}

/// JSON values, and near misses.
const VALUES: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude80""#,
    r#""\ud800""#,
    r#""\udc00\ud800x""#,
    r#""\u12g4""#,
    r#""\u12""#,
    r#""\x""#,
    "\"\u{1f}\"",
    "\"a\nb\"",
    "\"é\u{1f680}\u{7f}\"",
    "\"",
    "'a'",
    "0",
    "-0",
    "7",
    "-7",
    "007",
    "1.50",
    "1.",
    ".5",
    "1e3",
    "1E+2",
    "1e",
    "-",
    "+1",
    "1e999",
    "123456789012345678",
    "12345678901234567890",
    "1234567890123456789012",
    "0x1",
    "NaN",
    "200",
    "200.0",
    "65536",
    "true",
    "false",
    "null",
    "nul",
    "truex",
    "nullnull",
    "",
    "[]",
    "[,]",
    "[1,]",
    "[1 2]",
    "[\"a\"",
    "{}",
    "{,}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a":1,}"#,
    r#"{"a":1 "b":2}"#,
    "{a:1}",
    r#"{"id":"x"}"#,
    r#"{"id":"x", "id":null}"#,
    r#"{"\u0069d":"x"}"#,
    r#"{"\ud800":1}"#,
    r#"[{"id":"\ud800"}]"#,
    r#"[{"a":{"\ud800":1}}]"#,
    r#"{"id":"\ud800"}"#,
    r#"{"policy_id":"p"}"#,
    r#"{"policy_id":""}"#,
    r#"{"policy_id":"\ud800"}"#,
    r#"{"policy_id":7}"#,
    r#"{"policy_id":"a", "policy_id":"b"}"#,
    r#"{"policy_id":"a", "userId":"b"}"#,
    r#"{"policy\u005fid":"p"}"#,
    r#"{"policy_id":"p", "\ud800":1}"#,
    "[{},7]",
    r#"[{"id":"a","x_info":7}, {"type":"b", "y_info":{"id":"c","vpc_id":"v"}}]"#,
    r#"[{"id":"a", "x_info":{"id":"b", "name":"n", "lb_id":"l", "lb_id":"m", "frontend_id":[]}, "y_info":null}]"#,
    r#"[{"id":"a", "x_info":{"id":"b", "z":"\ud800"}, "x_info":{"id":"a"}}, {"id":"d", "\ud800":1}, [], null, {"type":"iam_user", "id":"u"}]"#,
    r#"[{"x_info":{"id":"b"}},{"name":1e999},{"_info":{"pn_id":true}}]"#,
    r#"[{"id":"a", "x_info":{"rule_ids":["b", "", 7, null, [1], {"id":"c"}], "contract":{"id":"d", "id":"e", "x":[]}, "key_id":{}}}]"#,
    r#"[{"id":"a", "x_info":{"rule_ids":["b", "\ud800"]}}, {"id":"b", "x_info":{"key_id":{"id":"\ud800"}}}]"#,
    r#"[{"id":"a", "x_info":{"key_id":{"\ud800":1}, "vpc_id":"v"}}, {"id":"b", "x_info":{"a_ids":[{"\ud800":1}]}}]"#,
    r#"[{"id":"a", "x_info":{"rule_ids":["b" "c"]}}]"#,
    r#"[{"id":"a", "x_info":{"vpc_id":[[["\ud800"]]], "contract":{"a":["\ud800"]}}}]"#,
    "[[[]]]",
    "[{]}",
    "{[}]",
    r#"{"api":null}"#,
    r#""unknown_result""#,
    r#""\u0075nknown_result""#,
    r#"[{"id":"a", "type":"unknown_type"}, {"type":"\u0075nknown_type"}]"#,
];

#[test]
fn values_of_every_shape_are_read_as_by_serde_json() {
    let keys = [
        "id",
        "recorded_at",
        "locality",
        "principal",
        "status_code",
        "request_body",
        "resources",
        "of_tomorrow",
        "result",
    ];
    let space = ["", " ", "\n\t\r ", "\u{b}"];
    let time = r#""recorded_at":"2026-01-01T00:00:00Z""#;
    let acts = r#""method_name":"ServerAction""#;
    for (index, &value) in VALUES.iter().enumerate() {
        let s = space[index % space.len()];
        for key in keys {
            for event in [
                format!(r#"{{{time},"{key}"{s}:{s}{value}{s}}}"#),
                format!(r#"{{"{key}":{value}, {time}, "{key}":"again", "product_name":"iam"}}"#),
                format!(r#"{{"api":{{{time}, "{key}":{value}}}, "auth":{{{time}, "id":"b"}}, "system":{value}}}"#),
            ] {
                compare(format!(r#"{{"events":[{event},{event}{s}]{s}}}{s}"#).as_bytes()).unwrap();
            }
        }
        for page in [
            value.to_owned(),
            format!(r#"{{"events":{value}}}"#),
            format!(r#"{{"events":[{value}]}}"#),
            format!(r#"{{"events":[{{{time}}}], "next_page_token":{value}}}"#),
            format!(r#"{{"events":[{{{time}}}], "of_tomorrow":{value}, "events":[]}}"#),
            format!(r#"{{"events":[{{{time}}}], "events":{value}}}"#),
            format!(r#"{{"events":[{{"api":{value}}}]}}{value}"#),
            format!(r#"{{"events":[{{{time}, {acts}, "request_body":{{"action":"a", "b":{value}}}}}]}}"#),
            format!(r#"{{"events":[{{{time}, {acts}, "request_body":{{"action":"a", "\u0061ction":{value}}}}}]}}"#),
        ] {
            compare(page.as_bytes()).unwrap();
        }
    }
}

#[test]
fn keys_of_every_shape_are_read_in_every_event() {
    let long = "a_key_that_nobody_has_seen_before_and_that_is_long";
    let many: Vec<String> = (0..80).map(|key| format!(r#", "key_{key}":{key}"#)).collect();
    for keys in [
        format!(r#", "{long}":1, "b":2"#),
        format!(r#", "b":2, "{long}":1"#),
        "          ,               \"b\"         :         2, \"c\":3".to_owned(),
        r#", "\ud800":1, "b":2"#.to_owned(),
        r#", "\u0062":1, "b":2"#.to_owned(),
        many.concat(),
    ] {
        let time = r#""recorded_at":"2026-01-01T00:00:00Z""#;
        let event = |id: u8| format!(r#"{{"id":"{id}"{keys}, {time}, "status_code":200}}"#);
        let other = format!(r#"{{"id":"x", "status_code":404, {time}{keys}}}"#);
        let page = format!(r#"{{"events":[{}, {}, {other}, {}]}}"#, event(1), event(2), event(3));
        compare(page.as_bytes()).unwrap();
    }
}

#[test]
fn times_of_every_shape_are_read_as_by_chrono() {
    for time in [
        "2024-02-29T23:59:59Z",
        "2023-02-29T00:00:00Z",
        "2026-01-01T00:00:00.1Z",
        "2026-01-01T00:00:00.123456789Z",
        "2026-01-01T00:00:00.1234567891Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T24:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "2026-1-01T00:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+02:00",
        "2026-01-01T00:00:00.5-11:30",
        "1969-12-31T23:59:59.999Z",
        "1677-09-21T00:12:43Z",
        "1677-09-21T00:12:44Z",
        "2262-04-11T23:47:16.854775807Z",
        "2262-04-11T23:47:16.854775808Z",
        "0000-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.12a4Z",
        "2026-01-01T0é:00:00Z",
        "",
    ] {
        compare(json!({ "events": [{ "id": "a", "recorded_at": time }] }).to_string().as_bytes()).unwrap();
    }
}

/// Recorded and unusual events, with some bytes overwritten, removed, inserted or cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    // Some have the same keys in the same order, and some lack one.
    let events = [0, 1, 2, 40, 3].map(|index| recorded["events"][index].to_string());
    let mut page = format!("{{\"events\":[{}", events.join(", "));
    page.push_str(r#", {"id":"\u0061\n", "recorded_at":"2026-01-01T00:00:00.5+01:00", "status_code":"403", "mfa_type":1.5, "request_body":{"policy_id":"é", "x":[{}, [], "\ud800"]},"#);
    page.push_str(r#" "resources":[{"id":"c", "type":"kube_pool", "kube_pool_info":{"id":"p", "name":"n", "vpc_id":"v", "key_id":"k", "rule_ids":["a", "b"]}}, 7], "principal":null}], "next_page_token":"more"}"#);
    let byte =
        prop_oneof![prop::sample::select(b"\"\\{}[],:0123456789eE.-+untfr /\n\x00\x1f\xff\xc3".to_vec()), any::<u8>()];
    let damage = (any::<prop::sample::Index>(), 0..4_usize, prop::collection::vec(byte, 0..3));
    (prop::collection::vec(damage, 0..6), prop::option::weighted(0.1, any::<prop::sample::Index>())).prop_map(
        move |(damages, end)| {
            let mut bytes = page.clone().into_bytes();
            for (start, length, with) in damages {
                let start = start.index(bytes.len());
                let end = (start + length).min(bytes.len());
                bytes.splice(start..end, with);
            }
            bytes.truncate(end.map_or(bytes.len(), |end| end.index(bytes.len() + 1)));
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_damaged_page_is_read_as_by_serde_json(page in damaged()) {
        compare(&page)?;
    }
}
