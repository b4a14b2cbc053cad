use std::sync::Arc;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::dimension::has_heading;
use super::super::error::Failure;
use super::super::question::{Question, View};
use super::super::request::Request;
use super::super::scope::Scope;
use super::super::spans::{STEP, SeriesSpan, Spans};
use super::question::Investigate;
use super::show::Show;
use crate::cockpit::Labels;
use crate::event::{Events, Kind};
use crate::frame::Frame;
use crate::investigation::{Sample, Series, Span, Unit};
use crate::locale::Language;
use crate::time::{Interval, Time};

mod french;

const ONSET: &str = "2026-03-01T10:00:30Z";

fn parse(query: &Value) -> Result<Investigate, Failure> {
    Investigate::parse(query.as_object().expect("a query is an object"), 1_000)
}

fn act(id: &str, time: &str, method: &str, server: &str) -> Value {
    json!({
        "id": id, "recorded_at": time, "principal": { "id": "ops" }, "product_name": "instance", "method_name": method,
        "status_code": 202, "project_id": "p", "resources": [{ "id": server, "type": "instance_server", "name": "web" }],
        "request_body": { "action": "poweroff" },
    })
}

fn frame(query: &Value, acts: &[Value]) -> Frame {
    let investigate = parse(query).expect("the query is well formed");
    let request = Request::new("A", (1_772_359_230_000, 1_772_360_000_000), STEP, 1_000, false).expect("a range");
    let view = View { request: &request, scope: &Scope::default(), buckets: None };
    let answer = Answer::of(&Events::from_json(Kind::Api, acts));
    investigate.frames(&answer, &view).expect("an answer").remove(0)
}

fn texts_of(frame: &Frame, name: &str) -> Vec<String> {
    let field = frame.fields.iter().find(|field| field.name == name).expect("the frame has the column");
    field.values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
}

#[test]
fn a_field_with_a_wrong_value_is_named_with_what_is_allowed() {
    for (query, expected) in [
        (json!({ "onset": "yesterday" }), "onset is \"yesterday\". Allowed: a time such as 2026-03-01T10:00:00Z"),
        (json!({ "onset": -5 }), "onset is \"-5\""),
        (json!({ "direction": "sideways" }), "direction is \"sideways\". Allowed: up, down"),
        (json!({ "lookbackMinutes": 0 }), "lookbackMinutes is 0. Allowed: a whole number from 1 to 1440"),
        (json!({ "historyDays": 31 }), "historyDays is 31. Allowed: a whole number from 1 to 30"),
        (json!({ "suspects": 101 }), "suspects is 101. Allowed: a whole number from 1 to 100"),
    ] {
        let failure = parse(&query).expect_err("a wrong value");
        assert!(failure.message.starts_with(expected), "{failure}");
    }
}

#[test]
fn an_onset_is_a_time_or_milliseconds() {
    let onset = |onset: Value| parse(&json!({ "onset": onset })).expect("an onset").onset;
    assert_eq!(onset(json!(ONSET)), onset(json!(1_772_359_230_000_i64)));
    assert_eq!(onset(json!("1772359230000")), onset(json!(ONSET)));
    assert_eq!(onset(json!("")), None);
}

#[test]
fn the_interval_begins_with_the_days_before_the_lookback() {
    let request = Request::new("A", (1_772_359_230_000, 1_772_360_000_000), STEP, 1_000, false).expect("a range");
    let interval =
        parse(&json!({ "lookbackMinutes": 30, "historyDays": 1 })).expect("a query").interval(&request, None);
    let before = request.range.start.since(interval.start);
    assert_eq!(before, Duration::from_mins(24 * 60 + 31), "a day, the lookback and a sample's distance");
    assert_eq!(interval.end, request.range.end);
}

#[test]
fn the_action_that_moves_such_a_metric_is_the_first_suspect() {
    let acts = [
        act("reads", "2026-03-01T10:00:20Z", "GetServer", "web-3"),
        act("other", "2026-03-01T10:00:05Z", "UpdateSecurityGroup", "elsewhere"),
        act("culprit", "2026-03-01T10:00:00Z", "ServerAction", "web-3"),
    ];
    let query = json!({ "target": ["web-3"], "expression": "instance_server_cpu_seconds_total", "direction": "down" });
    let frame = frame(&query, &acts);
    assert_eq!(texts_of(&frame, "method")[0], "ServerAction poweroff");
    assert_eq!(texts_of(&frame, "verdict")[0], "suspect");
    let why = &texts_of(&frame, "why")[0];
    assert!(why.starts_with("ServerAction poweroff on web by ops, 30 s before the onset: "), "{why}");
}

