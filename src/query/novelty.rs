//! How usual the events of an answer are.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use super::keys::Keys;
use crate::event::Events;
use crate::locale::Language;
use crate::profile::{Level, Profile};

/// The novelty of an answer's events.
#[derive(Clone, Debug)]
pub(super) struct Novelty {
    /// The profile; `None` where nothing in the query asks for novelty.
    pub(super) profile: Option<Arc<Profile>>,
    levels: OnceLock<Vec<u16>>,
}

impl Novelty {
    pub(super) fn new(profile: Option<Arc<Profile>>) -> Self {
        Self { profile, levels: OnceLock::new() }
    }

    /// The same profile, for other events.
    pub(super) fn of_others(&self) -> Self {
        Self::new(self.profile.clone())
    }

    /// The rows that have to be judged for these events, at most.
    pub(super) fn cost(&self, events: &Events) -> usize {
        self.profile.as_ref().map_or(0, |profile| profile.cost(events))
    }

    /// The number of each event's level.
    pub(super) fn levels(&self, events: &Events) -> &[u16] {
        self.levels.get_or_init(|| match &self.profile {
            Some(profile) => profile.levels(events),
            None => vec![Level::Unknown.number(); events.len()],
        })
    }

    /// Each event's level in words.
    pub(super) fn words(&self, events: &Events, language: Language) -> Keys<'static> {
        let levels = self.levels(events);
        let word = |row: usize| Level::of(levels[row]).word().text(language);
        Keys::by(levels.len(), |row| levels[row], |row| Some(word(row).into()))
    }

    /// Each event's level.
    pub(super) fn keys(&self, events: &Events) -> Keys<'static> {
        let levels = self.levels(events);
        Keys::by(levels.len(), |row| levels[row], |row| Some(Level::of(levels[row]).as_str().into()))
    }
}

/// The colour of a novelty, by its name in Grafana's palette.
pub(super) fn novelty_color(level: Level) -> &'static str {
    match level {
        Level::First => "red",
        Level::Rare => "orange",
        Level::Occasional => "yellow",
        Level::Usual => "green",
        Level::Unknown => "blue",
    }
}

/// The colours of novelties in a table: those of annotations.
pub(super) fn novelty_colors() -> Value {
    let colors = Level::ALL.map(|level| (level.as_str().to_owned(), json!({ "color": novelty_color(level) })));
    let options: Map<String, Value> = colors.into_iter().collect();
    json!({
        "mappings": [{ "type": "value", "options": options }],
        "custom": { "cellOptions": { "type": "color-text" } },
    })
}
