//! The texts of an annotation: title, text and tags of an event or of a cluster. Grafana renders titles and texts as HTML.

use std::time::Duration;

use super::answer::Answer;
use super::cluster::Cluster;
use super::dimension::Dimension;
use super::keys::{Frequent, Keys};
use super::sentence::Sentences;
use crate::event::{Column, Long, status_class};
use crate::locale::{Language, Sentence};
use crate::profile::Level;
use crate::risk::Severity;

/// How many methods and resources a summary names.
const NAMED: usize = 5;

/// Lines of HTML, with details in a closed `<details>` below.
fn html(
    language: Language,
    lines: impl IntoIterator<Item = String>,
    details: impl IntoIterator<Item = String>,
) -> String {
    let (lines, summary) = (broken(lines), Sentence::Details.text(language));
    match broken(details) {
        details if details.is_empty() => lines,
        details => format!("{lines}<details><summary>{}</summary>{details}</details>", escaped(&summary)),
    }
}

/// Texts with line breaks between them.
fn broken(texts: impl IntoIterator<Item = String>) -> String {
    texts.into_iter().map(|text| escaped(&text)).collect::<Vec<_>>().join("<br/>")
}

/// The text of an event: origin, risk and how usual it is, then the details that the title leaves out.
pub(super) fn text(row: usize, answer: &Answer, sentences: &Sentences<'_>, novelty: Option<&str>) -> String {
    let (events, language) = (&answer.events, sentences.language);
    let risk = answer.risk(row);
    let lines = [
        sentences.origin.get(row).map(|what| Sentence::From { what }.text(language)),
        risk.map(|risk| risk_of(language, risk.severity, &risk.class)),
        novelty.map(str::to_owned),
    ];
    let column = |column: Column| events.one_text(column, row).map(super::text::plain);
    let [product, kind, resource, locality, region, agent] = [
        Column::Product,
        Column::ResourceType,
        Column::ResourceId,
        Column::Locality,
        Column::Region,
        Column::UserAgent,
    ]
    .map(column);
    let request = events.one(Long::RequestId, row);
    let request = request.as_deref().map(super::text::plain);
    let attack = risk.filter(|risk| !risk.attack.is_empty()).map(|risk| format!("ATT&CK {}", risk.attack.join(", ")));
    let words = |sentence: Sentence<'_>| sentence.text(language);
    let details = [
        product.as_deref().map(|what| words(Sentence::Product { what })),
        kind.as_deref().map(|what| words(Sentence::ResourceType { what })),
        resource.as_deref().map(|what| words(Sentence::ResourceIs { what })),
        sentences.result.get(row).map(|what| words(Sentence::Result { what })),
        attack,
        locality.or(region).as_deref().map(|what| words(Sentence::In { what })),
        agent.as_deref().map(|what| words(Sentence::UserAgent { what })),
        request.as_deref().map(|what| words(Sentence::Request { what })),
    ];
    html(language, lines.into_iter().flatten(), details.into_iter().flatten())
}

/// A risk class with its severity.
fn risk_of(language: Language, severity: Severity, class: &str) -> String {
    Sentence::Risk { severity: &severity_word(severity).text(language), class }.text(language)
}

/// The name of a severity.
pub(super) fn severity_word(severity: Severity) -> Sentence<'static> {
    match severity {
        Severity::Low => Sentence::SeverityLow,
        Severity::Medium => Sentence::SeverityMedium,
        Severity::High => Sentence::SeverityHigh,
        Severity::Critical => Sentence::SeverityCritical,
    }
}

/// The most frequent texts, each as `show` formats it, and the number of others.
fn named(language: Language, frequent: &Frequent<'_>, show: impl Fn(&str, usize) -> String) -> String {
    let mut named: Vec<String> = frequent.counts.iter().map(|(text, count)| show(text, *count)).collect();
    if frequent.others > 0 {
        named.push(Sentence::More { more: frequent.others }.text(language));
    }
    named.join(", ")
}