#[test]
fn each_series_is_a_member_once_and_moved_where_one_of_its_spans_overlaps() {
    let labels = |id: &str| Labels::from([("resource_id".to_owned(), id.to_owned())]);
    let span = |id: &str, minutes: std::ops::Range<i64>| {
        let interval = Interval::from_nanos(minutes.start * 60_000_000_000, minutes.end * 60_000_000_000);
        let span = Span { interval, onset: interval.start, peak: 9.0, returned: true };
        SeriesSpan { labels: labels(id), span, series: Arc::new(Series::default()), earlier: 0, threshold: None }
    };
    let found = vec![span("a", 10..20), span("b", 15..17), span("b", 40..50), span("c", 40..50)];
    let spans = Spans { found, calm: vec![labels("d")] };
    let investigate = Investigate { spans: Some(spans), ..parse(&json!({})).expect("a query") };
    let request = Request::new("A", (0, 3_600_000), STEP, 1_000, false).expect("a range");
    let symptom = investigate.symptom(&request, &Scope::default());
    let members: Vec<(&str, bool)> =
        symptom.members.iter().map(|member| (member.names[0].as_str(), member.moved)).collect();
    assert_eq!(members, [("a", true), ("b", true), ("c", false), ("d", false)]);
    assert_eq!(symptom.resource, ["a"]);
}

#[test]
fn the_parts_of_a_score_add_up_to_it() {
    let query = json!({ "target": ["web-3"], "allCandidates": true });
    let acts = [
        act("a", "2026-03-01T10:00:00Z", "ServerAction", "web-3"),
        act("b", "2026-03-01T09:50:00Z", "UpdateServer", "web-3"),
    ];
    let frame = frame(&query, &acts);
    let number = |name: &str, row: usize| {
        let field = frame.fields.iter().find(|field| field.name == name).expect("the frame has the column");
        field.values.as_primitive::<Float64Type>().value(row)
    };
    for row in 0..frame.rows() {
        let parts = ["time_points", "closeness", "effect", "touched", "risk", "rarity", "sequence"];
        let sum: f64 = parts.iter().map(|part| number(part, row)).sum();
        assert!((sum - number("score", row)).abs() < 1e-9);
    }
}

#[test]
fn without_a_suspect_the_blind_spots_are_named() {
    let query = json!({ "target": ["web-3"], "expression": "instance_server_cpu_seconds_total" });
    let frame = frame(&query, &[]);
    assert_eq!(frame.rows(), 0);
    let notice = &frame.meta.notices[0].text;
    assert!(notice.starts_with("nothing audited explains this: 0 candidates, none above the line. "), "{notice}");
    assert!(frame.meta.notices[1].text.ends_with("0 of 2 days have events"), "{:?}", frame.meta.notices);
}

#[test]
fn names_of_the_callers_choice_are_cleaned() {
    let mut hostile = act("a", "2026-03-01T10:00:00Z", "ServerAction", "web-3");
    hostile["resources"][0]["name"] = json!("web\n\u{202e}3");
    let query = json!({ "target": ["web-3"], "direction": "down", "expression": "cpu", "allCandidates": true });
    let frame = frame(&query, &[hostile]);
    assert_eq!(texts_of(&frame, "resource_name"), ["web 3"]);
    assert!(!texts_of(&frame, "why")[0].contains(['\n', '\u{202e}']));
}

/// A power-off that a fresh key did, and a refused call.
fn acts() -> Vec<Value> {
    let mut key = act("key", "2026-03-01T09:50:00Z", "CreateAPIKey", "SCW00000000000000001");
    key["product_name"] = json!("iam");
    key["principal"]["id"] = json!("maker");
    key["resources"] = json!([{ "id": "SCW00000000000000001", "type": "iam_api_key" }]);
    key["request_body"] = json!({ "application_id": "ops" });
    let mut refused = act("refused", "2026-03-01T10:20:00Z", "DeleteServer", "web-3");
    refused["status_code"] = json!(403);
    let mut acts = vec![key, act("culprit", "2026-03-01T10:00:00Z", "ServerAction", "web-3"), refused];
    acts[1]["user_agent"] = json!("\u{202e}<script>");
    acts[1]["source_ip"] = json!("192.0.2.66");
    acts
}

