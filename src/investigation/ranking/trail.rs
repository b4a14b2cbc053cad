use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use arrow::array::Array;
use hashbrown::HashMap;

use super::symptom::Symptom;
use crate::event::{Column, Events, Kind, Long};
use crate::risk::Action;
use crate::time::Time;

/// The number of no text.
pub(super) const NONE: u32 = u32::MAX;

/// A column as numbers: equal numbers are equal texts.
#[derive(Debug)]
pub(super) struct Numbered<'a> {
    pub(super) rows: Vec<u32>,
    texts: Vec<&'a str>,
    known: HashMap<&'a str, u32>,
}

impl<'a> Numbered<'a> {
    fn of(events: &'a Events, column: Column) -> Self {
        let (mut texts, mut known) = (Vec::new(), HashMap::new());
        let rows = events.numbers(column, NONE, |text| {
            *known.entry(text).or_insert_with(|| {
                texts.push(text);
                u32::try_from(texts.len() - 1).expect("fewer texts than 2^32")
            })
        });
        Self { rows, texts, known }
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> Option<&'a str> {
        self.texts.get(usize::try_from(number).expect("32 bits")).copied()
    }

    /// The text of a row.
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        self.text(self.rows[row])
    }

    /// The number of a text.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.known.get(text).copied()
    }

    /// The numbers of the texts that are so.
    pub(super) fn those(&self, is_so: impl Fn(&str) -> bool) -> HashSet<u32> {
        self.known.iter().filter(|(text, _)| is_so(text)).map(|(_, number)| *number).collect()
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// The events that ranking needs, newest first, with the columns that ranking compares.
#[derive(Debug)]
pub(super) struct Trail<'a> {
    pub(super) events: &'a Events,
    /// Those of the window, in the same rows. They gather columns of their own, which are those of fewer events.
    pub(super) newest: Events,
    pub(super) times: &'a [i64],
    pub(super) principals: Numbered<'a>,
    pub(super) products: Numbered<'a>,
    pub(super) services: Numbered<'a>,
    pub(super) methods: Numbered<'a>,
    pub(super) actions: Numbered<'a>,
    pub(super) resources: Numbered<'a>,
    pub(super) addresses: Numbered<'a>,
    pub(super) countries: Numbered<'a>,
    pub(super) projects: Numbered<'a>,
    pub(super) outcomes: Numbered<'a>,
    pub(super) kinds: Numbered<'a>,
    /// When the symptom's window begins.
    start: Time,
    /// How many rows are in it; the others are before it.
    pub(super) window: usize,
}

impl<'a> Trail<'a> {
    pub(super) fn of(events: &'a Events, symptom: &Symptom) -> Self {
        let start = symptom.window().start;
        let window = events.since(start);
        Self {
            events,
            newest: events.newest(window),
            times: events.times().values(),
            principals: Numbered::of(events, Column::PrincipalId),
            products: Numbered::of(events, Column::Product),
            services: Numbered::of(events, Column::Service),
            methods: Numbered::of(events, Column::Method),
            actions: Numbered::of(events, Column::Action),
            resources: Numbered::of(events, Column::ResourceId),
            addresses: Numbered::of(events, Column::SourceIp),
            countries: Numbered::of(events, Column::Country),
            projects: Numbered::of(events, Column::Project),
            outcomes: Numbered::of(events, Column::StatusClass),
            kinds: Numbered::of(events, Column::Kind),
            start,
            window,
        }
    }

    /// The rows of the window, the newest first.
    pub(super) fn in_window(&self) -> Range<usize> {
        0..self.window
    }

    /// The rows before the window, the newest first.
    pub(super) fn before_window(&self) -> Range<usize> {
        self.window..self.times.len()
    }

    /// The request bodies of some rows, which ascend.
    pub(super) fn bodies(&self, rows: &[usize]) -> Vec<Option<String>> {
        let mut bodies = Vec::with_capacity(rows.len());
        self.events.only(rows).each(Long::RequestBody, |_, body| bodies.push(body.map(str::to_owned)));
        bodies
    }

    /// The rows that are no older than so much time before the window, the newest first.
    pub(super) fn recent(&self, time: Duration) -> Range<usize> {
        0..self.events.since(self.start - time)
    }

    /// Whether the event of a row is a log-in.
    pub(super) fn is_log_in(&self, row: usize) -> bool {
        self.kinds.get(row) == Some(Kind::Authentication.as_str())
    }

    /// Whether an event was recorded before the event of a row, by `time` at most. Rows are the newest first.
    pub(super) fn precedes(&self, older: usize, row: usize, time: Duration) -> bool {
        older > row && self.time(row).since(self.time(older)) <= time
    }

    /// The id of the event of a row.
    pub(super) fn id(&self, row: usize) -> String {
        self.events.one(Long::Id, row).expect("each event has an id")
    }

    /// The text of the event of a row.
    pub(super) fn text(&self, column: Column, row: usize) -> Option<String> {
        self.events.one_text(column, row).map(str::to_owned)
    }

    /// The action of a row, without its request body.
    pub(super) fn action(&self, row: usize) -> Action<'a> {
        let statuses = self.events.statuses();
        Action {
            kind: self.kinds.get(row).expect("each event has a kind"),
            product: self.products.get(row),
            service: self.services.get(row),
            method: self.methods.get(row),
            principal: self.principals.get(row),
            status: statuses.is_valid(row).then(|| statuses.value(row)),
            failed_login: false,
            request_body: None,
        }
    }

    /// When the event of a row was recorded.
    pub(super) fn time(&self, row: usize) -> Time {
        Time::from_nanos(self.times[row])
    }
}
