//! An answer: the events that a query means, with their texts, risks and names, and the gaps in them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::address;
use super::dimension::Dimension;
use super::directory::Labels;
use super::error::Failure;
use super::incomplete::Incomplete;
use super::keys::Keys;
use super::novelty::Novelty;
use super::own_names::OwnNames;
use super::principals::{SCALEWAY, of_scaleway};
use super::relatives::Closeness;
use super::text;
use crate::event::{Column, Events, Long};
use crate::frame::{Frame, Notice};
use crate::locale::Language;
use crate::profile::Profile;
use crate::risk::{Risk, RuleSet};
use crate::scaleway::iam::Names;

/// The events that a query means, with their names and risks.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The events, newest first.
    pub events: Events,
    /// With what rules compare events.
    pub(super) past: Option<Past>,
    pub(super) rules: Arc<RuleSet>,
    /// The number of each event's risk among the rules.
    pub(super) risks: OnceLock<Vec<u16>>,
    /// How usual each event is.
    pub(super) novelty: Novelty,
    /// How close each event is to the resource of the scope, where events about its relatives are among them.
    pub(super) closeness: Option<Vec<Closeness>>,
    pub(super) names: Arc<Names>,
    /// The names of a column's ids, where the question is about their values.
    pub(super) labels: Arc<Labels>,
    /// From when events may be missing.
    pub(super) incomplete: Vec<Incomplete>,
    pub(super) notices: Vec<Notice>,
    pub(super) executed: String,
    /// The language of sentences about it.
    pub(super) language: Language,
}

/// With what rules compare events: what is known of the days before, and all events of the trail in the interval that was
/// read, also those outside the scope.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) profile: Arc<Profile>,
    pub(super) events: Events,
}

impl Answer {
    /// The names that events themselves have of principals without a name in IAM.
    fn own_names(&self) -> OwnNames {
        OwnNames::of(&self.events, |id| self.names.get(id).is_none())
    }

    /// The risk of the event of a row.
    #[must_use]
    pub fn risk(&self, row: usize) -> Option<&Risk> {
        self.rules.risk(self.risk_numbers()[row])
    }

    /// The rows that work on the answer concerns: those of its events or, where their risks are not known yet, of the whole
    /// chunks that are classified for them.
    pub(super) fn cost(&self) -> usize {
        self.events.len().max(self.rules.cost(&self.events)).max(self.novelty.cost(&self.events))
    }

    fn risk_numbers(&self) -> &[u16] {
        self.risks.get_or_init(|| self.rules.numbers(&self.events))
    }

    /// The number of each event's novelty.
    pub(super) fn novelty(&self) -> &[u16] {
        self.novelty.levels(&self.events)
    }