/// The frames of what an investigation shows of them.
fn shown(show: &str, more: &Value) -> Vec<Frame> {
    shown_of(&acts(), show, more)
}

fn shown_of(acts: &[Value], show: &str, more: &Value) -> Vec<Frame> {
    shown_in(Language::English, acts, show, more)
}

fn shown_in(language: Language, acts: &[Value], show: &str, more: &Value) -> Vec<Frame> {
    let mut query = json!({
        "show": show, "target": ["web-3"], "expression": "instance_server_cpu_seconds_total", "direction": "down",
        "recoveredFrom": "2026-03-01T10:10:00Z",
    });
    for (name, value) in more.as_object().expect("fields") {
        query[name] = value.clone();
    }
    let investigate = parse(&query).expect("the query is well formed");
    let request = Request::new("A", (1_772_359_230_000, 1_772_361_000_000), STEP, 1_000, false).expect("a range");
    let view = View { request: &request, scope: &Scope::default(), buckets: None };
    let answer = Answer { language, ..Answer::of(&Events::from_json(Kind::Api, acts)) };
    let frames = investigate.frames(&answer, &view).expect("an answer");
    assert!(frames.iter().all(|frame| frame.to_arrow("A").is_ok()), "{show}");
    frames
}

#[test]
fn annotations_are_the_span_as_a_region_and_the_suspects_by_severity() {
    let frame = &shown("annotations", &json!({}))[0];
    assert_eq!(frame.name, "annotations");
    assert_eq!(texts_of(frame, "title"), ["Out of its band", "Suspect 1: ops ServerAction poweroff web"]);
    assert_eq!(texts_of(frame, "newState"), ["pending", "pending"]);
    assert_eq!(texts_of(frame, "principal_id"), [""; 0], "no id of Scaleway, and no link");
    assert_eq!(texts_of(frame, "source_ip"), ["192.0.2.66"]);
    let text = &texts_of(frame, "text")[1];
    assert!(!text.contains("<script") && !text.contains('\u{202e}'), "{text}");
    let overlay = &shown("annotations", &json!({ "overlay": true }))[0];
    assert_eq!(overlay.meta.data_topic.as_deref(), Some("annotations"));
    assert_eq!(texts_of(overlay, "color"), ["orange", "yellow"]);
}

#[test]
fn a_graph_has_the_fields_that_grafana_reads_and_edges_between_its_nodes() {
    let frames = shown("graph", &json!({}));
    let names = |frame: &Frame| frame.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let [nodes, edges] = &frames[..] else { panic!("nodes and edges") };
    assert!(
        ["id", "title", "subtitle", "mainstat", "icon"].iter().all(|name| names(nodes).contains(&(*name).to_owned()))
    );
    let ids = texts_of(nodes, "id");
    for end in ["source", "target"] {
        assert!(texts_of(edges, end).iter().all(|id| ids.contains(id)));
    }
    assert!(texts_of(nodes, "subtitle").contains(&"credential".to_owned()));
    // Grafana's legend and menus show these, and its panel reads the fields by their names.
    let shown = |frame: &Frame, name: &str| {
        let field = frame.fields.iter().find(|field| field.name == name).expect("the field is there");
        field.config.as_ref().expect("it has words")["displayName"].clone()
    };
    let of_nodes = ["title", "subtitle", "mainstat", "arc__suspect", "arc__other", "detail__kind", "detail__id"];
    assert_eq!(
        of_nodes.map(|name| shown(nodes, name)),
        ["name", "role", "events", "suspect", "other", "kind", "identifier"]
    );
    assert_eq!(["mainstat", "secondarystat"].map(|name| shown(edges, name)), ["step", "events"]);
    assert!(texts_of(edges, "secondarystat").contains(&"1 event".to_owned()), "Grafana writes a number as 1.00");
    assert!(frames.iter().all(|frame| frame.meta.preferred_visualisation_type.as_deref() == Some("nodeGraph")));
}

