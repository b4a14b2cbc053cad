//! How much of an incident the annotations of a panel show: six hours on 1 000 pixels, five of them before the onset.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampNanosecondType;
use audittrail::event::Column;
use audittrail::frame::Frame;
use audittrail::query::{Query, Request};
use rayon::prelude::*;
use serde_json::json;

use crate::incidents::{Incident, Kind};
use crate::real;
use crate::report::{Reach, Row};

/// Seeds of neither the training nor the ranking's evaluation: the first of them.
const SEEDS: u64 = 30_000_000;

/// The events of ordinary days.
const EVENTS: usize = 20_000;

/// How many incidents are shown, of each kind in turn.
const INCIDENTS: u64 = 100;

/// Events of one call of one principal that share an annotation lie within ten minutes.
const LONGEST: i64 = 600_000_000_000;

const HOUR: Duration = Duration::from_hours(1);

/// What a panel showed of an incident.
#[derive(Clone, Copy, Default)]
struct Shown {
    annotations: usize,
    actions: usize,
    of_them: usize,
    /// The part of the range under regions.
    covered: f64,
}

/// The figures about annotations that show what matters, beside those that show everything.
pub(crate) fn rows(rows: &mut Vec<Row>) {
    for (what, relevance, judged) in
        [("what matters", "important", true), ("everything, clustered", "everything", false)]
    {
        for bound in [false, true] {
            let all: Vec<Shown> =
                (0..INCIDENTS).into_par_iter().map(|number| shown(number, relevance, bound)).collect();
            let most = all.iter().map(|shown| shown.annotations).max().unwrap_or_default();
            let (of_them, actions) = all.iter().fold((0, 0), |(a, b), shown| (a + shown.of_them, b + shown.actions));
            let covered = all.iter().map(|shown| shown.covered).fold(0.0, f64::max);
            let name = format!("annotations, {what}{}", if bound { ", bound to the resource" } else { "" });
            let figures = [
                (format!("{name}: most on a panel"), real(most), Reach::AtMost(25.0)),
                (
                    format!("{name}: the incident's own actions that are shown ({of_them} of {actions})"),
                    real(of_them) / real(actions.max(1)),
                    Reach::AtLeast(if bound { 1.0 } else { 0.95 }),
                ),
                (format!("{name}: most of the width under regions"), covered, Reach::AtMost(0.1)),
            ];
            rows.extend(figures.map(|(what, value, reach)| {
                if judged { Row::new(what, value, "", reach) } else { Row::info(what, value, "") }
            }));
        }
    }
}

/// What annotations show of the incident with this number, unbound or bound to its resource.
fn shown(number: u64, relevance: &str, bound: bool) -> Shown {
    let kinds = Kind::CAUSED.len() as u64;
    let kind = Kind::CAUSED[usize::try_from(number % kinds).expect("few kinds")];
    let incident = Incident::new(kind, SEEDS + number, EVENTS);
    let ms = |time: audittrail::time::Time| time.nanos().div_euclid(1_000_000);
    let range = (ms(incident.symptom.onset - 5 * HOUR), ms(incident.symptom.onset + HOUR));
    let request = Request::new("Anno", range, Duration::ZERO, 1_000, false).expect("a range");
    let about = if bound { incident.symptom.resource.clone() } else { Vec::new() };
    let query = json!({
        "queryType": "annotations", "overlay": true, "relevance": relevance, "scope": { "resourceIds": about },
    });
    let query = Query::parse(query.to_string().as_bytes(), "", &request, usize::MAX).expect("a query");
    let frame = query.frames_of(&incident.events, &request).expect("an answer").remove(0);
    let annotations = annotations(&frame);
    let truth = truth(&incident);
    let of_them = truth.iter().filter(|action| annotations.iter().any(|annotation| annotation.shows(action))).count();
    let range = request.range.length().as_secs_f64() * 1e9;
    let covered =
        annotations.iter().filter_map(|annotation| annotation.region).map(|region| real_nanos(region) / range);
    Shown { annotations: annotations.len(), actions: truth.len(), of_them, covered: covered.sum() }
}

/// An action of an incident.
struct Action {
    id: String,
    time: i64,
    principal: String,
    method: String,
}

/// The actions that caused an incident.
fn truth(incident: &Incident) -> Vec<Action> {
    let events = &incident.events;
    let texts = [Column::PrincipalId, Column::Method].map(|column| events.text(column));
    let rows = (0..events.len()).filter(|row| incident.culprits.iter().any(|id| id == events.ids().value(*row)));
    let of_row = rows.map(|row| {
        let [principal, method] = texts.map(|text| text.get(row).unwrap_or_default().to_owned());
        Action { id: events.ids().value(row).to_owned(), time: events.times().value(row), principal, method }
    });
    of_row.collect()
}

/// An annotation as the frame has it.
struct Annotation {
    id: String,
    time: i64,
    last: i64,
    title: String,
    region: Option<i64>,
}

impl Annotation {
    /// Whether an action has this annotation, or shares it with calls of the same method by its principal within ten minutes. A
    /// cluster of several principals or methods counts where its title has those of the action.
    fn shows(&self, action: &Action) -> bool {
        let shares = self.last - self.time <= LONGEST
            && (self.time..=self.last).contains(&action.time)
            && self.title.contains(&action.method)
            && self.title.contains(&action.principal);
        self.id == action.id || shares
    }
}

fn annotations(frame: &Frame) -> Vec<Annotation> {
    let fields: BTreeMap<&str, &dyn Array> =
        frame.fields.iter().map(|field| (field.name.as_str(), field.values.as_ref())).collect();
    let time = |name: &str, row: usize| {
        let times = fields[name].as_primitive::<TimestampNanosecondType>();
        times.is_valid(row).then(|| times.value(row))
    };
    let of_row = (0..frame.rows()).map(|row| {
        let start = time("time", row).expect("each annotation has a time");
        Annotation {
            id: fields["id"].as_string::<i32>().value(row).to_owned(),
            time: start,
            last: time("cluster_end", row).unwrap_or(start),
            title: fields["title"].as_string::<i32>().value(row).to_owned(),
            region: time("timeEnd", row).map(|end| end - start),
        }
    });
    of_row.collect()
}

#[expect(clippy::cast_precision_loss, reason = "some hours in nanoseconds are below 2^52")]
fn real_nanos(nanos: i64) -> f64 {
    nanos as f64
}
