//! `audittrail ask` in scripts: its output and its exit codes.

mod common;

use std::process::Stdio;
use std::time::Duration;

use audittrail::sandbox::{
    Config, Fault, FaultPlan, KEY_WITHOUT_AUDIT_TRAIL, KEY_WITHOUT_IAM, ORGANIZATION_ID, SECRET_KEY, Sandbox,
};
use common::organization;
use serde_json::Value;
use tokio::process::Command;

/// A week of the simulated organization that is the same on every day.
const NOW: &str = "2026-03-01T12:00:00Z";
const EVENTS: usize = 2_000;

/// The output and the exit code of a run.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    fn csv(&self) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(self.out.as_bytes());
        reader.records().map(|row| row.expect("CSV").iter().map(str::to_owned).collect()).collect()
    }
}

async fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_audittrail"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the command runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}

/// Asks about the week, in two regions.
async fn ask(url: &str, key: &str, arguments: &[&str]) -> Ran {
    let week = ["--from", "2026-02-22T00:00:00Z", "--to", NOW, "--regions", "fr-par,nl-ams"];
    let whom = ["ask", "--organization", ORGANIZATION_ID, "--secret-key", key, "--api-url", url];
    run(&[&whom[..], &week[..], arguments].concat()).await
}

/// The simulated organization with faults. Its present lies in the past, so that nothing depends on the day of the test.
async fn simulated(faults: Vec<FaultPlan>) -> Sandbox {
    let now = NOW.parse().expect("a time");
    organization(Config { seed: 7, events: EVENTS, now, faults, ..Config::default() }).await
}

const BY_METHOD: &str = r#"{"queryType": "counts", "over": "total", "groupBy": ["method"], "groupLimit": 1000}"#;
const NUMBER: &str = r#"{"queryType": "counts", "over": "total"}"#;

/// The range of the tests is older than what Scaleway keeps, seen from now: its warning is expected, and nothing else.
fn only_retention(ran: &Ran) -> bool {
    ran.code == 3 && ran.err.lines().all(|line| line.starts_with("note: the range begins before "))
}

#[tokio::test]
async fn a_complete_answer_ends_with_0_and_nothing_on_stderr() {
    let sandbox = organization(Config { events: 300, span: Duration::from_hours(12), ..Config::default() }).await;
    for format in ["table", "json", "csv"] {
        let url = sandbox.url();
        let whom = ["ask", "--organization", ORGANIZATION_ID, "--secret-key", SECRET_KEY, "--api-url", &url];
        let ran = run(&[&whom[..], &["--format", format, NUMBER]].concat()).await;
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{format}: {}", ran.out);
    }
}

#[tokio::test]
async fn json_is_one_document_with_all_rows() {
    let sandbox = simulated(vec![]).await;
    let ran = ask(&sandbox.url(), SECRET_KEY, &["--format", "json", "{}"]).await;
    assert!(only_retention(&ran), "{} {}", ran.code, ran.err);
    let document = ran.json();
    let number = ask(&sandbox.url(), SECRET_KEY, &["--format", "json", NUMBER]).await.json();
    let rows = document["rows"].as_array().expect("rows");
    // More than the 1000 that a query without a limit shows on a panel.
    assert!(rows.len() > 1_000, "{} rows", rows.len());
    assert_eq!(number["rows"][0]["count"], rows.len());
    assert_eq!(document["columns"][0], "timestamp");
    assert!(rows.iter().all(|row| row["labels"].is_object() && row["timestamp"].as_str().is_some()), "{}", rows[0]);
    assert_eq!(document["complete"], false);
    assert_eq!(document["notices"][0]["severity"], "warning");
}