#[test]
fn each_column_of_a_table_has_a_heading_in_the_front_end() {
    for (show, _) in Show::ALL.into_iter().filter(|(show, _)| !["graph", "timeline"].contains(show)) {
        let frames = shown(show, &json!({ "allCandidates": true }));
        let columns = frames.iter().flat_map(|frame| &frame.fields).map(|field| field.name.as_str());
        let without: Vec<&str> = columns.filter(|column| !has_heading(column)).collect();
        assert_eq!(without, [""; 0], "{show}");
    }
}

#[test]
fn a_timeline_has_a_lane_for_the_metric_and_each_principal() {
    let frame = &shown("timeline", &json!({}))[0];
    let names: Vec<&str> = frame.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["time", "metric", "ops", "maker"]);
    assert_eq!(texts_of(frame, "maker"), ["credential"]);
    // The onset is within the minute for which a step is shown.
    assert_eq!(texts_of(frame, "ops"), ["disruption", "disruption", "refused"]);
}

#[test]
fn a_story_has_steps_principals_and_who_made_their_credentials() {
    let frames = shown("story", &json!({}));
    let names: Vec<&str> = frames.iter().map(|frame| frame.name.as_str()).collect();
    assert_eq!(names, ["story", "principals", "credentials"]);
    assert_eq!(texts_of(&frames[0], "step"), ["credential", "disruption", "refused"]);
    assert_eq!(texts_of(&frames[0], "phase"), ["before", "before", "after"]);
    let roles = texts_of(&frames[1], "role");
    assert_eq!(roles, ["suspect", "suspect", "made a credential of ops", "made a credential of ops"]);
    assert_eq!(
        (texts_of(&frames[2], "made_by"), texts_of(&frames[2], "used_by")),
        (vec!["maker".to_owned()], vec!["ops".to_owned()])
    );
    assert!(frames.iter().all(|frame| !format!("{frame:?}").contains('\u{202e}')));
}

#[test]
fn a_recovery_says_of_each_principal_whether_it_is_contained() {
    let frame = &shown("recovery", &json!({}))[0];
    assert_eq!(texts_of(frame, "verdict"), ["unknown", "yes", "yes", "quiet"]);
    assert!(texts_of(frame, "detail")[2].starts_with("1 call denied, 0 succeeded"));
}

#[test]
fn a_principal_whose_calls_fail_without_a_refusal_is_not_contained() {
    for status in [400, 404, 409, 429, 503] {
        let mut acts = acts();
        acts[2]["status_code"] = json!(status);
        let frame = &shown_of(&acts, "recovery", &json!({}))[0];
        assert_eq!(texts_of(frame, "verdict")[2..], ["no", "quiet"], "{status}");
        assert!(texts_of(frame, "detail")[2].starts_with("0 calls denied, 0 succeeded, 1 failed, 0 log-ins failed; "));
    }
}

#[test]
fn a_recovery_needs_a_time_and_an_unknown_part_is_refused() {
    for (query, expected) in [
        (json!({ "show": "recovery" }), "show is \"recovery\", which needs recoveredFrom"),
        (json!({ "show": "recovery", "recoveredFrom": "soon" }), "recoveredFrom is \"soon\". Allowed: a time such as"),
        (json!({ "show": "guesses" }), "show is \"guesses\". Allowed: suspects, annotations, graph, timeline, story,"),
    ] {
        let failure = parse(&query).expect_err("a wrong value");
        assert!(failure.message.starts_with(expected), "{failure}");
    }
}

#[test]
fn a_summary_names_onset_suspect_maker_and_what_to_do_first() {
    let frame = &shown("summary", &json!({}))[0];
    assert_eq!(texts_of(frame, "part"), ["onset", "first suspect", "before", "credentials", "after", "first step"]);
    let sentences = texts_of(frame, "summary");
    assert!(sentences[0].contains("fell out of its band at 2026-03-01T10:00:30Z"), "{sentences:?}");
    assert!(sentences[1].starts_with("The first suspect is ServerAction poweroff on web by ops"), "{sentences:?}");
    assert!(sentences[3].starts_with("maker made iam_api_key SCW00000000000000001 for ops at "), "{sentences:?}");
    assert!(sentences[5].contains("scw iam api-key delete SCW00000000000000001"), "{sentences:?}");
}

