//! The story as tables: the steps, the principals before and after the onset, and their credentials.

use super::super::documentation::Topic;
use super::super::text;
use super::case::Case;
use super::columns::{cells, counts, some_texts, table, texts, times};
use super::phrase;
use crate::event::{Column, Long};
use crate::frame::{Field, Frame, Notice};
use crate::investigation::{Conduct, Credential, Line};
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
    (steps > MOST_LINES).then(|| Topic::Limit.info(format!("the latest {MOST_LINES} of {steps} steps are shown")))
}

/// Who did what when, the oldest first.
fn lines(case: &Case<'_>) -> Frame {
    let lines = latest(case);
    let events = &case.answer.events;
    let onset = case.symptom.onset;
    let phase = |line: &Line| if line.time < onset { "before" } else { "after" }.to_owned();
    let who = |line: &Line| line.principal.as_deref().map(|id| phrase::name(case.answer, id));
    let ids = lines.iter().map(|line| events.one(Long::Id, line.rows[0]));
    let address = |line: &Line| events.one_text(Column::SourceIp, line.rows[0]).map(|ip| text::cell(ip).into_owned());
    let fields = vec![
        Field::required("time", times(lines.iter().map(|line| line.time))),
        Field::required("phase", texts(lines.iter().map(phase))),
        Field::new("principal", some_texts(lines.iter().map(who))),
        Field::required("step", texts(lines.iter().map(|line| line.step.name.clone()))),
        Field::required("sentence", texts(lines.iter().map(|line| phrase::line(&case.sentences, line)))),
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
    let phases = [("before", &story.before), ("after", &story.after)];
    let mut rows: Vec<(usize, &str, &Conduct)> = Vec::new();
    for index in 0..story.members.len() {
        rows.extend(phases.iter().map(|(phase, conducts)| (index, *phase, &conducts[index])));
    }
    let onset = case.symptom.onset;
    let chain = |(index, phase, _): &(usize, &str, &Conduct)| {
        let is_in = |time: Time| (time < onset) == (*phase == "before");
        phrase::chain(&story.chain(&story.members[*index].principal, is_in))
    };
    let credentials = |(index, phase, _): &(usize, &str, &Conduct)| {
        let principal = Some(&story.members[*index].principal);
        let made = story.credentials.iter().filter(|credential| credential.maker.as_ref() == principal);
        let made = made.filter(|credential| (credential.time < onset) == (*phase == "before"));
        text::listed(&made.map(credential_name).collect::<Vec<_>>())
    };
    let member = |row: &(usize, &str, &Conduct)| &story.members[row.0];
    let fields = vec![
        Field::required("principal", texts(rows.iter().map(|row| phrase::name(case.answer, &member(row).principal)))),
        Field::required("role", texts(rows.iter().map(|row| phrase::role(case.answer, &member(row).role)))),
        Field::required("phase", texts(rows.iter().map(|row| row.1.to_owned()))),
        Field::required("steps", texts(rows.iter().map(chain))),
        Field::required("events", counts(rows.iter().map(|row| row.2.events))),
        Field::required("refused", counts(rows.iter().map(|row| row.2.refused))),
        Field::required("failed_log_ins", counts(rows.iter().map(|row| row.2.failed_log_ins))),
        Field::required("addresses", texts(rows.iter().map(|row| phrase::seen(&row.2.addresses)))),
        Field::required("user_agents", texts(rows.iter().map(|row| phrase::seen(&row.2.agents)))),
        Field::required("credentials", texts(rows.iter().map(credentials))),
        Field::required("resources", texts(rows.iter().map(|row| phrase::seen(&row.2.resources)))),
        Field::required("principal_id", texts(rows.iter().map(|row| text::cell(&member(row).principal).into_owned()))),
    ];
    table("principals", fields)
}

/// Who made which credential for whom, and what was done with it.
fn credentials(case: &Case<'_>) -> Frame {
    let credentials = &case.story.credentials;
    let named = |id: &Option<String>| id.as_deref().map(|id| phrase::name(case.answer, id));
    let at = |time: Option<Time>| time.map(|time| time.to_string());
    let fields = vec![
        Field::required("time", times(credentials.iter().map(|credential| credential.time))),
        Field::required("credential", texts(credentials.iter().map(credential_name))),
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

/// The id of a credential, with what it is.
pub(super) fn credential_name(credential: &Credential) -> String {
    let parts = [credential.kind.as_deref(), credential.id.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().map(text::plain).collect();
    if parts.is_empty() { "a credential".to_owned() } else { parts.join(" ") }
}
