//! The shipped rules over events in memory, on one core, beside `rsigma`'s own engine on the same events; and over the events
//! that a plugin has cached.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use audittrail::detection::{Pack, RuleFile, Trial};
use audittrail::event::{Decoder, Events, Kind, List};
use audittrail::host::Ask;
use audittrail::risk::RuleSet;
use audittrail::time::Time;
use rsigma_eval::{Engine, JsonEvent};
use serde_json::{Value, json};

use crate::cached::{asked, number, total};
use crate::process::{median, plugin, real, timed};
use crate::report::{Reach, Row};
use crate::{Error, Ground};

/// The most seconds of all rules over a million events.
const ALL_RULES: f64 = 1.0;

/// The most seconds of one rule.
const ONE_RULE: f64 = 0.05;

/// The largest share of the judging of all events that a tenth of them, being new, may cost.
const NEW_SHARE: f64 = 0.2;

const MILLION: f64 = 1e6;

/// The time of all rules, of one, of `rsigma`, and of new events.
pub(crate) async fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    ground.say("detections: the shipped rules over all events");
    let events = Events::merge(&ground.truth.events);
    let per_million = MILLION / real(events.len());
    let what = format!("detections, {} events, one core", events.len());
    let (pack, files) = (Pack::shipped(), files()?);
    let counts = kinds(&files);
    let trial = Trial::new(events, Time::MIN);
    let runs = ground.options.runs;
    let of = |pack: &Pack| median((0..runs).map(|_| seconds(|| trial.matches(pack))).collect());
    // The risks of events are cached beside them.
    black_box(trial.matches(&pack));
    let all = of(&pack) * per_million;
    ground.say("detections: each rule by itself");
    let mut ones = Vec::new();
    for file in &files {
        let (one, errors) = Pack::parse(std::slice::from_ref(file));
        if let Some(error) = errors.first() {
            return Err(error.to_string().into());
        }
        ones.push((of(&one) * per_million, file.name.as_str()));
    }
    ones.sort_by(|a, b| b.0.total_cmp(&a.0));
    let within = ones.iter().filter(|(seconds, _)| *seconds <= ONE_RULE).count();
    let slowest: Vec<String> =
        ones.iter().take(3).map(|(seconds, name)| format!("{name} {:.0} ms", seconds * 1e3)).collect();
    ground.say("detections: rsigma's engine");
    let rsigma = rsigma(ground, &files, &pack)?;
    let mut rows = vec![
        Row::new(format!("{what}: all rules ({counts}), for a million events"), all, "s", Reach::AtMost(ALL_RULES)),
        Row::new(
            format!("{what}: the slowest file of rules alone ({})", slowest.join(", ")),
            ones[0].0,
            "s",
            Reach::AtMost(ONE_RULE),
        ),
        Row::info(format!("{what}: files of rules within {ONE_RULE} s, of {}", files.len()), real(within), ""),
        Row::info(format!("{what}: rsigma's engine, without parsing, correlations and baselines"), rsigma, "s"),
        Row::info(format!("{what}: times as fast as rsigma's engine"), rsigma / all, "x"),
    ];
    rows.extend(cached(ground, &files).await?);
    Ok(rows)
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

/// The shipped files of rules.
fn files() -> Result<Vec<RuleFile>, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("detections");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yml") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push(RuleFile::new(name, std::fs::read_to_string(path)?));
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// How many documents of each kind there are.
fn kinds(files: &[RuleFile]) -> String {
    let documents: Vec<&str> = files.iter().flat_map(|file| file.text.split("\n---\n")).collect();
    let with = |word: &str| documents.iter().filter(|text| text.contains(word)).count();
    let (correlations, bodies) = (with("\ncorrelation:"), with("request_body."));
    let (first, rates) = (with("first_seen:"), with("times_usual:"));
    format!(
        "{} documents, {correlations} correlations, {bodies} on bodies, {first} first seen, {rates} rates",
        documents.len()
    )
}

