//! rsigma's correlation engine as an outside judge: conditions and windows are its own.
//!
//! Its times are whole seconds, and its window of ten seconds has all events that are less than eleven seconds old. Where an event is up
//! to a second too old, or where the order of two events within a second decides, it *cannot tell* whether a correlation fires. These
//! are the firings that the definition has either with times in nanoseconds or with times in whole seconds, and not with both.
//! All others have to be its own too.
//!
//! It reads the correlations that ship except those that compare events with the days before, for which Sigma has no word. Of others it
//! leaves out those with lists in the names of fields (`[any]`), and those that mean something else to rsigma: a `temporal`
//! correlation without a condition, which there needs one of its rules; a `value_count` over correlations, which there counts
//! nothing; and a correlation over one with aliases, which may fire for several groups at one event, of which only the first is seen
//! there. A `null`, which there is a value, is taken out of the events.

use std::collections::BTreeSet;
use std::ops::Range;

use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use rsigma_parser::{SigmaCollection, parse_sigma_yaml};

use super::judge::{Edge, Firing, Judge, Rule, all_below, enriched};
use super::numbers::Numbers;
use super::timeline::SECOND;
use crate::Error;

/// The correlations that rsigma reads, with the rules below them.
#[derive(Debug)]
pub(super) struct Outside<'a> {
    rules: &'a [Rule],
    collection: SigmaCollection,
    /// The positions of the correlations.
    read: BTreeSet<usize>,
}

/// The name under which the judge knows a rule.
fn key<'a>(id: Option<&'a String>, name: Option<&'a String>, title: &'a String) -> &'a str {
    id.or(name).unwrap_or(title)
}

/// Whether a correlation means something else to rsigma.
fn differs(rules: &[Rule], rule: &Rule) -> bool {
    let mut below = all_below(rules, rule).into_iter().skip(1).filter(|below| below.is_correlation());
    rule.is_temporal_without_condition() || below.any(|below| rule.counts_values() || below.has_aliases())
}

impl<'a> Outside<'a> {
    /// The correlations of some rules, which are those of the texts.
    pub(super) fn new(rules: &'a [Rule], texts: &[String]) -> Result<Self, Error> {
        let mut collection = parse_sigma_yaml(&texts.join("\n---\n"))?;
        let is_read = |rule: &Rule| {
            let all = all_below(rules, rule);
            rule.is_correlation()
                && !all.iter().any(|rule| rule.has_own_past() || rule.names_list() || differs(rules, rule))
        };
        let read: BTreeSet<usize> = (0..rules.len()).filter(|number| is_read(&rules[*number])).collect();
        let below = read.iter().flat_map(|number| all_below(rules, &rules[*number]));
        let ids: BTreeSet<&str> = below.map(|rule| rule.id.as_str()).collect();
        collection.rules.retain(|rule| ids.contains(key(rule.id.as_ref(), rule.name.as_ref(), &rule.title)));
        collection.correlations.retain(|rule| ids.contains(key(rule.id.as_ref(), rule.name.as_ref(), &rule.title)));
        if collection.rules.len() + collection.correlations.len() != ids.len() {
            return Err(format!("rsigma does not read a correlation: {:?}", collection.errors).into());
        }
        Ok(Self { rules, collection, read })
    }

    /// The titles of the correlations that rsigma reads.
    pub(super) fn titles(&self) -> BTreeSet<String> {
        self.read.iter().map(|number| self.rules[*number].title.clone()).collect()
    }

