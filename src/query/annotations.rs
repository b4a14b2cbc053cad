//! Annotations: events on a graph, few enough to be read, none of them hiding something serious; and the intervals from which events may be missing.
//!
//! The frame is what Grafana's standard annotation support reads: one frame, fields found by name, `title` and `text` shown as
//! HTML, `tags` split at commas, and `newState` deciding the colour.

use serde_json::{Map, Value};

use super::annotation::Parts;
use super::annotation_row::{Row, fields};
use super::annotation_text::tag_columns;
use super::answer::Answer;
pub use super::cluster::Clustering;
use super::cluster::{self, Bounds, Cluster, Point, clusters, default_cap};
use super::console::Pages;
use super::dimension::Dimension;
use super::documentation::Topic;
use super::error::Failure;
use super::field::{boolean, choice, size};
use super::important::{Candidate, important};
use super::incomplete::{self, Incomplete, Region};
use super::keys::group_rows;
use super::question::{Names, Needs, Question, View};
use super::reasons::Reasons;
use super::request::Request;
use super::sentence::Sentences;
use crate::event::Column;
use crate::frame::{Frame, Meta};
use crate::locale::Sentence;
use crate::profile::Level;
use crate::time::Time;

/// The most annotations that a query may ask for.
const MOST_ANNOTATIONS: usize = 5_000;

/// How annotations are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// At most this many annotations of events; `None` leaves it to the width of the graph.
    pub cap: Option<usize>,
    /// When events share an annotation.
    pub clustering: Clustering,
    /// Whether the annotations lie over a panel's own query, with colours of their own, and not in an annotation query.
    pub overlay: bool,
    /// Whether an annotation query colours events instead of leaving the colour to Grafana's settings.
    pub severity_colors: bool,
    /// Whether it is shown how usual each event is.
    pub novelty: bool,
    /// What the colours stand for.
    pub color_by: ColorBy,
    /// Which events have an annotation.
    pub relevance: Relevance,
}

/// Which events have an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relevance {
    /// All: more than the graph has room for are clustered.
    Everything,
    /// Those that matter most, as many as the graph has room for; the number of the others is an annotation of its own. Where
    /// the scope names a resource, events about its relatives are among them.
    Important,
}

/// What the colours of annotations stand for. Events of different colours never share an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorBy {
    /// How severe the events are.
    Severity,
    /// How usual they are.
    Novelty,
}

impl Question for Annotations {
    fn fields() -> &'static [&'static str] {
        &["cap", "cluster", "overlay", "severityColors", "novelty", "colorBy", "relevance"]
    }

    fn parse(query: &Map<String, Value>, _: usize) -> Result<Self, Failure> {
        let cap = query.get("cap").filter(|cap| !cap.is_null());
        Ok(Self {
            cap: cap.map(|_| size(query, "cap", 1, MOST_ANNOTATIONS)).transpose()?,
            clustering: choice(query, "cluster", &[("near", Clustering::Near), ("overflow", Clustering::Overflow)])?,
            overlay: boolean(query, "overlay", false)?,
            severity_colors: boolean(query, "severityColors", true)?,
            novelty: boolean(query, "novelty", false)?,
            color_by: choice(query, "colorBy", &[("severity", ColorBy::Severity), ("novelty", ColorBy::Novelty)])?,
            relevance: choice(
                query,
                "relevance",
                &[("everything", Relevance::Everything), ("important", Relevance::Important)],
            )?,
        })
    }

    fn needs(&self) -> Needs {
        let novelty = self.novelty || self.color_by == ColorBy::Novelty || self.relevance == Relevance::Important;
        let relatives = self.relevance == Relevance::Important;
        Needs { names: Names::Shown, novelty, relatives, shows_gaps: true, ..Needs::default() }
    }

    fn frames(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        Ok(vec![frame(self, answer, view.request)])
    }

    /// Annotations show missing intervals.
    fn unknown(&self, answer: &Answer, view: &View<'_>) -> Result<Vec<Frame>, Failure> {
        self.frames(answer, view)
    }
}