pub(super) fn summary_title(cluster: &Cluster, sentences: &Sentences<'_>) -> String {
    let language = sentences.language;
    let who = sentences.who.frequent(cluster, 1);
    let who = &match (&who.counts[..], who.others) {
        ([(only, _)], 0) => (*only).to_owned(),
        (some, others) => Sentence::PrincipalCount { principals: some.len() + others }.text(language),
    };
    let show = |what: &str, count| if count == 1 { what.to_owned() } else { format!("{count} {what}") };
    let what = &named(language, &sentences.what.frequent(cluster, NAMED), show);
    let title = Sentence::ClusterTitle { who, events: cluster.len(), what }.text(language);
    let denied = cluster.iter().filter(|row| sentences.outcome.get(**row) == Some(status_class::DENIED)).count();
    match denied {
        0 => title,
        all if all == cluster.len() => Sentence::AllDenied { title: &title }.text(language),
        denied => Sentence::SomeDenied { title: &title, denied }.text(language),
    }
}

/// The text of a cluster of one severity; `span` is the time from its first to its last event.
pub(super) fn summary(
    cluster: &Cluster,
    span: Duration,
    severity: Option<Severity>,
    sentences: &Sentences<'_>,
    novelty: Option<&Keys<'_>>,
) -> String {
    let language = sentences.language;
    let words = |sentence: Sentence<'_>| sentence.text(language);
    let frequent = |keys: &Keys<'_>, fewest| most_frequent(language, keys, fewest, cluster);
    let risk = |class: String| match severity {
        Some(severity) => risk_of(language, severity, &class),
        None => class,
    };
    let lines = [
        Some(words(Sentence::Within { length: &duration(span, language) })),
        // The title names a single principal.
        frequent(&sentences.who, 2).map(|what| words(Sentence::By { what: &what })),
        frequent(&sentences.which, 1).map(|what| words(Sentence::On { what: &what })),
        frequent(&sentences.origin, 1).map(|what| words(Sentence::From { what: &what })),
        frequent(&sentences.class, 1).map(risk),
        novelty.and_then(|novelty| frequent(novelty, 1)).map(|what| words(Sentence::NoveltyIs { what: &what })),
    ];
    let result = frequent(&sentences.result, 1).map(|what| words(Sentence::Result { what: &what }));
    html(language, lines.into_iter().flatten(), result)
}

/// The most frequent texts of a cluster's events, where there are at least `fewest`.
fn most_frequent(language: Language, keys: &Keys<'_>, fewest: usize, cluster: &Cluster) -> Option<String> {
    let frequent = keys.frequent(cluster, NAMED);
    // A text of all events, or of one, needs no count.
    let show = |text: &str, count: usize| match count {
        1 => text.to_owned(),
        all if all == cluster.len() => text.to_owned(),
        some => format!("{text} ×{some}"),
    };
    (frequent.counts.len() >= fewest).then(|| named(language, &frequent, show))
}

/// A duration in its two largest units, rounded up to seconds.
fn duration(time: Duration, language: Language) -> String {
    let seconds = time.saturating_add(Duration::from_nanos(999_999_999)).as_secs().max(1);
    let day = Sentence::DayUnit.text(language);
    let units = [(day.as_str(), 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let first = units.iter().position(|(_, length)| seconds >= *length).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in units.iter().skip(first).take(2) {
        if rest / length > 0 {
            parts.push(format!("{} {unit}", rest / length));
        }
        rest %= length;
    }
    parts.join(" ")
}

/// The columns of tags.
const TAGGED: [Dimension; 5] = [
    Dimension::Column(Column::Product),
    Dimension::Column(Column::Region),
    Dimension::Column(Column::StatusClass),
    Dimension::RiskClass,
    Dimension::Novelty,
];

/// The tag for several values of a column, where their number is one.
fn several(column: Dimension, count: usize) -> Option<Sentence<'static>> {
    match column {
        Dimension::Column(Column::Product) => Some(Sentence::ProductCount { count }),
        Dimension::Column(Column::Region) => Some(Sentence::RegionCount { count }),
        _ => None,
    }
}

/// The columns of tags; that of novelty, the last one, where it is shown.
pub(super) fn tag_columns(answer: &Answer, shows_novelty: bool) -> Vec<Keys<'_>> {
    let tagged = TAGGED.into_iter().filter(|dimension| shows_novelty || *dimension != Dimension::Novelty);
    tagged.map(|dimension| answer.keys(dimension)).collect()
}

