//! One annotation: of an event, of a cluster, or of an interval from which events may be missing.

use super::annotation_links::Links;
use super::annotation_row::{Row, Shows};
use super::annotation_text::{escaped, summary, summary_title, tags, text};
use super::answer::Answer;
use super::cluster::Cluster;
use super::console::Pages;
use super::incomplete::Region;
use super::keys::Keys;
use super::reasons::Reasons;
use super::request::Request;
use super::sentence::Sentences;
use crate::event::Long;
use crate::locale::{Language, Sentence};
use crate::profile::Level;

/// What annotations of events are made of.
pub(super) struct Parts<'a> {
    pub(super) answer: &'a Answer,
    pub(super) sentences: &'a Sentences<'a>,
    /// The columns of tags.
    pub(super) columns: Vec<Keys<'a>>,
    pub(super) pages: Pages<'a>,
    /// Why the events that are alone are as usual as they are.
    pub(super) reasons: Reasons,
    /// How usual each event is, where that is shown.
    pub(super) novelty: Option<Keys<'a>>,
    /// Whether colours stand for that.
    pub(super) by_novelty: bool,
}

impl Row {
    pub(super) fn missing(number: usize, region: &Region, language: Language) -> Self {
        let sentences: Vec<String> =
            region.sentences.iter().map(|sentence| escaped(&super::text::message(sentence))).collect();
        // Stored filters have the first tag, which is the same in each language.
        let tags = std::iter::once(Sentence::IncompleteTag.text(language)).chain(region.regions.iter().cloned());
        Self {
            time: region.interval.start,
            end: Some(region.interval.end),
            last: None,
            title: region.title.clone(),
            text: sentences.join("<br/>"),
            tags: tags.collect(),
            id: format!("incomplete-{number}"),
            shows: Shows::Missing,
            links: Links::default(),
        }
    }

    /// The events of a range that have no annotation, at its beginning.
    pub(super) fn rest(events: usize, language: Language, request: &Request) -> Self {
        Self {
            time: request.range.start,
            end: None,
            last: Some(request.range.end),
            title: Sentence::RestTitle { events }.text(language),
            text: Sentence::RestText.text(language),
            tags: Vec::new(),
            id: format!("rest+{events}"),
            shows: Shows::Events(None),
            links: Links::default(),
        }
    }

    pub(super) fn new(cluster: &Cluster, parts: &Parts<'_>) -> Self {
        let Parts { answer, sentences, .. } = parts;
        let events = &answer.events;
        let (first, last) = (cluster[0], cluster[cluster.len() - 1]);
        let (time, end) = (events.time(first), events.time(last));
        let id = events.one(Long::Id, first).unwrap_or_default();
        // Events of different severity never share an annotation.
        let severity = answer.risk(first).map(|risk| risk.severity);
        let (title, text, id) = if let [row] = cluster[..] {
            (sentences.title(row), text(row, answer, sentences, parts.reasons.get(row)), id)
        } else {
            let text = summary(cluster, end.since(time), severity, sentences, parts.novelty.as_ref());
            (summary_title(cluster, sentences), text, format!("{id}+{}", cluster.len() - 1))
        };
        Self {
            time,
            end: None,
            last: (cluster.len() > 1).then_some(end),
            title,
            text,
            tags: tags(cluster, &parts.columns, answer.language),
            id,
            shows: if parts.by_novelty {
                Shows::Novelty(Level::of(answer.novelty()[first]))
            } else {
                Shows::Events(severity)
            },
            links: Links::of(&parts.pages, events, cluster),
        }
    }
}