/// Annotations for the events of an answer, after those of the intervals from which events may be missing.
#[must_use]
pub fn frame(annotations: &Annotations, answer: &Answer, request: &Request) -> Frame {
    let pixels = request.max_data_points;
    // Unimportant events are not sent, whatever Grafana clusters itself.
    let clustering = match annotations.relevance {
        Relevance::Everything => annotations.clustering,
        Relevance::Important => Clustering::Near,
    };
    let cap = annotations.cap.unwrap_or_else(|| default_cap(clustering, annotations.overlay, pixels));
    let bounds = Bounds { range: request.range.length(), pixels, cap, clustering: annotations.clustering };
    let sentences = Sentences::of(answer);
    let (clusters, others) = match annotations.relevance {
        Relevance::Everything => {
            let levels = (annotations.color_by == ColorBy::Novelty).then(|| answer.novelty());
            (clusters(&points(answer, &sentences, levels), &bounds), 0)
        }
        Relevance::Important => important(&candidates(annotations, answer, &sentences), cap),
    };
    let regions = regions(answer, request);
    let missing = regions.iter().enumerate().map(|(number, region)| Row::missing(number, region, answer.language));
    let rest = (others > 0 && !annotations.overlay).then(|| Row::rest(others, answer.language, request));
    let rows: Vec<Row> = missing.chain(rest).chain(rows(annotations, &clusters, answer, &sentences)).collect();

    let mut meta = Meta::default();
    match annotations.relevance {
        Relevance::Everything => {
            let notice = |sentence: Sentence<'_>| Topic::Clusters.info(sentence.text(answer.language));
            meta.notices.extend(clustered(&clusters, answer.events.len()).map(notice));
            meta.notices.extend(beyond(clusters.len(), cap).map(notice));
        }
        Relevance::Important => meta.notices.extend((others > 0).then(|| {
            let sentence = Sentence::MatterLess { others, events: answer.events.len() };
            Topic::Important.info(sentence.text(answer.language))
        })),
    }
    if annotations.overlay {
        meta.data_topic = Some("annotations".to_owned());
    }
    let fields = fields(&rows, annotations.overlay, annotations.severity_colors);
    Frame { name: "annotations".to_owned(), meta, fields }
}

/// The intervals from which events may be missing, as far as they lie in the range.
pub(super) fn regions(answer: &Answer, request: &Request) -> Vec<Region> {
    let within = answer.incomplete.iter().map(|one| Incomplete {
        intervals: one.intervals.iter().map(|all| all.intersection(request.range)).collect(),
        ..one.clone()
    });
    let nearest = cluster::near(request.range.length(), request.max_data_points);
    incomplete::regions(&within.collect::<Vec<_>>(), nearest, answer.language)
}

fn points(answer: &Answer, sentences: &Sentences<'_>, levels: Option<&[u16]>) -> Vec<Point> {
    let rows = answer.events.len();
    let (kin, _) = group_rows(rows, &[&sentences.principal, &sentences.class]);
    let times = answer.events.times().values();
    let points = (0..rows).map(|row| Point {
        time: Time::from_nanos(times[row]),
        novelty: levels.map(|levels| Level::of(levels[row])),
        severity: answer.risk(row).map(|risk| risk.severity),
        kin: kin[row] as usize,
        class: sentences.class.key(row),
    });
    points.collect()
}

fn candidates(annotations: &Annotations, answer: &Answer, sentences: &Sentences<'_>) -> Vec<Candidate> {
    let (rows, method) = (answer.events.len(), answer.keys(Dimension::Column(Column::Method)));
    let (calls, _) = group_rows(rows, &[&sentences.principal, &method]);
    let (times, levels) = (answer.events.times().values(), answer.novelty());
    let candidates = (0..rows).map(|row| Candidate {
        time: Time::from_nanos(times[row]),
        severity: answer.risk(row).map(|risk| risk.severity),
        novelty: Level::of(levels[row]),
        call: calls[row] as usize,
        color: if annotations.color_by == ColorBy::Novelty { levels[row].into() } else { 0 },
        closeness: answer.closeness.as_ref().map(|closeness| closeness[row]),
    });
    candidates.collect()
}

