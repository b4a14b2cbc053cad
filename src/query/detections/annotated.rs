//! Matches on a graph: an annotation for each, the newest ones, and the intervals from which events may be missing.

use serde_json::Value;

use super::super::annotation_links::Links;
use super::super::annotation_row::{Row, Shows, fields};
use super::super::annotation_text::{escaped, severity_word};
use super::super::annotations::regions;
use super::super::console::Pages;
use super::super::documentation::Topic;
use super::super::request::Request;
use super::super::sentence::Sentences;
use super::super::text;
use super::evaluation::{Evaluation, Found};
use super::labels::{LabelColumns, Labels};
use super::matched::Explanations;
use crate::detection::{Level, Rule};
use crate::event::Long;
use crate::frame::{Frame, Meta};
use crate::locale::Sentence;
use crate::risk::Severity;

/// The most conditions that a text names.
const MOST_REASONS: usize = 10;

/// The newest matches, at most `limit`.
pub(super) fn frame(evaluation: &Evaluation<'_>, request: &Request, overlay: bool, limit: usize) -> Frame {
    let mut found = evaluation.matches();
    let total = found.len();
    found.truncate(limit);
    let regions = regions(evaluation.answer, request);
    let missing =
        regions.iter().enumerate().map(|(number, region)| Row::missing(number, region, evaluation.answer.language));
    let parts = Parts { evaluation, sentences: Sentences::of(evaluation.answer), pages: Pages::of(evaluation.answer) };
    let mut columns = LabelColumns::of(evaluation.answer);
    let mut explanations = Explanations::of(evaluation);
    let reasons: Vec<Value> = found.iter().map(|found| explanations.next(found)).collect();
    let matches = found.iter().zip(&reasons).rev().map(|(found, why)| row(&parts, &mut columns, found, why));
    let rows: Vec<Row> = missing.chain(matches).collect();
    let mut meta = Meta { data_topic: overlay.then(|| "annotations".to_owned()), ..Meta::default() };
    if total > limit {
        let sentence = Sentence::NewestMatches { shown: limit, found: total };
        meta.notices.push(Topic::Limit.info(sentence.text(evaluation.answer.language)));
    }
    meta.notices.extend(explanations.notice());
    Frame { name: "detections".to_owned(), meta, fields: fields(&rows, overlay, true) }
}

/// What annotations of matches are made of.
struct Parts<'a> {
    evaluation: &'a Evaluation<'a>,
    sentences: Sentences<'a>,
    pages: Pages<'a>,
}

fn row(parts: &Parts<'_>, columns: &mut LabelColumns<'_>, found: &Found, why: &Value) -> Row {
    let Parts { evaluation, sentences, pages } = parts;
    let (rule, matched, events) = (evaluation.rule(found.rule), &found.matched, &evaluation.answer.events);
    let newest = evaluation.row(*matched.events.last().expect("a match has an event"));
    let labels = columns.labels(evaluation, found.rule, &matched.group, newest);
    let title = text::plain(&rule.title);
    let what = if evaluation.has_window(found.rule) { of_group(&labels) } else { sentences.title(newest) };
    let is_alone = matched.events.len() == 1;
    Row {
        time: matched.first,
        end: None,
        last: (matched.last > matched.first).then_some(matched.last),
        title: if what.is_empty() { title.into_owned() } else { format!("{title}: {what}") },
        text: html(parts, rule, found, why),
        tags: tags(rule),
        id: format!("{}-{}", rule.id, events.one(Long::Id, newest).unwrap_or_default()),
        shows: Shows::Events(severity(rule.level)),
        links: if is_alone { Links::of(pages, events, &[newest]) } else { Links::default() },
    }
}

/// The labels that a group has.
fn of_group(labels: &Labels) -> String {
    let labels = [&labels.principal, &labels.source_ip, &labels.resource];
    let known = labels.into_iter().filter(|label| *label != super::super::condition::NONE);
    known.map(|label| text::plain(label)).collect::<Vec<_>>().join(", ")
}

/// The level, the description, and the conditions that held.
fn html(parts: &Parts<'_>, rule: &Rule, found: &Found, why: &Value) -> String {
    let language = parts.sentences.language;
    let line = |text: &str| escaped(&text::plain(text));
    let mut lines = vec![Sentence::RuleLevel { level: &level(rule.level).text(language) }.text(language)];
    lines.extend(rule.description.as_deref().map(|text| escaped(&shortened(text))));
    let reasons = why.as_array().into_iter().flatten().take(MOST_REASONS);
    lines.extend(reasons.map(|reason| {
        let part = |name: &str| line(reason[name].as_str().unwrap_or_default());
        format!("{} = {}", part("condition"), part("value"))
    }));
    if found.matched.events.len() > 1 {
        lines.push(Sentence::EventCount { events: found.matched.events.len() }.text(language));
    }
    lines.join("<br/>")
}

/// The first sentence of a description.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    let first = text.trim().split_inclusive('.').next().unwrap_or_default();
    let clean = text::message(first);
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

/// The level and the rule's tags. Grafana splits tags at commas.
fn tags(rule: &Rule) -> Vec<String> {
    let tags = rule.tags.iter().map(|tag| text::plain(tag).replace(',', " "));
    std::iter::once(rule.level.as_str().to_owned()).chain(tags).collect()
}

/// The name of a level.
fn level(level: Level) -> Sentence<'static> {
    severity(level).map_or(Sentence::SeverityInformational, severity_word)
}

/// The severity whose colour a level has.
fn severity(level: Level) -> Option<Severity> {
    match level {
        Level::Critical => Some(Severity::Critical),
        Level::High => Some(Severity::High),
        Level::Medium => Some(Severity::Medium),
        Level::Low => Some(Severity::Low),
        Level::Informational => None,
    }
}
