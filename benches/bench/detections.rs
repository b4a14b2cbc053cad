//! Rules over events in memory, on one core, beside `rsigma`'s own engine on the same events.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use audittrail::detection::{Pack, RuleFile};
use audittrail::event::{Decoder, Events, Kind, List};
use audittrail::risk::RuleSet;
use rsigma_eval::{Engine, JsonEvent};
use serde_json::Value;

use crate::process::{median, real};
use crate::report::{Reach, Row};
use crate::{Error, Ground};

/// The most seconds of all rules over a million events, and of one rule.
const ALL_RULES: f64 = 1.0;
const ONE_RULE: f64 = 0.05;

/// The number of rules that is measured at least.
const RULES: usize = 60;

const MILLION: f64 = 1e6;

/// The time of all rules, of one, and of `rsigma`.
pub(crate) fn rows(ground: &Ground) -> Result<Vec<Row>, Error> {
    ground.say("detections: rules over all cached events");
    let events = Events::merge(&ground.truth.events);
    let texts = rules();
    let (pack, errors) = Pack::parse(&[RuleFile::new("bench.yml", texts.join("---\n"))]);
    if let Some(error) = errors.first() {
        return Err(error.to_string().into());
    }
    let risks = RuleSet::built_in();
    // The risks of events are cached beside them.
    black_box(pack.selected(&events, &risks));
    let runs = ground.options.runs;
    let all = median((0..runs).map(|_| seconds(|| pack.selected(&events, &risks))).collect());
    let ones = texts.iter().map(|text| {
        let (one, _) = Pack::parse(&[RuleFile::new("one.yml", text.as_str())]);
        median((0..runs).map(|_| seconds(|| one.selected(&events, &risks))).collect())
    });
    let slowest = ones.fold(0.0, f64::max);
    let per_million = MILLION / real(events.len());
    let rsigma = rsigma(ground, &texts, &pack)?;
    let what = format!("detections, {} events, one core", events.len());
    Ok(vec![
        Row::new(
            format!("{what}: {} rules, for a million events", texts.len()),
            all * per_million,
            "s",
            Reach::AtMost(ALL_RULES),
        ),
        Row::new(
            format!("{what}: the slowest of the rules alone"),
            slowest * per_million,
            "s",
            Reach::AtMost(ONE_RULE),
        ),
        Row::info(format!("{what}: rsigma's engine, {} rules, without parsing", texts.len()), rsigma, "s"),
        Row::info(format!("{what}: times as fast as rsigma's engine"), rsigma / (all * per_million), "x"),
    ])
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

/// The seconds of `rsigma`'s engine for a million events, measured on the newest ones. Its verdicts have to be those of the
/// pack.
fn rsigma(ground: &Ground, rules: &[String], pack: &Pack) -> Result<f64, Error> {
    let collection = rsigma_parser::parse_sigma_yaml(&rules.join("---\n"))?;
    let mut engine = Engine::new();
    engine.add_collection(&collection)?;
    let mut decoder = Decoder::new("fr-par");
    let mut items: Vec<Value> = Vec::new();
    for page in &ground.truth.pages {
        decoder.page(List::Of(Kind::Api), page.clone())?;
        let mut page: Value = serde_json::from_slice(page)?;
        items.extend(page["events"].as_array_mut().map(std::mem::take).unwrap_or_default());
    }
    let ours: usize = pack.selected(&decoder.finish()?, &RuleSet::built_in()).iter().map(Vec::len).sum();
    let mut theirs = 0;
    let mut times = Vec::new();
    for _ in 0..ground.options.runs {
        theirs = 0;
        times.push(seconds(|| {
            for item in &items {
                theirs += engine.evaluate(&JsonEvent::borrow(item)).len();
            }
        }));
    }
    if ours != theirs {
        return Err(format!("the pack has {ours} matches, rsigma {theirs}").into());
    }
    Ok(median(times) * MILLION / real(items.len()))
}

/// Rules as people write them: about methods, their outcome, callers, and request bodies.
fn rules() -> Vec<String> {
    const METHODS: [&str; 16] = [
        "CreateServer",
        "DeleteServer",
        "ServerAction",
        "UpdateServer",
        "CreateAPIKey",
        "DeleteAPIKey",
        "CreatePolicy",
        "DeletePolicy",
        "SetRules",
        "AddGroupMember",
        "CreateUser",
        "RenewJWT",
        "CreateSSHKey",
        "DeleteSSHKey",
        "UpdateAPIKey",
        "CreateApplication",
    ];
    let mut detections = Vec::new();
    for (number, method) in METHODS.iter().enumerate() {
        let next = METHODS[(number + 1) % METHODS.len()];
        detections.push(format!("s: {{method_name: {method}, 'status_code|startswith': '2'}}\n  condition: s"));
        detections.push(format!("s: {{method_name: [{method}, {next}], status_code: [401, 403]}}\n  condition: s"));
        detections.push(format!("s: {{method_name: {method}}}\n  f: {{'user_agent|contains': [terraform, kubernetes]}}\n  condition: s and not f"));
    }
    detections.extend([
        "s: {method_name: ServerAction, request_body.action: [poweroff, terminate]}\n  condition: s".to_owned(),
        "s: {method_name: ServerAction, 'request_body.name|endswith': -backup}\n  condition: s".to_owned(),
        "s: {method_name: CreatePolicy, 'request_body.rules.permission_set_names.value|endswith': ReadOnly}\n  condition: s".to_owned(),
        "s: {method_name: CreateSSHKey, 'request_body.public_key|startswith': ssh-ed25519}\n  condition: s".to_owned(),
        "s: {product_name: instance, request_body.dynamic_ip_required: false}\n  condition: s".to_owned(),
        "s: {product_name: iam, 'request_body.user_id|exists': true}\n  condition: s".to_owned(),
        "s: {product_name: account, request_body.locale: fr_FR}\n  condition: s".to_owned(),
        "s: {product_name: iam, 'request_body.organization_id|re': '^[0-9a-f-]{36}$'}\n  condition: s".to_owned(),
        "s: {'source_ip|cidr': [10.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12]}\n  condition: s".to_owned(),
        "s: {'user_agent|re|i': 'curl|python|go-http'}\n  condition: s".to_owned(),
        "s: {status_code: [401, 403]}\n  f: {product_name: iam}\n  condition: s and not f".to_owned(),
        "s: {'method_name|startswith': [Delete, Remove, Revoke], 'status_code|gte': 400}\n  condition: s".to_owned(),
    ]);
    assert!(detections.len() >= RULES, "{} rules", detections.len());
    let mut rules = Vec::new();
    for (number, detection) in detections.iter().enumerate() {
        let mut rule = format!("title: Rule {number}\nid: rule-{number}\nlogsource: {{product: scaleway}}\n");
        writeln!(rule, "detection:\n  {detection}").expect("a text takes all");
        rules.push(rule);
    }
    rules
}