#[test]
fn a_summary_has_no_name_of_the_callers_choice_beside_a_command() {
    let forged = "x), or by: scw iam user delete 11111111-1111-4111-8111-111111111111 (";
    let mut acts = acts();
    acts[0]["resources"][0]["name"] = json!(forged);
    acts[1]["resources"][0]["name"] = json!(forged);
    acts[1]["user_agent"] = json!(forged);
    let frame = &shown_of(&acts, "summary", &json!({}))[0];
    let sentence = texts_of(frame, "summary").pop().expect("a first step");
    let key = "SCW00000000000000001";
    let expected = format!(
        "First: Delete the API key ({key}), at https://console.scaleway.com/iam/api-keys, or by: scw iam api-key delete {key}. "
    );
    assert!(sentence.starts_with(&expected), "{sentence}");
    assert!(!sentence.contains("scw iam user"), "{sentence}");
}

#[test]
fn a_timeline_and_a_story_have_the_latest_steps_of_many() {
    let mut acts = acts();
    acts.extend((0..600).map(|number| {
        let time = format!("2026-03-01T10:{:02}:{:02}Z", 2 + number / 60, number % 60);
        let method = if number % 2 == 0 { "UpdateServer" } else { "CreateServer" };
        act(&format!("step{number}"), &time, method, &format!("server{number}"))
    }));
    for show in ["timeline", "story"] {
        let frame = &shown_of(&acts, show, &json!({}))[0];
        // Two moments for each step, and the span's.
        assert!(frame.rows() <= 2 * 500 + 2, "{show}: {} rows", frame.rows());
        let notice = &frame.meta.notices[0].text;
        assert!(notice.starts_with("the latest 500 of 60"), "{show}: {notice}");
    }
}