#[tokio::test]
async fn investigate_names_the_action_before_the_rise_in_each_format() {
    let sandbox = simulated(vec![]).await;
    let incident = sandbox.organization().incident.clone();
    let [from, to] = [incident.spike_from, incident.spike_until].map(|time| time.to_rfc3339());
    let url = sandbox.url();
    let investigate = async |arguments: &[&str]| {
        let whom = ["investigate", "--organization", ORGANIZATION_ID, "--secret-key", SECRET_KEY, "--api-url", &url];
        let what = ["--metric", "rate(instance_server_cpu_seconds_total[1m])", "--target", &incident.server_id];
        run(&[&whom[..], &what[..], &["--from", &from, "--to", &to], arguments].concat()).await
    };
    let ran = investigate(&["--format", "json"]).await;
    // As in every range that is older than what Scaleway keeps, events may be missing.
    assert_eq!(ran.code, 3, "{}", ran.err);
    let document = ran.json();
    let first = &document["rows"][0];
    assert_eq!((&first["rank"], &first["method"]), (&1.into(), &"ServerAction poweron".into()), "{document}");
    assert!(first["events"].as_array().is_some_and(|events| !events.is_empty()), "{first}");

    let ran = investigate(&[]).await;
    let why = first["why"].as_str().expect("a sentence");
    assert!(ran.out.contains(why), "the whole sentence is in the table: {}", ran.out);
    let csv = investigate(&["--format", "csv", "--suspects", "1"]).await.csv();
    assert_eq!((csv.len(), csv[0][0].as_str()), (2, "rank"), "{csv:?}");

    let ran = investigate(&["--format", "json", "--language", "fr-FR"]).await;
    let french = ran.json()["rows"][0].clone();
    assert_eq!((&french["events"], &french["score"]), (&first["events"], &first["score"]));
    let sentence = french["why"].as_str().expect("a sentence");
    for words in [" avant le début : ", "une telle action fait d’ordinaire monter la charge du processeur"] {
        assert!(sentence.contains(words), "{sentence}");
    }
    assert!(
        ran.err.contains("note: ce qui est habituel pour un auteur vient des événements antérieurs"),
        "{}",
        ran.err
    );
    let ran = investigate(&["--format", "json", "--language", "tlh"]).await;
    assert_eq!(ran.json()["rows"][0]["why"], why, "a language without sentences");

    let ran = investigate(&["--lookback-minutes", "0"]).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("lookbackMinutes is 0. Allowed: a whole number from 1 to 1440"), "{}", ran.err);
}