/// The seconds of `rsigma`'s engine for a million events, measured on the newest ones. On rules about the API's own fields, its
/// verdicts have to be those of the pack.
fn rsigma(ground: &Ground, files: &[RuleFile], pack: &Pack) -> Result<f64, Error> {
    let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
    let collection = rsigma_parser::parse_sigma_yaml(&texts.join("\n---\n"))?;
    let mut engine = Engine::new();
    engine.add_collection(&collection)?;
    let mut decoder = Decoder::new("fr-par");
    let mut items: Vec<Value> = Vec::new();
    for page in &ground.truth.pages {
        decoder.page(List::Of(Kind::Api), page.clone())?;
        let mut page: Value = serde_json::from_slice(page)?;
        items.extend(page["events"].as_array_mut().map(std::mem::take).unwrap_or_default());
    }
    for item in &mut items {
        // As the rules name it; `rsigma` knows no event's own form.
        item["resources[any]"] = item["resources"].clone();
    }
    let mut theirs = BTreeMap::new();
    let mut times = Vec::new();
    for _ in 0..ground.options.runs {
        theirs.clear();
        times.push(seconds(|| {
            for item in &items {
                for found in engine.evaluate(&JsonEvent::borrow(item)) {
                    *theirs.entry(found.header.rule_id.unwrap_or_default()).or_insert(0_usize) += 1;
                }
            }
        }));
    }
    let ours = pack.selected(&decoder.finish()?, &RuleSet::built_in());
    let enriched: BTreeSet<&str> =
        pack.rules().iter().filter(|rule| is_enriched(&rule.place.text)).map(|rule| rule.id.as_str()).collect();
    for (rule, rows) in pack.rules().iter().zip(&ours) {
        let theirs = theirs.get(&rule.id).copied().unwrap_or_default();
        if !enriched.contains(rule.id.as_str()) && theirs != rows.len() {
            return Err(format!("{} has {} matches, by rsigma {theirs}", rule.id, rows.len()).into());
        }
    }
    Ok(median(times) * MILLION / real(items.len()))
}

/// Whether a rule reads fields that the API does not have or `rsigma` has no word for, or is not about single events.
fn is_enriched(text: &str) -> bool {
    let is_of_lists = |line: &str| line.contains("request_body.") && line.contains("[any]");
    text.contains("audittrail.") || text.contains("\ncorrelation:") || text.lines().any(is_of_lists)
}

/// The time of a plugin for cached events that no rule has judged, for those of which a tenth is new, and for judged ones.
async fn cached(ground: &Ground, files: &[RuleFile]) -> Result<Vec<Row>, Error> {
    let source = ground.sandbox.source();
    let span = ground.truth.newest(ground.options.cached);
    let (from, to) = span.range();
    let ids = without_baseline(files)?;
    let question = |to: i64| {
        let query = json!({
            "queryType": "detections", "show": "counts", "scope": { "kinds": ["api"] }, "ruleIds": ids,
        });
        Ask::new("A", query, (from, to))
    };
    ground.say(&format!("detections: {} cached events, new and judged", span.events));
    let newest = ground.truth.newest(span.events / 10);
    let (mut all, mut tenth, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ground.options.runs {
        for (older, times) in [(None, &mut all), (Some(newest.range().0), &mut tenth)] {
            let host = plugin(&ground.options).await?;
            number(&host.frame(&source, total((from, to)), &[]).await?)?;
            if let Some(older) = older {
                host.frame(&source, question(older), &[]).await?;
            }
            let (seconds, _) = timed(host.frame(&source, question(to), &[])).await?;
            times.push(seconds);
            judged.push(asked(&host, &source, &question(to), 1).await?.0);
            host.stop().await?;
        }
    }
    let (all, tenth, judged) = (median(all), median(tenth), median(judged));
    if all <= judged {
        return Err(format!(
            "judging {} events cannot be told from noise: {all:.3} s, again {judged:.3} s",
            span.events
        )
        .into());
    }
    let what = format!("detections, {} cached events, {} rules", span.events, ids.len());
    Ok(vec![
        Row::info(format!("{what}: asked for the first time"), all, "s"),
        Row::info(format!("{what}: asked for the first time since the newest tenth came"), tenth, "s"),
        Row::info(format!("{what}: asked again"), judged, "s"),
        Row::new(
            format!("{what}: share of the judging that a tenth of new events costs"),
            (tenth - judged).max(0.0) / (all - judged),
            "",
            Reach::AtMost(NEW_SHARE),
        ),
    ])
}

/// The ids of the shown rules without a baseline, which would wait for the days before.
fn without_baseline(files: &[RuleFile]) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for file in files {
        let (pack, errors) = Pack::parse(std::slice::from_ref(file));
        if let Some(error) = errors.first() {
            return Err(error.to_string().into());
        }
        if !["first_seen:", "times_usual:"].iter().any(|word| file.text.contains(word)) {
            ids.extend(pack.rules().iter().filter(|rule| rule.is_shown).map(|rule| rule.id.clone()));
        }
    }
    Ok(ids)
}
