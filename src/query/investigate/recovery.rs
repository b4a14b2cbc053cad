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
use crate::locale::Sentence;
use crate::time::Time;

/// The longest time for which new suspects are sought.
const LONGEST: Duration = Duration::from_hours(24);

/// A check, its verdict, and the detail.
type Check = (String, Sentence<'static>, String);

pub(super) fn frame(case: &Case<'_>, from: Time) -> Frame {
    let mut checks = metric(case, from);
    checks.push(new_suspects(case, from));
    checks.extend(case.story.members.iter().map(|member| calls(case, &member.principal, from)));
    let fields = vec![
        Field::required("check", texts(checks.iter().map(|check| check.0.clone()))),
        Field::required("verdict", texts(checks.iter().map(|check| check.1.text(case.language())))),
        Field::required("detail", texts(checks.iter().map(|check| check.2.clone()))),
    ];
    table("recovery", fields)
}

/// Whether each series that was out of its band is back.
fn metric(case: &Case<'_>, from: Time) -> Vec<Check> {
    let language = case.language();
    let Some(spans) = case.spans.filter(|spans| !spans.found.is_empty()) else {
        let [check, detail] = [Sentence::MetricIsBack, Sentence::NoSpanKnown].map(|text| text.text(language));
        return vec![(check, Sentence::NotKnown, detail)];
    };
    let judged = spans.found.iter().filter(|found| found.span.onset < from).map(|found| {
        let check = Sentence::SeriesIsBack { metric: &text::label(&name_of(&found.labels)) }.text(language);
        let (verdict, detail) = match Judgement::of(&found.series, found.span.onset, from) {
            Judgement::Back => (Sentence::Yes, Sentence::WithinBand.text(language)),
            Judgement::Out(span) => {
                let (time, scales) = (&span.interval.start.to_string(), &format!("{:.0}", span.peak));
                (Sentence::No, Sentence::OutSince { time, scales }.text(language))
            }
            Judgement::Again(span) => {
                let (from, to) = (&span.interval.start.to_string(), &span.interval.end.to_string());
                (Sentence::YesAfterAnother, Sentence::OutAgain { from, to }.text(language))
            }
            Judgement::Unknown => (Sentence::NotKnown, Sentence::TooFewSamples.text(language)),
        };
        (check, verdict, detail)
    });
    judged.collect()
}

/// Whether an action since then may explain a move of the metric at the end of the range.
fn new_suspects(case: &Case<'_>, from: Time) -> Check {
    let (end, language) = (case.request.range.end, case.language());
    let check = Sentence::NoNewSuspects.text(language);
    if end <= from {
        return (check, Sentence::NotKnown, Sentence::RangeEndsBefore.text(language));
    }
    let lookback = end.since(from).min(LONGEST);
    let symptom = Symptom { onset: end, lookback, ..case.symptom.clone() };
    let ranking = rank(&case.answer.events, &case.answer.rules, &symptom);
    let found: Vec<String> = ranking
        .suspects
        .iter()
        .filter(|suspect| suspect.first >= from)
        .map(|suspect| {
            let Shown { who, what, which, .. } = &Shown::of(suspect, case.answer);
            Sentence::SuspectAt { who, what, which, time: &suspect.time.to_string() }.text(language)
        })
        .collect();
    if found.is_empty() {
        let detail = Sentence::CandidatesSince { considered: ranking.considered() }.text(language);
        return (check, Sentence::Yes, detail);
    }
    (check, Sentence::No, text::listed(language, &found))
}

/// What a principal did since: refused calls and failed log-ins alone show that it is contained, other calls that it is not,
/// whether they succeeded or not.
fn calls(case: &Case<'_>, principal: &str, from: Time) -> Check {
    let language = case.language();
    let since = Since::of(&case.answer.events, principal, from);
    let check = Sentence::IsContained { who: &phrase::name(case.answer, principal) }.text(language);
    let newest = since.newest.map(|row| case.answer.events.time(row).to_string());
    let last = match &newest {
        Some(time) => Sentence::LastAt { time },
        None => Sentence::NoEventSince,
    };
    let Since { denied, succeeded, failed, failed_log_ins, .. } = since;
    let calls = Sentence::Calls { denied, succeeded, failed, failed_log_ins, last: &last.text(language) };
    let verdict = match since {
        Since { newest: None, .. } => Sentence::Quiet,
        Since { succeeded: 0, failed: 0, .. } => Sentence::Yes,
        _ => Sentence::No,
    };
    (check, verdict, calls.text(language))
}
