//! The story as tables: the steps, the principals before and after the onset, and their credentials.

use super::super::documentation::Topic;
use super::super::text;
use super::case::Case;
use super::columns::{cells, counts, some_texts, table, texts, times};
use super::phrase;
use crate::event::{Column, Long};
use crate::frame::{Field, Frame, Notice};
use crate::investigation::{Conduct, Credential, Line};
use crate::locale::{Language, Sentence};
use crate::time::Time;

/// At most so many lines are shown: the latest.
const MOST_LINES: usize = 500;

pub(super) fn frames(case: &Case<'_>) -> Vec<Frame> {
    vec![lines(case), principals(case), credentials(case)]
}

/// The lines that are shown.
pub(super) fn latest<'a>(case: &'a Case<'_>) -> &'a [Line] {
    let lines = &case.story.lines;
    &lines[lines.len().saturating_sub(MOST_LINES)..]
}

/// What says that there are more lines than are shown.
pub(super) fn limit(case: &Case<'_>) -> Option<Notice> {
    let steps = case.story.lines.len();
    let latest = Sentence::LatestSteps { shown: MOST_LINES, steps };
    (steps > MOST_LINES).then(|| Topic::Limit.info(latest.text(case.language())))
}

/// What a phase is called: before the onset, or after it.
fn phase(is_before: bool) -> Sentence<'static> {
    if is_before { Sentence::BeforeIt } else { Sentence::AfterIt }
}

/// Who did what when, the oldest first.
fn lines(case: &Case<'_>) -> Frame {
    let lines = latest(case);
    let events = &case.answer.events;
    let onset = case.symptom.onset;
    let language = case.language();
    let phase = |line: &Line| phase(line.time < onset).text(language);
    let who = |line: &Line| line.principal.as_deref().map(|id| phrase::name(case.answer, id));
    let ids = lines.iter().map(|line| events.one(Long::Id, line.rows[0]));
    let address = |line: &Line| events.one_text(Column::SourceIp, line.rows[0]).map(|ip| text::cell(ip).into_owned());
    let fields = vec![
        Field::required("time", times(lines.iter().map(|line| line.time))),
        Field::required("phase", texts(lines.iter().map(phase))),
        Field::new("principal", some_texts(lines.iter().map(who))),
        Field::required("step", texts(lines.iter().map(|line| line.step.name.text(language)))),
        Field::required("sentence", texts(lines.iter().map(|line| phrase::line(case, line)))),
        Field::required("events", counts(lines.iter().map(|line| line.rows.len()))),
        Field::required("until", times(lines.iter().map(|line| line.last))),
        Field::new("source_ip", some_texts(lines.iter().map(address))),
        Field::new("principal_id", cells(lines.iter().map(|line| &line.principal))),
        Field::new("event_id", some_texts(ids)),
    ];
    let mut table = table("story", fields);
    table.meta.notices.extend(limit(case));
    table
}

/// What each principal did before and after the onset.
fn principals(case: &Case<'_>) -> Frame {
    let story = &case.story;
    let phases = [(true, &story.before), (false, &story.after)];
    // Each member twice: before the onset, or after it.
    let mut rows: Vec<(usize, bool, &Conduct)> = Vec::new();
    for index in 0..story.members.len() {
        rows.extend(phases.iter().map(|(is_before, conducts)| (index, *is_before, &conducts[index])));
    }
    let (onset, language) = (case.symptom.onset, case.language());
    let chain = |(index, is_before, _): &(usize, bool, &Conduct)| {
        let is_in = |time: Time| (time < onset) == *is_before;
        phrase::chain(language, &story.chain(&story.members[*index].principal, is_in))
    };
    let credentials = |(index, is_before, _): &(usize, bool, &Conduct)| {
        let principal = Some(&story.members[*index].principal);
        let made = story.credentials.iter().filter(|credential| credential.maker.as_ref() == principal);
        let made = made.filter(|credential| (credential.time < onset) == *is_before);
        text::listed(language, &made.map(|made| credential_name(language, made)).collect::<Vec<_>>())
    };
    let member = |row: &(usize, bool, &Conduct)| &story.members[row.0];
    let fields = vec![
        Field::required("principal", texts(rows.iter().map(|row| phrase::name(case.answer, &member(row).principal)))),
        Field::required("role", texts(rows.iter().map(|row| phrase::role(case.answer, &member(row).role)))),
        Field::required("phase", texts(rows.iter().map(|row| phase(row.1).text(language)))),
        Field::required("steps", texts(rows.iter().map(chain))),
        Field::required("events", counts(rows.iter().map(|row| row.2.events))),
        Field::required("refused", counts(rows.iter().map(|row| row.2.refused))),
        Field::required("failed_log_ins", counts(rows.iter().map(|row| row.2.failed_log_ins))),
        Field::required("addresses", texts(rows.iter().map(|row| phrase::seen(language, &row.2.addresses)))),
        Field::required("user_agents", texts(rows.iter().map(|row| phrase::seen(language, &row.2.agents)))),
        Field::required("credentials", texts(rows.iter().map(credentials))),
        Field::required("resources", texts(rows.iter().map(|row| phrase::seen(language, &row.2.resources)))),
        Field::required("principal_id", texts(rows.iter().map(|row| text::cell(&member(row).principal).into_owned()))),
    ];
    table("principals", fields)
}

/// Who made which credential for whom, and its uses.
fn credentials(case: &Case<'_>) -> Frame {
    let credentials = &case.story.credentials;
    let named = |id: &Option<String>| id.as_deref().map(|id| phrase::name(case.answer, id));
    let at = |time: Option<Time>| time.map(|time| time.to_string());
    let fields = vec![
        Field::required("time", times(credentials.iter().map(|credential| credential.time))),
        Field::required(
            "credential",
            texts(credentials.iter().map(|credential| credential_name(case.language(), credential))),
        ),
        Field::new("made_by", some_texts(credentials.iter().map(|credential| named(&credential.maker)))),
        Field::new("used_by", some_texts(credentials.iter().map(|credential| named(&credential.principal)))),
        Field::required("events_since", counts(credentials.iter().map(|credential| credential.uses))),
        Field::new("first_event", some_texts(credentials.iter().map(|credential| at(credential.first_use)))),
        Field::new("deleted", some_texts(credentials.iter().map(|credential| at(credential.removed)))),
        Field::new("made_by_id", cells(credentials.iter().map(|credential| &credential.maker))),
        Field::new("used_by_id", cells(credentials.iter().map(|credential| &credential.principal))),
    ];
    table("credentials", fields)
}

/// The id of a credential, with its type.
pub(super) fn credential_name(language: Language, credential: &Credential) -> String {
    let parts = [credential.kind.as_deref(), credential.id.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().map(text::plain).collect();
    if parts.is_empty() { Sentence::ACredential.text(language) } else { parts.join(" ") }
}
