//! An event in words: who did what to which.
//!
//! Names and user agents are text of the caller's choice. Here they lose their control characters and their excess
//! length; whoever renders HTML escapes the rest.

use arrow::array::Array;
use serde::Deserialize;

use super::answer::Answer;
use super::model::Dimension;
use crate::event::{Column, Kind, status_class};

/// The longest name that a sentence quotes, in characters.
const LONGEST_NAME: usize = 80;

/// Puts the events of an answer into words.
pub struct Sentences<'a> {
    answer: &'a Answer,
    who: Box<dyn Fn(usize) -> Option<std::borrow::Cow<'a, str>> + 'a>,
}

impl<'a> Sentences<'a> {
    /// The sentences for an answer.
    #[must_use]
    pub fn new(answer: &'a Answer) -> Self {
        Self { answer, who: Box::new(answer.dimension(Dimension::Principal)) }
    }

    fn text(&self, column: Column, row: usize) -> Option<String> {
        self.answer.events.text(column).get(row).map(plain)
    }

    fn is(&self, kind: Kind, row: usize) -> bool {
        self.answer.events.text(Column::Kind).get(row) == Some(kind.as_str())
    }

    /// Who did it.
    #[must_use]
    pub fn who(&self, row: usize) -> String {
        match (self.who)(row) {
            Some(name) => plain(&name),
            None if self.is(Kind::System, row) => "Scaleway".to_owned(),
            None => "unknown principal".to_owned(),
        }
    }

    /// What was done.
    #[must_use]
    pub fn what(&self, row: usize) -> String {
        let method = self.text(Column::Method, row);
        if self.is(Kind::Authentication, row) {
            let failed = self.answer.events.text(Column::StatusClass).get(row) != Some(status_class::SUCCEEDED);
            let mut what = if failed { "failed to log in" } else { "logged in" }.to_owned();
            for (word, column) in
                [("with", Column::Method), ("and", Column::Mfa), ("because of", Column::FailureReason)]
            {
                if let Some(text) = self.text(column, row).filter(|text| !text.starts_with("unknown_")) {
                    what = format!("{what} {word} {text}");
                }
            }
            return what;
        }
        let method = method.unwrap_or_else(|| "unknown method".to_owned());
        match self.action(row) {
            Some(action) => format!("{method} {}", plain(&action)),
            None => method,
        }
    }

    /// An Instance's `ServerAction` says in its body what it does.
    fn action(&self, row: usize) -> Option<String> {
        #[derive(Deserialize)]
        struct Body {
            action: String,
        }
        let bodies = self.answer.events.request_bodies();
        if self.answer.events.text(Column::Method).get(row) != Some("ServerAction") || bodies.is_null(row) {
            return None;
        }
        serde_json::from_str::<Body>(bodies.value(row)).ok().map(|body| body.action)
    }

    /// To which resource: its name, else its id; how many more there are.
    #[must_use]
    pub fn which(&self, row: usize) -> Option<String> {
        if self.is(Kind::Authentication, row) {
            return None;
        }
        let mut name = self.text(Column::ResourceName, row).or_else(|| self.text(Column::ResourceId, row))?;
        let references = || self.answer.events.references().of(row);
        if let Some(part) = references().find(|reference| reference.within.is_some()) {
            name = format!("{} of {name}", plain(part.name.or(part.id)?));
        }
        match references().filter(|reference| reference.within.is_none()).count() {
            0 | 1 => Some(name),
            several => Some(format!("{name} and {} more", several - 1)),
        }
    }

    /// Who did what to which, and whether it was refused.
    #[must_use]
    pub fn title(&self, row: usize) -> String {
        let mut title = format!("{} {}", self.who(row), self.what(row));
        if let Some(which) = self.which(row) {
            title = format!("{title} {which}");
        }
        match self.answer.events.text(Column::StatusClass).get(row) {
            Some(status_class::DENIED) => title + " (denied)",
            Some(status_class::FAILED) if !self.is(Kind::Authentication, row) => title + " (failed)",
            _ => title,
        }
    }

    /// The result: status and class.
    #[must_use]
    pub fn result(&self, row: usize) -> Option<String> {
        let class = self.answer.events.text(Column::StatusClass).get(row)?;
        let statuses = self.answer.events.statuses();
        Some(if statuses.is_valid(row) { format!("{} {class}", statuses.value(row)) } else { class.to_owned() })
    }

    /// The event's address and, where known, its country.
    #[must_use]
    pub fn origin(&self, row: usize) -> Option<String> {
        let address = self.text(Column::SourceIp, row)?;
        match self.text(Column::Country, row).filter(|country| !country.starts_with("unknown_")) {
            Some(country) => Some(format!("{address} ({country})")),
            None => Some(address),
        }
    }

    /// The event as a log line.
    #[must_use]
    pub fn line(&self, row: usize) -> String {
        let mut line = self.title(row);
        let parts = [
            ("", self.text(Column::Product, row)),
            ("", self.result(row)),
            ("from ", self.origin(row)),
            ("in ", self.text(Column::Locality, row)),
        ];
        let details: Vec<String> =
            parts.into_iter().filter_map(|(word, text)| Some(format!("{word}{}", text?))).collect();
        if !details.is_empty() {
            line = format!("{line} · {}", details.join(" · "));
        }
        line
    }
}

/// Text that keeps to its line and to a bearable length.
#[must_use]
pub fn plain(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain: String = text.chars().filter(|c| !hidden(*c)).take(LONGEST_NAME + 1).collect();
    if let Some((end, _)) = plain.char_indices().nth(LONGEST_NAME) {
        plain.truncate(end);
        plain.push('…');
    }
    plain
}