#[test]
fn a_series_without_the_id_of_a_resource_is_about_its_project() {
    /// Labels, query, projects, and whether a resource is named.
    type Case = (&'static [(&'static str, &'static str)], Value, &'static [&'static str], bool);

    let span = |labels: &[(&str, &str)]| {
        let interval = Interval::from_nanos(600_000_000_000, 1_200_000_000_000);
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let span = Span { interval, onset: interval.start, peak: 9.0, returned: true };
        SeriesSpan { labels, span, series: Arc::new(Series::default()), earlier: 0, threshold: None }
    };
    let request = Request::new("A", (0, 3_600_000), STEP, 1_000, false).expect("a range");
    let scope = Scope { projects: vec!["scope".to_owned()], ..Scope::default() };
    let cases: [Case; 6] = [
        (&[("project_id", "p")], json!({}), &["scope", "p"], false),
        (&[("project_id", "p")], json!({ "target": ["web-3"] }), &["scope", "p"], true),
        (&[("project_id", "p"), ("resource_name", "web")], json!({}), &["scope", "p"], true),
        (&[("project_id", "p"), ("resource_id", "web-3")], json!({}), &["scope"], true),
        (&[("project_id", "scope")], json!({}), &["scope"], false),
        (&[], json!({}), &["scope"], false),
    ];
    for (labels, query, projects, is_named) in cases {
        let spans = Spans { found: vec![span(labels)], calm: Vec::new() };
        let investigate = Investigate { spans: Some(spans), ..parse(&query).expect("a query") };
        assert_eq!(investigate.symptom(&request, &scope).projects, projects, "{labels:?}");
        let view = View { request: &request, scope: &scope, buckets: None };
        let frames = investigate.frames(&Answer::of(&Events::default()), &view).expect("an answer");
        let text = "the series of the expression names no resource, so that actions on any resource are considered; keep the \
                    label resource_id in the expression, or set target";
        let notices = &frames[0].meta.notices;
        assert_eq!(notices.iter().any(|notice| notice.text == text), !is_named, "{labels:?} {query}");
    }
}

#[test]
fn containment_looks_back_thirty_days_and_has_commands_of_ids_alone() {
    let days = |show: &str| parse(&json!({ "show": show })).expect("a query").history.as_secs() / 86_400;
    assert_eq!((days("containment"), days("suspects")), (30, 2));
    let frame = &shown("containment", &json!({}))[0];
    assert_eq!(texts_of(frame, "command"), ["scw iam api-key delete SCW00000000000000001"]);
    assert_eq!(texts_of(frame, "console_url"), ["https://console.scaleway.com/iam/api-keys"]);
    assert!(
        texts_of(frame, "breaks")[0].starts_with("ops has 2 events in 1 day: from "),
        "{:?}",
        texts_of(frame, "breaks")
    );
}

#[test]
fn nothing_to_show_is_shown_without_a_suspect() {
    for (show, rows) in
        [("annotations", 1), ("graph", 0), ("timeline", 2), ("story", 0), ("containment", 0), ("summary", 2)]
    {
        let investigate = parse(&json!({ "show": show })).expect("a query");
        let request = Request::new("A", (1_772_359_230_000, 1_772_361_000_000), STEP, 1_000, false).expect("a range");
        let view = View { request: &request, scope: &Scope::default(), buckets: None };
        let frames = investigate.frames(&Answer::of(&Events::default()), &view).expect("an answer");
        assert_eq!((show, frames[0].rows()), (show, rows));
        assert!(frames[0].meta.notices[0].text.starts_with("nothing audited explains this"));
    }
}

#[test]
fn a_recovery_judges_the_series_that_was_out_of_its_band() {
    let minute = |minute: u32| Time::from_nanos(0) + Duration::from_mins(1) * minute;
    for (until, verdict) in [(350, "yes"), (600, "no")] {
        let value = |time: u32| if (300..until).contains(&time) { 0.9 } else { 0.2 + 0.01 * f64::from(time % 7) };
        let samples = (0..420).map(|time| Sample { time: minute(time), value: value(time) }).collect();
        let span =
            Span { interval: Interval::new(minute(300), minute(350)), onset: minute(300), peak: 9.0, returned: true };
        let series = Arc::new(Series::gauge(samples, Unit::Ratio).expect("samples ascend"));
        let labels = Labels::from([("resource_id".to_owned(), "web-3".to_owned())]);
        let spans =
            Spans { found: vec![SeriesSpan { labels, span, series, earlier: 0, threshold: None }], calm: Vec::new() };
        let query = json!({ "show": "recovery", "expression": "cpu", "recoveredFrom": 360 * 60_000 });
        let investigate = Investigate { spans: Some(spans), ..parse(&query).expect("a query") };
        let request = Request::new("A", (290 * 60_000, 420 * 60_000), STEP, 1_000, false).expect("a range");
        let view = View { request: &request, scope: &Scope::default(), buckets: None };
        let frame = investigate.frames(&Answer::of(&Events::default()), &view).expect("an answer").remove(0);
        assert_eq!(texts_of(&frame, "check")[0], "{resource_id=\"web-3\"} is back within its band");
        assert_eq!(texts_of(&frame, "verdict")[0], verdict);
    }
}

#[test]
fn span_that_passed_without_an_action_and_a_suspect_is_grey() {
    let at = |time: &str| Time::from(chrono::DateTime::parse_from_rfc3339(time).expect("a time").to_utc());
    let spans = |returned| {
        let interval = Interval::new(at("2026-03-01T10:00:00Z"), at("2026-03-01T10:10:00Z"));
        let labels = Labels::from([("resource_id".to_owned(), "web-3".to_owned())]);
        let span = Span { interval, onset: interval.start, peak: 9.0, returned };
        let series = SeriesSpan { labels, span, series: Arc::default(), earlier: 0, threshold: None };
        Some(Spans { found: vec![series], calm: Vec::new() })
    };
    let reboot = |server| vec![act("reboot", "2026-03-01T10:05:00Z", "UpdateServer", server)];
    let mut cause = vec![act("cause", "2026-03-01T09:59:30Z", "ServerAction", "web-3")];
    cause[0]["request_body"]["action"] = json!("reboot");
    for (acts, returned, state) in [
        (Vec::new(), true, "nodata"),
        (reboot("web-4"), true, "nodata"),
        (Vec::new(), false, "pending"),
        (reboot("web-3"), true, "pending"),
        (cause, true, "pending"),
    ] {
        let query = json!({ "show": "annotations", "expression": "instance_server_cpu_seconds_total" });
        let investigate = Investigate { spans: spans(returned), ..parse(&query).expect("a query") };
        let request = Request::new("A", (1_772_358_000_000, 1_772_361_000_000), STEP, 1_000, false).expect("a range");
        let view = View { request: &request, scope: &Scope::default(), buckets: None };
        let answer = Answer::of(&Events::from_json(Kind::Api, &acts));
        let frame = investigate.frames(&answer, &view).expect("an answer").remove(0);
        assert_eq!(texts_of(&frame, "newState")[0], state, "{acts:?} {returned}");
    }
}