/// The tags of an annotation, at most one of each column: the value of all its events, or how many values they have; of
/// novelty that of its least usual event. Grafana splits tags at commas and does not trim.
pub(super) fn tags(cluster: &Cluster, columns: &[Keys<'_>], language: Language) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (keys, column) in columns.iter().zip(TAGGED) {
        if column == Dimension::Novelty {
            tags.extend(least_usual(keys, cluster).map(str::to_owned));
            continue;
        }
        let values = keys.frequent(cluster, 1);
        let tag = match (&values.counts[..], values.others) {
            ([(only, _)], 0) => Some(super::text::plain(only).replace(',', " ")),
            (some, others) if others > 0 => several(column, some.len() + others).map(|tag| tag.text(language)),
            _ => None,
        };
        tags.extend(tag.filter(|tag| !tags.contains(tag)));
    }
    tags
}

/// The level of the least usual event of a cluster.
fn least_usual(novelty: &Keys<'_>, cluster: &Cluster) -> Option<&'static str> {
    let levels = novelty.frequent(cluster, Level::ALL.len()).counts;
    Level::ALL.map(Level::as_str).into_iter().find(|level| levels.iter().any(|(found, _)| found == level))
}

/// Grafana renders titles and texts as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn duration(time: Duration) -> String {
        super::duration(time, Language::English)
    }

    #[test]
    fn a_duration_has_two_units_at_most() {
        let nanosecond = Duration::from_nanos(1);
        let seconds = Duration::from_secs;
        let durations = [0, 1, 59, 60, 3_599, 3_600].map(seconds);
        assert_eq!(durations.map(duration), ["1 s", "1 s", "59 s", "1 min", "59 min 59 s", "1 h"]);
        assert_eq!([nanosecond, seconds(1) + nanosecond].map(duration), ["1 s", "2 s"]);
        assert_eq!(duration(seconds(86_399)), "23 h 59 min");
        assert_eq!(duration(seconds(90 * 86_400 - 1) + nanosecond), "90 d");
        assert_eq!(duration(seconds(86_400 + 59)), "1 d");
        assert_eq!(duration(Duration::MAX), "213503982334601 d 7 h");
    }

    #[test]
    fn the_tag_of_a_clusters_novelty_is_that_of_its_least_usual_event() {
        let levels = [Level::Usual, Level::First, Level::Usual, Level::Rare, Level::Unknown];
        let keys = |text: &dyn Fn(usize) -> Option<&'static str>| {
            Keys::by(levels.len(), |row| row, |row| text(row).map(Into::into))
        };
        let mut columns: Vec<Keys<'_>> = (1..TAGGED.len()).map(|_| keys(&|_| None)).collect();
        columns.push(keys(&|row| Some(levels[row].as_str())));
        let tags = |rows: &[usize]| tags(&rows.to_vec(), &columns, Language::English);
        assert_eq!(tags(&[0, 1, 2, 3, 4]), ["first"]);
        assert_eq!(tags(&[0, 2, 3]), ["rare"]);
        assert_eq!(tags(&[0, 2, 4]), ["usual"]);
    }

    proptest! {
        #[test]
        fn what_is_escaped_cannot_be_markup_and_reads_as_before(text in ".{0,40}|[<>&'\"]{0,12}") {
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            let read = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
            prop_assert_eq!(read.iter().fold(escaped, |text, (entity, c)| text.replace(entity, c)), text);
        }
    }
}