#[tokio::test]
async fn limits_of_the_query_and_of_the_command_line_apply() {
    let sandbox = simulated(vec![]).await;
    let rows = |ran: Ran| ran.json()["rows"].as_array().expect("rows").len();
    assert_eq!(rows(ask(&sandbox.url(), SECRET_KEY, &["--format", "json", r#"{"limit": 7}"#]).await), 7);
    assert_eq!(rows(ask(&sandbox.url(), SECRET_KEY, &["--format", "json", "--rows", "3", "{}"]).await), 3);
    let table = ask(&sandbox.url(), SECRET_KEY, &["--rows", "2", r#"{"format": "table", "limit": 9}"#]).await;
    assert!(table.out.contains("… and 7 more"), "{}", table.out);
}

#[tokio::test]
async fn csv_has_a_header_and_as_many_columns_in_each_row() {
    let sandbox = simulated(vec![]).await;
    let table = r#"{"format": "table"}"#;
    let ran = ask(&sandbox.url(), SECRET_KEY, &["--format", "csv", table]).await;
    let rows = ran.csv();
    assert!(rows.len() > 1_000 && rows.iter().all(|row| row.len() == rows[0].len()));
    let column = rows[0].iter().position(|name| name == "resource_name").expect("a column");
    // The organization has a resource of this name, which a spreadsheet would run.
    let names: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
    assert!(names.iter().any(|name| name.starts_with("'=HYPERLINK")), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with('=')));
    let document = ask(&sandbox.url(), SECRET_KEY, &["--format", "json", table]).await.json();
    let exact = document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .any(|row| row["resource_name"].as_str().is_some_and(|name| name.starts_with("=HYPERLINK")));
    assert!(exact, "JSON has the exact text");
}

#[tokio::test]
async fn groups_have_a_row_each_and_counts_of_nothing_the_same_columns() {
    let sandbox = simulated(vec![]).await;
    let rows = ask(&sandbox.url(), SECRET_KEY, &["--format", "csv", BY_METHOD]).await.csv();
    assert_eq!(rows[0], ["method", "count"]);
    assert!(rows[1..].iter().all(|row| row[1].parse::<u64>().is_ok()));
    let nothing =
        r#"{"queryType": "counts", "over": "total", "groupBy": ["method"], "scope": {"text": "no such thing"}}"#;
    assert_eq!(ask(&sandbox.url(), SECRET_KEY, &["--format", "csv", nothing]).await.out, "method,count\r\n");
    let time = r#"{"queryType": "counts", "groupBy": ["method"], "groupLimit": 3}"#;
    let over_time = ask(&sandbox.url(), SECRET_KEY, &["--format", "csv", time]).await.csv();
    assert_eq!(over_time[0], ["time", "method", "count"]);
}

#[tokio::test]
async fn an_unusable_argument_query_or_setting_ends_with_2_and_prints_nothing() {
    let sandbox = simulated(vec![]).await;
    let url = sandbox.url();
    for (arguments, text) in [
        (vec!["{"], "the query is not JSON"),
        (vec!["--format", "json", "[]"], "the query is []"),
        (vec![r#"{"queryType": "count"}"#], "queryType is"),
        (vec!["--format", "csv", r#"{"limit": 0}"#], "limit is 0"),
        (vec!["--regions", "mars", "{}"], "mars"),
        (vec!["--format", "xml", "{}"], "xml"),
        (vec!["--rows", "many", "{}"], "many"),
    ] {
        let ran = ask(&url, SECRET_KEY, &arguments).await;
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(text), "{arguments:?}: {}", ran.err);
    }
    let whom = ["ask", "--organization", ORGANIZATION_ID, "--secret-key", SECRET_KEY, "--api-url", &url];
    let reversed = run(&[&whom[..], &["--from", NOW, "--to", "2020-01-01T00:00:00Z"]].concat()).await;
    assert_eq!((reversed.code, reversed.out.as_str()), (2, ""), "{}", reversed.err);
    assert!(reversed.err.contains("ends before it begins"), "{}", reversed.err);
    let ran = run(&["ask", "{}"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    let no_key = ask(&url, "not a key", &["{}"]).await;
    assert_eq!(no_key.code, 2, "{}", no_key.err);
    assert!(!no_key.err.contains("not a key"), "{}", no_key.err);
}

#[tokio::test]
async fn an_incomplete_answer_is_printed_and_ends_with_3() {
    let sandbox = simulated(vec![Fault::HtmlPage.always().in_region("nl-ams")]).await;
    for format in ["table", "json", "csv"] {
        let ran = ask(&sandbox.url(), SECRET_KEY, &["--format", format, NUMBER]).await;
        assert_eq!(ran.code, 3, "{format}: {}", ran.err);
        assert!(ran.err.contains("note: region nl-ams"), "{format}: {}", ran.err);
        assert!(!ran.out.contains("nl-ams") || format == "json", "{format}: {}", ran.out);
        assert!(!ran.out.is_empty());
    }
}

#[tokio::test]
async fn a_refused_key_ends_with_4_and_a_failing_api_with_5() {
    let sandbox = simulated(vec![]).await;
    for key in ["00000000-0000-4000-8000-00000000dead", KEY_WITHOUT_AUDIT_TRAIL] {
        let ran = ask(&sandbox.url(), key, &["--format", "json", "{}"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.err);
        assert!(!ran.err.contains(key), "{}", ran.err);
    }
    // Names are the lesser part: without them there is an answer.
    let ran = ask(&sandbox.url(), KEY_WITHOUT_IAM, &["--format", "csv", "{}"]).await;
    assert!(ran.err.contains("principals are shown by id") && !ran.out.is_empty(), "{}", ran.err);
    let broken = simulated(vec![Fault::HtmlPage.always()]).await;
    let ran = ask(&broken.url(), SECRET_KEY, &["{}"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.err);
    let ran = ask("http://127.0.0.1:9", SECRET_KEY, &["{}"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.err);
}

#[tokio::test]
async fn a_reader_that_closes_the_pipe_is_no_fault() {
    let sandbox = simulated(vec![]).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_audittrail"))
        .args(["ask", "--organization", ORGANIZATION_ID, "--secret-key", SECRET_KEY, "--api-url", &sandbox.url()])
        .args(["--from", "2026-02-22T00:00:00Z", "--to", NOW, "--format", "json", r#"{"format": "table"}"#])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(!err.contains("panicked") && !err.contains("pipe"), "{err}");
    assert_eq!(output.status.code(), Some(3), "{err}");
}
