//! How much of an incident the annotations of a panel show: six hours on 1 000 pixels, five of them before the onset.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampNanosecondType;
use audittrail::event::Column;
use audittrail::frame::Frame;
use audittrail::query::{Query, Request};
use audittrail::time::{Interval, Time};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::incidents::{Incident, Kind};
use crate::real;
use crate::report::{Reach, Row};

/// Seeds of neither the training nor the ranking's evaluation, nor those from 30 000 000 on, which the weights of annotations
/// were tried on: the first of them.
const SEEDS: u64 = 31_000_000;

/// The events of ordinary days.
const EVENTS: usize = 20_000;

/// How many incidents are shown, of each kind in turn.
const INCIDENTS: u64 = 100;

/// Events of one call of one principal that share an annotation lie within ten minutes.
const LONGEST: i64 = 600_000_000_000;

const HOUR: Duration = Duration::from_hours(1);

/// The address of an intruder, whose actions belong to an incident beside its cause.
const INTRUDER: &str = "192.0.2.66";

/// What a panel showed of an incident.
struct Shown {
    annotations: usize,
    actions: usize,
    /// Those of the actions that are not shown, by how severe and how usual they are.
    missed: Vec<String>,
    /// What an intruder did beside the cause, and how much of it is shown.
    around: (usize, usize),
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
            let actions: usize = all.iter().map(|shown| shown.actions).sum();
            let missed: BTreeMap<&str, usize> =
                all.iter().flat_map(|shown| &shown.missed).fold(BTreeMap::new(), |mut counts, why| {
                    *counts.entry(&**why).or_default() += 1;
                    counts
                });
            let causes = actions - missed.values().sum::<usize>();
            let (seen, around) = all.iter().fold((0, 0), |sum, shown| (sum.0 + shown.around.0, sum.1 + shown.around.1));
            let covered = all.iter().map(|shown| shown.covered).fold(0.0, f64::max);
            let name = format!("annotations, {what}{}", if bound { ", bound to the resource" } else { "" });
            let enough = || Reach::AtLeast(if bound { 1.0 } else { 0.95 });
            let (own, of_own) = (causes + seen, actions + around);
            let figures = [
                (format!("{name}: most on a panel"), real(most), Reach::AtMost(25.0)),
                (
                    format!("{name}: the causes that are shown ({causes} of {actions})"),
                    real(causes) / real(actions.max(1)),
                    enough(),
                ),
                (
                    format!("{name}: the causes and what an intruder did that are shown ({own} of {of_own})"),
                    real(own) / real(of_own.max(1)),
                    enough(),
                ),
                (format!("{name}: most of the width under regions"), covered, Reach::AtMost(0.1)),
            ];
            rows.extend(figures.map(|(what, value, reach)| {
                if judged { Row::new(what, value, "", reach) } else { Row::info(what, value, "") }
            }));
            let what = format!("{name}: what an intruder did beside the cause ({seen} of {around})");
            rows.push(Row::info(what, real(seen) / real(around.max(1)), ""));
            let of_why =
                |(why, count): (&&str, &usize)| Row::info(format!("{name}: not shown, {why}"), real(*count), "actions");
            rows.extend(missed.iter().filter(|_| judged).map(of_why));
        }
    }
}

/// What annotations show of the incident with this number, unbound or bound to its resource.
fn shown(number: u64, relevance: &str, bound: bool) -> Shown {
    let kinds = Kind::CAUSED.len() as u64;
    let kind = Kind::CAUSED[usize::try_from(number % kinds).expect("few kinds")];
    let incident = Incident::new(kind, SEEDS + number, EVENTS);
    let ms = |time: Time| time.nanos().div_euclid(1_000_000);
    let range = (ms(incident.symptom.onset - 5 * HOUR), ms(incident.symptom.onset + HOUR));
    let request = Request::new("Anno", range, Duration::ZERO, 1_000, false).expect("a range");
    let scope = if bound { bound_to(&incident) } else { json!({}) };
    let query = json!({ "queryType": "annotations", "overlay": true, "relevance": relevance, "scope": scope });
    let frame = asked(&query, &incident, &request);
    let annotations = annotations(&frame);
    let truth = truth(&incident, request.range);
    let is_shown = |action: &Action| annotations.iter().any(|annotation| annotation.shows(action));
    let (causes, around): (Vec<Action>, Vec<Action>) = truth.into_iter().partition(|action| action.is_cause);
    let missed: Vec<&Action> = causes.iter().filter(|action| !is_shown(action)).collect();
    let missed = if missed.is_empty() { Vec::new() } else { why(&missed, kind, &incident, &request) };
    let around = (around.iter().filter(|action| is_shown(action)).count(), around.len());
    let range = request.range.length().as_secs_f64() * 1e9;
    let covered =
        annotations.iter().filter_map(|annotation| annotation.region).map(|region| real_nanos(region) / range);
    Shown { annotations: annotations.len(), actions: causes.len(), missed, around, covered: covered.sum() }
}

fn asked(query: &Value, incident: &Incident, request: &Request) -> Frame {
    let query = Query::parse(query.to_string().as_bytes(), "", request, usize::MAX).expect("a query");
    query.frames_of(&incident.events, request).expect("an answer").remove(0)
}

/// What a panel with the incident's metric is about: the resource's id, else its name, else the ids of its series.
fn bound_to(incident: &Incident) -> Value {
    let symptom = &incident.symptom;
    match &symptom.resource[..] {
        [id, _, ..] => json!({ "resourceIds": [id] }),
        [name] => json!({ "resourceNames": [name] }),
        [] => {
            let ids: Vec<&str> = symptom.members.iter().map(|member| &*member.names[0]).collect();
            json!({ "resourceIds": ids })
        }
    }
}

/// Of each action, its incident's kind, how severe it is and how usual.
fn why(actions: &[&Action], kind: Kind, incident: &Incident, request: &Request) -> Vec<String> {
    let query = json!({ "queryType": "events", "format": "table", "limit": 10_000, "novelty": true });
    let table = asked(&query, incident, request);
    let column = |name: &str| {
        let field = table.fields.iter().find(|field| field.name == name).expect("a column of the table");
        field.values.as_string::<i32>().clone()
    };
    let [ids, severities, levels] = ["id", "severity", "novelty"].map(column);
    let of_action = |action: &&Action| {
        let row = (0..ids.len()).find(|row| ids.value(*row) == action.id).expect("an event of the range");
        let severity = if severities.is_valid(row) { severities.value(row) } else { "no severity" };
        format!("{}: {severity}, {}", kind.name(), levels.value(row))
    };
    actions.iter().map(of_action).collect()
}

/// An action of an incident.
struct Action {
    id: String,
    time: i64,
    principal: String,
    method: String,
    /// Whether it is a cause, and not what an intruder did beside it.
    is_cause: bool,
}

/// The actions that caused an incident, and what else an intruder did in the range.
fn truth(incident: &Incident, range: Interval) -> Vec<Action> {
    let events = &incident.events;
    let texts = [Column::PrincipalId, Column::Method, Column::SourceIp].map(|column| events.text(column));
    let of_row = (0..events.len())
        .filter(|row| range.contains(Time::from_nanos(events.times().value(*row))))
        .filter_map(|row| {
            let [principal, method, address] = texts.map(|text| text.get(row).unwrap_or_default().to_owned());
            let (id, time) = (events.ids().value(row).to_owned(), events.times().value(row));
            let is_cause = incident.culprits.contains(&id);
            (is_cause || address == INTRUDER).then_some(Action { id, time, principal, method, is_cause })
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