fn rows(annotations: &Annotations, clusters: &[Cluster], answer: &Answer, sentences: &Sentences<'_>) -> Vec<Row> {
    let shows_novelty = annotations.needs().novelty;
    let mut alone: Vec<usize> =
        clusters.iter().filter(|cluster| cluster.len() == 1).map(|cluster| cluster[0]).collect();
    alone.sort_unstable();
    let parts = Parts {
        answer,
        sentences,
        columns: tag_columns(answer, shows_novelty),
        pages: Pages::of(answer),
        reasons: Reasons::of(answer, &alone, sentences),
        novelty: shows_novelty.then(|| answer.novelty.words(&answer.events, answer.language)),
        by_novelty: annotations.color_by == ColorBy::Novelty,
    };
    clusters.iter().map(|cluster| Row::new(cluster, &parts)).collect()
}

/// The notice about clusters.
fn clustered(clusters: &[Cluster], events: usize) -> Option<Sentence<'static>> {
    let shared: Vec<usize> = clusters.iter().map(Vec::len).filter(|events| *events > 1).collect();
    let (annotations, shared) = (shared.len(), shared.iter().sum());
    (annotations > 0).then_some(Sentence::Clustered { shared, events, annotations })
}

/// The notice about a cap that is too small.
fn beyond(annotations: usize, cap: usize) -> Option<Sentence<'static>> {
    (annotations > cap).then_some(Sentence::BeyondCap { annotations, cap })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arrow::array::AsArray;
    use arrow::datatypes::TimestampNanosecondType;
    use chrono::DateTime;
    use serde_json::json;

    use super::super::calendar::SECOND;
    use super::super::incomplete::Reason;
    use super::*;
    use crate::cache::Gap;
    use crate::event::{Events, Kind};
    use crate::risk::Severity;
    use crate::scaleway::Error;
    use crate::time::Interval;

    fn request(seconds: i64, max_data_points: u64) -> Request {
        let interval = Duration::from_secs(1);
        Request {
            ref_id: String::new(),
            range: Interval::from_nanos(0, seconds * SECOND),
            interval,
            max_data_points,
            from_alert: false,
            redacted: false,
        }
    }

    /// Events by their time in milliseconds, who did them and how severe they are.
    fn answer(happened: &[(i64, u8, Option<Severity>, &'static str)]) -> Answer {
        let json_events: Vec<_> = happened
            .iter()
            .map(|(at, who, severity, class)| {
                let time = DateTime::from_timestamp_millis(*at);
                let service = severity.map(|severity| service(class, severity));
                json!({
                    "recorded_at": time, "principal": { "id": format!("who-{who}") }, "method_name": "Do",
                    "service_name": service,
                })
            })
            .collect();
        Answer::by_rules(&Events::from_json(Kind::Api, &json_events), &rules())
    }

    const CLASSES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    /// The service whose method `Do` has this class and severity by [`rules`].
    fn service(class: &str, severity: Severity) -> String {
        format!("scaleway.{class}-{}.v1.Api", severity.as_str())
    }

    /// Rules for the method `Do` of each [`service`], whatever the API answers.
    fn rules() -> String {
        let pairs = CLASSES.into_iter().flat_map(|class| Severity::ALL.map(|severity| (class, severity.as_str())));
        let row =
            |class: &str, severity: &str, when: &str| format!("{class}-{severity},Do,{when},{class},{severity},\n");
        pairs.map(|(class, severity)| ["", "failed"].map(|when| row(class, severity, when)).concat()).collect()
    }

    /// The frame of an answer for a query.
    fn asked(query: &Value, answer: &Answer, request: &Request) -> Frame {
        frame(&Annotations::parse(query.as_object().unwrap(), 1).unwrap(), answer, request)
    }

    fn texts(frame: &Frame, name: &str) -> Vec<String> {
        let field = frame.fields.iter().find(|field| field.name == name).unwrap();
        field.values.as_string::<i32>().iter().map(|text| text.unwrap_or("-").to_owned()).collect()
    }

    fn times(frame: &Frame, name: &str) -> Vec<Option<i64>> {
        let field = frame.fields.iter().find(|field| field.name == name).unwrap();
        field.values.as_primitive::<TimestampNanosecondType>().iter().collect()
    }

    fn timeout() -> Reason {
        Reason::Gap(Gap::Failed(Error::Timeout { host: "api".to_owned(), seconds: 15 }))
    }

    fn incomplete(region: &str, interval: Interval) -> Incomplete {
        let (region, sentence) = (Some(region.to_owned()), format!("region {region}: <b> & \"no\" answer"));
        Incomplete { region, sentence, reason: timeout(), intervals: vec![interval] }
    }

    #[test]
    fn a_row_says_what_its_annotation_holds() {
        let json_events = [
            (1_000, 1, Some(Severity::High), "a"),
            (1_100, 1, Some(Severity::High), "a"),
            (60_000, 2, Some(Severity::Low), "b"),
            (90_000, 2, None, "a"),
        ];
        let frame = asked(&json!({}), &answer(&json_events), &request(100, 100));
        assert_eq!(texts(&frame, "title"), ["who-1: 2 events: 2 Do", "who-2 Do", "who-2 Do"]);
        assert_eq!(texts(&frame, "id"), ["event-000+1", "event-002", "event-003"]);
        assert_eq!(texts(&frame, "newState"), ["alerting", "ok", "ok"]);
        assert_eq!(texts(&frame, "tags"), ["fr-par,a", "fr-par,b", "fr-par"]);
        // A cluster is a point; its end is for links only.
        assert_eq!(times(&frame, "timeEnd"), [None, None, None]);
        assert_eq!(times(&frame, "cluster_end"), [Some(1_100_000_000), None, None]);
        let notices: Vec<&str> = frame.meta.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(
            notices,
            ["2 of 4 events are clustered into 1 annotation; narrow the range or the scope to see each"]
        );
        assert!(frame.meta.notices.iter().all(|notice| notice.link.is_some()));
    }

    #[test]
    fn an_events_text_is_from_where_and_how_serious_and_the_rest_is_folded_away() {
        let fields = json!({
            "principal": { "id": "me" }, "method_name": "Make", "product_name": "p", "status_code": 403, "source_ip": "203.0.113.7",
            "country_code": "FR", "locality": "fr-par-1", "user_agent": "curl", "request_id": "r-1",
            "resources": [{ "id": "i", "type": "t", "name": "web" }],
        });
        let rules = "p,Make,,a,high,T1098\np,Make,failed,a,high,T1098\n";
        let answer = Answer::by_rules(&Events::from_json(Kind::Api, &[fields]), rules);
        let frame = asked(&json!({}), &answer, &request(100, 100));
        assert_eq!(texts(&frame, "title"), ["me Make web (403 denied)"]);
        let details = "product p<br/>resource type t<br/>resource i<br/>result 403 denied<br/>ATT&amp;CK T1098<br/>in fr-par-1<br/>\
                       user agent curl<br/>request r-1";
        let expected =
            format!("from 203.0.113.7 (FR)<br/>high risk: a<details><summary>Details</summary>{details}</details>");
        assert_eq!(texts(&frame, "text"), [expected]);
        let nothing = Answer::of(&Events::from_json(Kind::System, &[json!({})]));
        let frame = asked(&json!({}), &nothing, &request(100, 100));
        assert_eq!(texts(&frame, "text"), ["<details><summary>Details</summary>in fr-par</details>"]);
    }

    #[test]
    fn no_text_tells_the_time_which_grafana_tells() {
        let at = |seconds: i64| (seconds * 1_000, 1, Some(Severity::Low), "a");
        let frame = asked(&json!({ "cap": 1 }), &answer(&[at(10), at(20), at(95)]), &request(100, 100));
        assert_eq!(texts(&frame, "text"), ["within 1 min 25 s<br/>low risk: a"]);
        let frame = asked(&json!({}), &answer(&[at(10)]), &request(100, 100));
        assert!(!texts(&frame, "text")[0].contains("1970"), "{:?}", texts(&frame, "text"));
    }

    #[test]
    fn what_is_missing_comes_first_in_a_colour_of_its_own_and_does_not_count_for_the_cap() {
        let happened: Vec<_> =
            (0..20).map(|n| (n * 5_000, 1, [None, Some(Severity::Low)][usize::from(n % 2 == 0)], "a")).collect();
        let mut answer = answer(&happened);
        // It begins before the range and ends after it.
        answer.incomplete = vec![
            incomplete("nl-ams", Interval::from_nanos(-5, 200 * SECOND)),
            incomplete("pl-waw", Interval::from_nanos(50 * SECOND, 60 * SECOND)),
        ];
        let request = request(100, 1_000);
        let frame = asked(&json!({ "cap": 20 }), &answer, &request);
        assert_eq!(frame.rows(), 22);
        let titles = ["Incomplete: region nl-ams did not answer", "Incomplete: region pl-waw did not answer"];
        assert_eq!(texts(&frame, "title")[..2], titles);
        assert_eq!(times(&frame, "time")[..2], [Some(0), Some(50 * SECOND)]);
        assert_eq!(times(&frame, "timeEnd")[..3], [Some(100 * SECOND), Some(60 * SECOND), None]);
        assert_eq!(texts(&frame, "text")[0], "region nl-ams: &lt;b&gt; &amp; &quot;no&quot; answer");
        assert_eq!(texts(&frame, "tags")[0], "incomplete,nl-ams");
        let states = texts(&frame, "newState");
        assert_eq!(
            (&states[..2], states[2..].contains(&"nodata".to_owned())),
            (&["nodata"; 2].map(str::to_owned)[..], false)
        );
        assert_eq!(frame.meta.notices, [], "no cluster was needed");

        let frame = asked(&json!({ "cap": 20, "overlay": true }), &answer, &request);
        let colors = texts(&frame, "color");
        assert_eq!(
            (&colors[..2], colors[2..].contains(&"gray".to_owned())),
            (&["gray"; 2].map(str::to_owned)[..], false)
        );
        let is_region = frame.fields.iter().find(|field| field.name == "isRegion").unwrap().values.as_boolean().clone();
        assert_eq!((is_region.true_count(), is_region.value(0), is_region.value(1)), (2, true, true));
    }

    #[test]
    fn nothing_that_happened_and_nothing_that_is_known_differ() {
        let nothing = answer(&[]);
        assert_eq!(asked(&json!({}), &nothing, &request(100, 100)).rows(), 0);
        let mut unknown = nothing;
        unknown.incomplete = vec![incomplete("fr-par", Interval::from_nanos(0, 100 * SECOND))];
        let frame = asked(&json!({}), &unknown, &request(100, 100));
        assert_eq!(texts(&frame, "title"), ["Incomplete: region fr-par did not answer"]);
    }

    #[test]
    fn without_severity_colors_events_have_no_state() {
        let query = json!({ "severityColors": false });
        let mut answer = answer(&[(1_000, 1, Some(Severity::High), "a")]);
        let frame = asked(&query, &answer, &request(100, 100));
        assert!(frame.fields.iter().all(|field| field.name != "newState"));
        answer.incomplete = vec![incomplete("fr-par", Interval::from_nanos(0, SECOND))];
        assert_eq!(texts(&asked(&query, &answer, &request(100, 100)), "newState"), ["nodata", "-"]);
        // An overlay has no other colours.
        let overlay = asked(&json!({ "severityColors": false, "overlay": true }), &answer, &request(100, 100));
        assert_eq!(texts(&overlay, "color"), ["gray", "red"]);
    }

    #[test]
    fn a_cap_is_that_of_the_graph_where_none_is_set() {
        let apart: Vec<_> = (0..100).map(|n| (n * 1_000, 1, Some(Severity::Low), "a")).collect();
        let answer = answer(&apart);
        let rows = |query: Value, pixels: u64| asked(&query, &answer, &request(100, pixels)).rows();
        assert!((9..=16).contains(&rows(json!({}), 1_920)), "{}", rows(json!({}), 1_920));
        assert!(rows(json!({}), 0) <= 8);
        assert!((17..=48).contains(&rows(json!({ "overlay": true }), 1_920)));
        assert_eq!(rows(json!({ "cap": 200 }), 1_920), 100);
        assert_eq!(rows(json!({ "cluster": "overflow" }), 1_920), 100);
        assert!(rows(json!({ "cluster": "overflow", "cap": 50 }), 1_920) <= 50);
    }

    #[test]
    fn many_events_have_as_few_tags_as_one_and_name_their_severity_once() {
        let event = |number: usize, class: &str| {
            let address = format!("192.0.2.{number}");
            json!({
                "recorded_at": DateTime::from_timestamp_millis(1_000 + i64::try_from(number).unwrap()),
                "principal": { "id": format!("who-{number}") }, "product_name": format!("product-{number}"),
                "source_ip": address, "method_name": "Do", "service_name": service(class, Severity::Medium),
                "status_code": if number.is_multiple_of(2) { 200 } else { 403 },
            })
        };
        let asked = |json_events: &[Value]| {
            let answer = Answer::by_rules(&Events::from_json(Kind::Api, json_events), &rules());
            asked(&json!({ "cap": 1 }), &answer, &request(100, 100))
        };
        // The newest event has the first class.
        let json_events: Vec<_> = (0..40).map(|number| event(number, CLASSES[(39 - number) % CLASSES.len()])).collect();
        let frame = asked(&json_events);
        assert_eq!(texts(&frame, "tags"), ["40 products,fr-par"]);
        let text = &texts(&frame, "text")[0];
        assert_eq!(text.matches("medium risk").count(), 1, "{text}");
        assert!(text.contains("<br/>medium risk: a ×6, b ×6, c ×6, d ×6, e ×6, 2 more"), "{text}");
        // What all events share is a tag still.
        let alike: Vec<_> = (0..40).map(|_| event(0, "a")).collect();
        let frame = asked(&alike);
        assert_eq!(texts(&frame, "tags"), ["product-0,fr-par,succeeded,a"]);
        assert!(texts(&frame, "text")[0].contains("<br/>medium risk: a"));
    }

    #[test]
    fn a_tag_with_a_comma_stays_one_tag() {
        let answer =
            Answer::of(&Events::from_json(Kind::Api, &[json!({ "product_name": "a,b\n", "status_code": 200 })]));
        assert_eq!(texts(&asked(&json!({}), &answer, &request(100, 100)), "tags"), ["a b,fr-par,succeeded"]);
    }

    #[test]
    fn the_important_events_have_annotations_and_the_others_are_counted_at_the_beginning() {
        let low = (0..40).map(|minute| (minute * 60_000, 1, Some(Severity::Low), "a"));
        let mut happened: Vec<_> = low.collect();
        happened.push((1_234_000, 2, Some(Severity::Critical), "b"));
        let asked = |overlay| json!({ "relevance": "important", "cap": 2, "overlay": overlay });
        let frame = |overlay| {
            let annotations = Annotations::parse(asked(overlay).as_object().expect("an object"), 1).expect("a query");
            super::frame(&annotations, &answer(&happened), &request(3_600, 1_000))
        };
        let titles = |frame: &Frame| -> Vec<String> {
            let field = frame.fields.iter().find(|field| field.name == "title").expect("titles");
            field.values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()
        };
        let shown = titles(&frame(false));
        // Of the calls of one principal, those of ten minutes share an annotation.
        assert_eq!((shown.len(), shown[0].as_str()), (3, "30 events more"), "{shown:?}");
        let overlay = frame(true);
        assert_eq!(titles(&overlay).len(), 2);
        assert_eq!(overlay.meta.notices[0].text, "30 of 41 events matter less and are not shown");
    }
}