    /// How many correlations there are.
    pub(super) fn correlations(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_correlation()).count()
    }

    /// Compares the firings of some times with those of the judge.
    pub(super) fn compare(&self, judge: &mut Judge<'_>, times: Range<i64>, numbers: &mut Numbers) -> Result<(), Error> {
        let own = self.firings(judge)?;
        let [nanos, seconds] = [judge.firings(Edge::Included)?, judge.firings(Edge::WholeSeconds)?];
        let events = judge.events();
        let is_compared =
            |firing: &&Firing| self.read.contains(&firing.rule) && times.contains(&events[firing.event].time);
        let all: BTreeSet<&Firing> = own.iter().chain(&nanos).chain(&seconds).filter(is_compared).collect();
        for firing in all {
            let (fires, title) = (nanos.contains(firing), &self.rules[firing.rule].title);
            let is_undecidable = fires != seconds.contains(firing);
            if fires {
                *numbers.compared_rules.entry(title.clone()).or_default() += u64::from(!is_undecidable);
            }
            if is_undecidable {
                numbers.undecidable += 1;
                continue;
            }
            numbers.compared += u64::from(fires);
            if fires != own.contains(firing) {
                numbers.differing += 1;
                let (id, group) = (events[firing.event].id(), &firing.group);
                let word = if fires { "no" } else { "a" };
                numbers.describe(format!("rsigma has {word} firing of {title} for {group:?} at event {id}"));
            }
        }
        Ok(())
    }

    /// The firings of rsigma's engine.
    fn firings(&self, judge: &Judge<'_>) -> Result<BTreeSet<Firing>, Error> {
        let mut engine = CorrelationEngine::new(CorrelationConfig { emit_detections: false, ..Default::default() });
        engine.add_collection(&self.collection)?;
        let mut firings = BTreeSet::new();
        for (event, happened) in judge.judged() {
            let json = enriched(happened)?;
            let seconds = happened.time.div_euclid(SECOND);
            for result in engine.process_event_at(&JsonEvent::borrow(&json), seconds) {
                let Some(body) = result.as_correlation() else { continue };
                let header = &result.header;
                // A rule without an id has another name here, which rsigma's answer lacks.
                let rule = self.rules.iter().position(|rule| match &header.rule_id {
                    Some(id) => rule.id == *id,
                    None => rule.title == header.rule_title,
                });
                let rule = rule.ok_or("a firing of no rule")?;
                let group = body.group_key.iter().map(|(_, value)| value.clone()).collect();
                firings.insert(Firing { event, rule, group });
            }
        }
        Ok(firings)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use audittrail::sandbox::Kind;
    use serde_json::json;

    use super::super::judge;
    use super::super::scenario::Happened;
    use super::*;

    const BURST: &str = "title: Burst\nid: burst\ncorrelation:\n  type: event_count\n  rules: [call]\n  \
        group-by: [principal.id]\n  timespan: 10s\n  condition: {gte: 3}\n---\ntitle: Call\nid: call\n\
        logsource: {product: scaleway}\ndetection:\n  s: {method_name: Call}\n  condition: s\n";

    fn call(number: usize, nanos: i64) -> Happened {
        let json = json!({ "id": number.to_string(), "method_name": "Call", "principal": { "id": "somebody" } });
        Happened { time: nanos, visible: nanos, kind: Kind::Api, region: "fr-par", json }
    }

    /// The numbers for calls at some times, of which rsigma has the rules of another text.
    fn compared(of_rsigma: &str, milliseconds: &[i64]) -> Numbers {
        judged(BURST, of_rsigma, milliseconds)
    }

    fn judged(of_judge: &str, of_rsigma: &str, milliseconds: &[i64]) -> Numbers {
        let rules = judge::rules(&[("burst.yml".to_owned(), of_judge.to_owned())]).unwrap();
        let outside = Outside::new(&rules, &[of_rsigma.to_owned()]).unwrap();
        let events: Vec<Happened> =
            milliseconds.iter().enumerate().map(|(number, time)| call(number, time * 1_000_000)).collect();
        let mut judge = Judge::new(&rules, &events, 0).unwrap();
        let mut numbers = Numbers::default();
        outside.compare(&mut judge, 0..i64::MAX, &mut numbers).unwrap();
        numbers
    }

    #[test]
    fn firings_are_compared_unless_a_second_decides() {
        let of = |milliseconds: &[i64]| {
            let numbers = compared(BURST, milliseconds);
            (numbers.compared, numbers.undecidable, numbers.differing)
        };
        assert_eq!(of(&[500, 600, 10_500]), (1, 0, 0), "the edge of the window");
        assert_eq!(of(&[500, 600, 10_501]), (0, 1, 0), "a millisecond too old");
        assert_eq!(of(&[500, 600, 11_000]), (0, 0, 0), "the next second");
        assert_eq!(of(&[500, 600, 700, 800]), (2, 0, 0));
    }

    #[test]
    fn compared_firings_are_counted_by_rule() {
        let of = |milliseconds: &[i64]| compared(BURST, milliseconds).compared_rules;
        assert_eq!(of(&[500, 600, 700, 800]), [("Burst".to_owned(), 2)].into());
        assert_eq!(of(&[500, 600, 10_501]), [].into(), "by whole seconds alone, it fires");
    }

    #[test]
    fn a_correlation_without_an_id_is_known_by_its_name_or_title() {
        for named in ["name: burst\n", ""] {
            let text = BURST.replace("id: burst\n", named);
            let numbers = judged(&text, &text, &[500, 600, 700]);
            assert_eq!((numbers.compared, numbers.differing), (1, 0), "{named}");
        }
    }

    #[test]
    fn correlations_that_mean_something_else_to_rsigma_are_left_out() {
        let of = |changed: &str, above: &str| {
            let text = format!("{changed}---\ntitle: Above\nid: above\ncorrelation:\n  {above}\n  timespan: 10s\n");
            let rules = judge::rules(&[("above.yml".to_owned(), text.clone())]).unwrap();
            Outside::new(&rules, &[text]).unwrap().titles().contains("Above")
        };
        let aliased =
            BURST.replace("group-by: [principal.id]", "aliases: {who: {call: principal.id}}\n  group-by: [who]");
        assert!(of(BURST, "type: event_count\n  rules: [burst]\n  condition: {gte: 2}"));
        assert!(!of(&aliased, "type: event_count\n  rules: [burst]\n  condition: {gte: 2}"));
        assert!(of(BURST, "type: temporal\n  rules: [call, burst]\n  condition: {gte: 2}"));
        assert!(!of(BURST, "type: temporal\n  rules: [call, burst]"));
        let values = "type: value_count\n  condition: {field: principal.id, gte: 2}\n  rules:";
        assert!(of(BURST, &format!("{values} [call]")));
        assert!(!of(BURST, &format!("{values} [burst]")));
    }

    #[test]
    fn a_value_that_is_null_is_none() {
        let mut event = call(1, 0);
        event.json["user_agent"] = json!(null);
        event.json["resources"] = json!([{ "id": "a", "name": null }]);
        let json = enriched(&event).unwrap();
        assert_eq!((json.get("user_agent"), &json["resources"]), (None, &json!([{ "id": "a" }])));
    }

    #[test]
    fn a_planted_disagreement_is_counted_and_is_a_failure() {
        for (changed, missing) in [(BURST.replace("gte: 3", "gte: 4"), true), (BURST.replace("10s", "20s"), false)] {
            let numbers = compared(&changed, &[500, 600, if missing { 700 } else { 15_000 }]);
            assert_eq!(numbers.differing, 1, "{changed}");
            assert!(!numbers.is_right());
            let word = if missing { "no" } else { "a" };
            let fault = format!("rsigma has {word} firing of Burst for [\"somebody\"] at event 2");
            assert_eq!(numbers.faults, [fault]);
        }
    }

    #[test]
    fn rsigma_reads_the_shipped_correlations_without_a_past() {
        let mut files: Vec<(String, String)> = Vec::new();
        for file in fs::read_dir("detections").unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "yml") {
                files.push((file.display().to_string(), fs::read_to_string(&file).unwrap()));
            }
        }
        let rules = judge::rules(&files).unwrap();
        let texts: Vec<String> = files.into_iter().map(|(_, text)| text).collect();
        let outside = Outside::new(&rules, &texts).unwrap();
        let correlations = rules.iter().filter(|rule| rule.is_correlation());
        let with_past = correlations.clone().filter(|rule| judge::has_past(&rules, rule)).count();
        assert!(with_past > 0);
        assert_eq!(outside.titles().len(), correlations.clone().count() - with_past);
        assert_eq!(outside.correlations(), correlations.count());
    }
}
