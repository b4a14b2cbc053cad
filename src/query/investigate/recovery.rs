//! What happened since a time: the metric, new suspects, and the calls of the suspects' principals.

use std::time::Duration;

use super::super::text;
use super::case::Case;
use super::columns::{table, texts};
use super::phrase;
use super::span_table::name_of;
use super::suspects::Shown;
use crate::frame::{Field, Frame};
use crate::investigation::{Judgement, Since, Symptom, rank};
use crate::time::Time;

/// The longest time for which new suspects are sought.
const LONGEST: Duration = Duration::from_hours(24);

/// A check, its verdict, and what it found.
type Check = (String, &'static str, String);

pub(super) fn frame(case: &Case<'_>, from: Time) -> Frame {
    let mut checks = metric(case, from);
    checks.push(new_suspects(case, from));
    checks.extend(case.story.members.iter().map(|member| calls(case, &member.principal, from)));
    let fields = vec![
        Field::required("check", texts(checks.iter().map(|check| check.0.clone()))),
        Field::required("verdict", texts(checks.iter().map(|check| check.1.to_owned()))),
        Field::required("detail", texts(checks.iter().map(|check| check.2.clone()))),
    ];
    table("recovery", fields)
}

/// Whether each series that was out of its band is back.
fn metric(case: &Case<'_>, from: Time) -> Vec<Check> {
    let Some(spans) = case.spans.filter(|spans| !spans.found.is_empty()) else {
        let detail = "no series of the metric with an anomalous span is known".to_owned();
        return vec![("the metric is back within its band".to_owned(), "unknown", detail)];
    };
    let judged = spans.found.iter().filter(|found| found.span.onset < from).map(|found| {
        let check = format!("{} is back within its band", text::label(&name_of(&found.labels)));
        let (verdict, detail) = match Judgement::of(&found.series, found.span.onset, from) {
            Judgement::Back => ("yes", "within the band that it had before the onset".to_owned()),
            Judgement::Out(span) => {
                ("no", format!("out of its band since {}, by {:.0} scales", span.interval.start, span.peak))
            }
            Judgement::Again(span) => {
                let detail = format!("out of its band again from {} to {}", span.interval.start, span.interval.end);
                ("yes, after another span", detail)
            }
            Judgement::Unknown => ("unknown", "there are too few samples before the onset or since".to_owned()),
        };
        (check, verdict, detail)
    });
    judged.collect()
}

/// Whether an action since then may explain a move of the metric at the end of the range.
fn new_suspects(case: &Case<'_>, from: Time) -> Check {
    let end = case.request.range.end;
    let check = "no new suspects".to_owned();
    if end <= from {
        return (check, "unknown", "the range ends before that time".to_owned());
    }
    let lookback = end.since(from).min(LONGEST);
    let symptom = Symptom { onset: end, lookback, ..case.symptom.clone() };
    let ranking = rank(&case.answer.events, &case.answer.rules, &symptom);
    let found: Vec<String> = ranking
        .suspects
        .iter()
        .filter(|suspect| suspect.first >= from)
        .map(|suspect| {
            let shown = Shown::of(suspect, case.answer);
            format!("{} {} {} at {}", shown.who, shown.what, shown.which, suspect.time)
        })
        .collect();
    if found.is_empty() {
        let considered = phrase::several(ranking.considered(), "candidate", "candidates");
        return (check, "yes", format!("{considered} since, none above the line"));
    }
    (check, "no", text::listed(&found))
}

/// What a principal did since: refused calls and failed log-ins alone show that it is contained, other calls that it is not,
/// whether they succeeded or not.
fn calls(case: &Case<'_>, principal: &str, from: Time) -> Check {
    let since = Since::of(&case.answer.events, principal, from);
    let check = format!("{} is contained", phrase::name(case.answer, principal));
    let newest = since.newest.map(|row| case.answer.events.time(row));
    let detail = format!(
        "{} denied, {} succeeded, {} failed, {} failed; {}",
        phrase::several(since.denied, "call", "calls"),
        since.succeeded,
        since.failed,
        phrase::several(since.failed_log_ins, "log-in", "log-ins"),
        newest.map_or("no event since".to_owned(), |time| format!("the last at {time}")),
    );
    let verdict = match since {
        Since { newest: None, .. } => "quiet",
        Since { succeeded: 0, failed: 0, .. } => "yes",
        _ => "no",
    };
    (check, verdict, detail)
}
