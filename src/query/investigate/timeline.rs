//! The steps of each principal over time: a lane for the metric and one for each principal, as a state timeline reads them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::text;
use super::case::Case;
use super::columns::{some_texts, times};
use super::phrase;
use crate::frame::{Field, Frame};
use crate::investigation::Line;
use crate::time::Time;

/// The state of the metric while it is out of its band.
const OUT: &str = "out of its band";

/// How long a step is shown: none that is a moment would be seen.
const SHOWN: Duration = Duration::from_mins(1);

pub(super) fn frame(case: &Case<'_>) -> Frame {
    let members = &case.story.members;
    let (onset, end) = (case.symptom.onset, case.end());
    let mut moments = BTreeSet::from([onset, end]);
    for member in members {
        moments.extend(case.story.of_principal(&member.principal).flat_map(|line| [line.time, line.last + SHOWN]));
    }
    let out = moments.iter().map(|time| (onset..end).contains(time).then(|| OUT.to_owned()));
    let mut fields =
        vec![Field::required("time", times(moments.iter().copied())), Field::new("metric", some_texts(out))];
    for member in members {
        let lines: Vec<&Line> = case.story.of_principal(&member.principal).collect();
        let states = moments.iter().map(|time| state(&lines, *time).map(str::to_owned));
        let name = text::label(&phrase::name(case.answer, &member.principal)).into_owned();
        // Two principals may share a name.
        let is_known = fields.iter().any(|field| field.name == name);
        let name = if is_known { format!("{name} {}", text::plain(&member.principal)) } else { name };
        fields.push(Field::new(&name, some_texts(states)));
    }
    Frame { name: "timeline".to_owned(), fields, ..Frame::default() }
}

/// The step that a principal's lines, which are in the order of time, have at a moment.
fn state<'a>(lines: &[&'a Line], time: Time) -> Option<&'a str> {
    let latest = lines.iter().rfind(|line| line.time <= time)?;
    (time < latest.last + SHOWN).then_some(&latest.step.name)
}
