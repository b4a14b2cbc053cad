//! The steps of each principal over time: a lane for the metric and one for each principal, as a state timeline reads them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::super::text;
use super::case::Case;
use super::columns::{some_texts, times};
use super::{phrase, story};
use crate::frame::{Field, Frame, Meta};
use crate::investigation::Line;
use crate::locale::Sentence;
use crate::time::Time;

/// How long a step is shown: none that is a moment would be seen.
const SHOWN: Duration = Duration::from_mins(1);

pub(super) fn frame(case: &Case<'_>) -> Frame {
    let members = &case.story.members;
    let (onset, end) = (case.symptom.onset, case.end());
    let mut of_principals: HashMap<&str, Vec<&Line>> = HashMap::new();
    let mut moments = BTreeSet::from([onset, end]);
    for line in story::latest(case) {
        if let Some(principal) = line.principal.as_deref().filter(|id| members.iter().any(|one| one.principal == *id)) {
            of_principals.entry(principal).or_default().push(line);
            moments.extend([line.time, line.last + SHOWN]);
        }
    }
    let language = case.language();
    let out = moments.iter().map(|time| (onset..end).contains(time).then(|| Sentence::OutOfBand.text(language)));
    let mut fields =
        vec![Field::required("time", times(moments.iter().copied())), Field::new("metric", some_texts(out))];
    for member in members {
        let lines = of_principals.get(&*member.principal).map_or(&[][..], Vec::as_slice);
        let states = moments.iter().map(|time| state(lines, *time).map(|step| step.text(language)));
        let name = text::label(&phrase::name(case.answer, &member.principal)).into_owned();
        // Two principals may share a name.
        let is_known = fields.iter().any(|field| field.name == name);
        let name = if is_known { format!("{name} {}", text::plain(&member.principal)) } else { name };
        fields.push(Field::new(&name, some_texts(states)));
    }
    let meta = Meta { notices: story::limit(case).into_iter().collect(), ..Meta::default() };
    Frame { name: "timeline".to_owned(), meta, fields }
}

/// The step that a principal's lines, which are in the order of time, have at a moment.
fn state(lines: &[&Line], time: Time) -> Option<Sentence<'static>> {
    let latest = lines[..lines.partition_point(|line| line.time <= time)].last()?;
    (time < latest.last + SHOWN).then_some(latest.step.name)
}