    /// A dimension's texts.
    #[must_use]
    pub fn keys(&self, dimension: Dimension) -> Keys<'_> {
        let (events, rows) = (&self.events, self.events.len());
        match dimension {
            Dimension::Column(Column::SourceIp) => {
                Keys::named(events, &[Column::SourceIp], address::canonical, std::iter::empty())
            }
            Dimension::Column(column) => Keys::of(events, column),
            Dimension::Principal => self.principals(),
            Dimension::Status => {
                let statuses: Vec<Option<u16>> = events.statuses().iter().collect();
                Keys::by(rows, |row| statuses[row], |row| Some(statuses[row]?.to_string().into()))
            }
            Dimension::Id => Keys::long(events.long(Long::Id)),
            Dimension::RequestId => Keys::long(events.long(Long::RequestId)),
            Dimension::RiskClass => self.risk_keys(|risk| Some(risk.class.as_str().into())),
            Dimension::Novelty => self.novelty.keys(events),
            Dimension::Severity => self.risk_keys(|risk| Some(risk.severity.as_str().into())),
            Dimension::Attack => self.risk_keys(|risk| (!risk.attack.is_empty()).then(|| risk.attack.join(" ").into())),
        }
    }

    /// The principals' names: those in IAM, else the events' own, else ids.
    fn principals(&self) -> Keys<'_> {
        let own_names = self.own_names();
        let own = own_names.iter().map(|(row, name)| (row, Some(Cow::Owned(name.to_owned()))));
        let of_scaleway = of_scaleway(&self.events).into_iter().map(|row| (row, Some(Cow::Borrowed(SCALEWAY))));
        let name = |id| self.name(id).unwrap_or(id).into();
        Keys::named(&self.events, &[Column::PrincipalId], name, own.chain(of_scaleway))
    }

    fn risk_keys<'a>(&'a self, text: impl Fn(&'a Risk) -> Option<Cow<'a, str>>) -> Keys<'a> {
        let numbers = self.risk_numbers();
        Keys::by(numbers.len(), |row| numbers[row], |row| text(self.risk(row)?))
    }

    /// The id that stands for the principal of an event's `principal_id`: a user has several.
    #[must_use]
    pub fn principal<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.in_iam(id)
    }

    /// The name of an id, where the question is about the values of its column.
    #[must_use]
    pub fn label(&self, id: &str) -> Option<&str> {
        self.labels.get(id).map(String::as_str)
    }

    /// The name of the principal that an id belongs to.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(|who| who.name.as_str())
    }

    /// The texts of the notices.
    #[must_use]
    pub fn notices(&self) -> Vec<&str> {
        self.notices.iter().map(|notice| notice.text.as_str()).collect()
    }

    /// Whether it has no event although events may be missing from it: the number of events is unknown, not zero.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.events.is_empty() && !self.incomplete.is_empty()
    }

    /// Leaves only the events of some rows: those whose entry in `rows` is true.
    ///
    /// # Errors
    /// When `rows` has another length than the answer.
    pub fn retain_rows(&mut self, rows: &[bool]) -> Result<(), Failure> {
        self.events = self.events.filter(rows)?;
        self.risks = OnceLock::new();
        self.novelty = self.novelty.of_others();
        if let Some(closeness) = &mut self.closeness {
            let mut wanted = rows.iter();
            closeness.retain(|_| wanted.next().copied().unwrap_or_default());
        }
        Ok(())
    }

    /// The `limit` newest events, without notices.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Self {
        self.some(0..limit.min(self.events.len()))
    }

    /// The `limit` oldest events, newest first, without notices.
    #[must_use]
    pub fn oldest(&self, limit: usize) -> Self {
        self.some(self.events.len().saturating_sub(limit)..self.events.len())
    }

    fn some(&self, rows: Range<usize>) -> Self {
        let (names, labels) = (Arc::clone(&self.names), Arc::clone(&self.labels));
        Self {
            names,
            labels,
            novelty: self.novelty.of_others(),
            language: self.language,
            ..Self::new(self.events.slice(rows), Arc::clone(&self.rules))
        }
    }

    /// These events, without names and notices.
    pub(super) fn new(events: Events, rules: Arc<RuleSet>) -> Self {
        Self {
            events,
            past: None,
            rules,
            risks: OnceLock::new(),
            novelty: Novelty::new(None),
            closeness: None,
            names: Arc::default(),
            labels: Arc::default(),
            incomplete: Vec::new(),
            notices: Vec::new(),
            executed: String::new(),
            language: Language::English,
        }
    }

    /// The frames, the first with the answer's notices, whose texts may quote text of callers.
    #[must_use]
    pub fn finish(self, mut frames: Vec<Frame>) -> Vec<Frame> {
        if let Some(frame) = frames.first_mut() {
            frame.meta.notices.splice(0..0, self.notices);
            frame.meta.executed_query_string = text::lines(&self.executed);
        }
        for notice in frames.iter_mut().flat_map(|frame| &mut frame.meta.notices) {
            notice.text = text::message(&notice.text).into_owned();
        }
        frames
    }
}

impl Answer {
    /// An answer without events, with one notice.
    #[must_use]
    pub(super) fn nothing(notice: Notice) -> Self {
        Self { notices: vec![notice], ..Self::new(Events::default(), RuleSet::built_in()) }
    }

    /// Adds a notice.
    pub(super) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

#[cfg(test)]
impl Answer {
    /// The answer that these events make, without names, for tests.
    pub(super) fn of(events: &Events) -> Self {
        Self::new(events.clone(), RuleSet::built_in())
    }

    /// The answer whose events mean what these rows of `methods.csv` say, for tests.
    pub(super) fn by_rules(events: &Events, rows: &str) -> Self {
        let methods = format!("product,method,when,class,severity,attack\n{rows}");
        let rules = RuleSet::read(&methods, "product,alias\n").expect("the rules are well formed");
        Self::new(events.clone(), Arc::new(rules))
    }
}
