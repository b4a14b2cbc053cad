//! Filters of Scaleway and of the plugin give the same answer.
//!
//! Random scopes are made of the values in the organization's events, so that most of them match. Each is
//! answered three ways: as users are; by reading everything and masking it here; and, for the fields that need no
//! knowledge of other events, by a plain implementation of `docs/query-model.md` over the JSON.
#![cfg(feature = "terminal")]

mod engine;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use audittrail::query::{Answer, DataSource, Query, filter};
use audittrail::sandbox::{Config, Endpoint, Fault, Kind, Organization, SECRET_KEY};
use engine::{Engine, REGIONS, list, texts, trail_of};
use ipnet::IpNet;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const EVENTS: usize = 300;

/// An event of the trail: its kind, its region, its JSON.
type Told = (&'static str, String, Value);

/// The values of scopes, by field.
type Vocabulary = BTreeMap<&'static str, Vec<String>>;

struct World {
    runtime: Runtime,
    engine: Engine,
    /// A data source with an empty cache, so that Scaleway filters.
    forgetful: RefCell<DataSource>,
    trail: Vec<Told>,
    /// All events of some regions, read once.
    everything: RefCell<HashMap<String, Rc<Answer>>>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (engine, trail) = runtime.block_on(async {
            let engine = Engine::without_combined_list(EVENTS).await;
            oddities(&engine);
            family(&engine);
            let trail = trail_of(&engine.sandbox).await;
            (engine, trail)
        });
        let forgetful = RefCell::new(engine.empty_data_source());
        Self { runtime, engine, forgetful, trail, everything: RefCell::default() }
    }

    /// Runs a property over random scopes of these fields.
    fn check(&self, fields: &[&'static str], property: impl Fn(&Value) -> Result<(), TestCaseError>) {
        Self::run(scopes(&self.trail, self.engine.sandbox.organization(), fields), property);
    }

    fn run(scopes: impl Strategy<Value = Value>, property: impl Fn(&Value) -> Result<(), TestCaseError>) {
        let cases = Cases { cases: 64, failure_persistence: None, max_shrink_iters: 100, ..Cases::default() };
        TestRunner::new(cases).run(&scopes, |scope| property(&scope)).unwrap_or_else(|failed| panic!("{failed}"));
    }

    fn gather(&self, data_source: &DataSource, query: &Value) -> Answer {
        let request = self.engine.ever();
        let query = Query::parse(query.to_string().as_bytes(), "", &request, 50_000).unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        self.runtime.block_on(Answer::gather(data_source, &query, &request, deadline)).unwrap()
    }

    /// The answer with Scaleway's filters.
    fn pushed_down(&self, query: &Value) -> Answer {
        let mut data_source = self.forgetful.borrow_mut();
        engine::forget(&mut data_source);
        self.gather(&data_source, query)
    }

    fn answer(&self, scope: &Value) -> Answer {
        self.pushed_down(&list(scope.clone()))
    }

    /// The same question without filters of Scaleway: all events are fetched and masked here.
    fn masked(&self, scope: &Value) -> BTreeSet<String> {
        let request = self.engine.ever();
        let query = Query::parse(list(scope.clone()).to_string().as_bytes(), "", &request, 50_000).unwrap();
        let regions = scope.get("regions").cloned().unwrap_or_default();
        let everything = self.everything.borrow().get(&regions.to_string()).cloned();
        let everything = everything.unwrap_or_else(|| {
            let read = Rc::new(self.gather(&self.engine.data_source, &list(json!({ "regions": regions }))));
            self.everything.borrow_mut().insert(regions.to_string(), Rc::clone(&read));
            read
        });
        let deadline = Instant::now() + Duration::from_mins(1);
        let names = self.runtime.block_on(self.engine.data_source.directory.names(deadline, |_| false)).unwrap().value;
        let mask = filter::mask(&query.scope, &everything.events, &names, &self.engine.data_source.rules);
        let rows = (0..everything.events.len()).filter(|row| {
            let risk = everything.risk(*row);
            let (classes, severities) = (&query.scope.risk_classes, &query.scope.severities);
            mask[*row]
                && (classes.is_empty() || risk.is_some_and(|risk| classes.contains(&risk.class)))
                && (severities.is_empty() || risk.is_some_and(|risk| severities.contains(&risk.severity)))
        });
        rows.map(|row| everything.events.ids().value(row).to_owned()).collect()
    }
}

/// The events of the first alone, and those of the second alone.
fn compare(answered: &BTreeSet<String>, meant: &BTreeSet<String>) -> Result<(), TestCaseError> {
    let beyond: Vec<_> = answered.difference(meant).collect();
    let missing: Vec<_> = meant.difference(answered).collect();
    prop_assert!(beyond.is_empty() && missing.is_empty(), "beyond what is meant: {:?}, missing: {:?}", beyond, missing);
    Ok(())
}

fn ids(answer: &Answer) -> BTreeSet<String> {
    answer.events.ids().iter().flatten().map(str::to_owned).collect()
}

/// Events that an ordinary week lacks: the same address in several spellings, codes that no class lists, a global product that is
/// not of the known ones, names that no list has and that differ in case alone, system events with a status.
fn oddities(engine: &Engine) {
    for (region, kind, fields) in [
        ("fr-par", Kind::Api, json!({ "source_ip": "2001:DB8:1:0::33", "status_code": 401 })),
        ("fr-par", Kind::Api, json!({ "source_ip": "::ffff:203.0.113.10", "status_code": 302 })),
        ("fr-par", Kind::Api, json!({ "source_ip": "0:0:0:0:0:FFFF:CB00:710A", "product_name": "ORBIT" })),
        ("nl-ams", Kind::Api, json!({ "method_name": "createORBIT", "service_name": "Scaleway.Orbit.v1.API" })),
        ("nl-ams", Kind::Api, json!({ "method_name": "CreateOrbit", "service_name": "scaleway.orbit.v1.Api" })),
        ("nl-ams", Kind::Api, json!({ "method_name": "CREATEorbit", "product_name": "instance" })),
        ("fr-par", Kind::Api, json!({ "locality": "global", "product_name": "orbit", "status_code": 201 })),
        ("nl-ams", Kind::Api, json!({ "product_name": "iam", "locality": "nl-ams", "principal": null })),
        ("nl-ams", Kind::Api, json!({ "source_ip": "not an address", "status_code": null })),
        ("nl-ams", Kind::Api, json!({ "product_name": null, "method_name": "password" })),
        ("pl-waw", Kind::System, json!({ "source": "scaleway.vpc.v2.Api", "system_name": "UpdateVPC" })),
        (
            "fr-par",
            Kind::Authentication,
            json!({ "source_ip": "198.51.100.10", "result": "failure", "method": "saml" }),
        ),
        ("fr-par", Kind::Authentication, json!({ "result": "unknown_result", "source_ip": null })),
    ] {
        // Several times, so that random scopes meet them.
        for seconds in 60..64 {
            engine.push(region, kind, seconds, fields.clone());
        }
    }
}

fn texts_of(kind: &str, event: &Value, field: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let member = |name: &str| text(&event[name]).into_iter().collect();
    let resources =
        |name: &str| event["resources"].as_array().into_iter().flatten().filter_map(|r| text(&r[name])).collect();
    match (field, kind) {
        ("kinds", _) => vec![kind.to_owned()],
        ("products", _) => member("product_name"),
        ("services", "system") => member("source"),
        ("services", _) => member("service_name"),
        ("methods", "authentication") => member("method"),
        ("methods", "system") => member("system_name"),
        ("methods", _) => member("method_name"),
        ("projects", _) => member("project_id"),
        ("sourceIps" | "notSourceIps", _) => member("source_ip"),
        ("resourceTypes", _) => resources("type"),
        ("resourceIds", _) => resources("id"),
        ("resourceNames", _) => resources("name"),
        ("status", _) => event["status_code"].as_u64().map(|code| code.to_string()).into_iter().collect(),
        ("principals", _) => text(&event["principal"]["id"]).into_iter().collect(),
        ("text" | "notText", _) => {
            resources("name").into_iter().chain(member("user_agent")).chain(member("request_id")).collect()
        }
        _ => Vec::new(),
    }
}

/// Values that are in no event, or are not asked for by a field's plain text.
fn beside(field: &str, organization: &Organization) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match field {
        "regions" => words(&REGIONS),
        "kinds" => words(&["api", "authentication", "system"]),
        "status" => words(&["succeeded", "denied", "failed", "403", "599"]),
        "severities" => words(&["low", "medium", "high", "critical"]),
        "riskClasses" => words(&["login_failures", "denied_actions", "service_disruption", "credential_creation"]),
        "sourceIps" | "notSourceIps" => words(&[
            "203.0.113.0/24",
            "0.0.0.0/0",
            "::/0",
            "2001:db8::/32",
            "2001:db8:1::33",
            "10.9.8.7",
            "203.0.113.10",
            "::ffff:cb00:7100/120",
        ]),
        "text" | "notText" => words(&["SCALEWAY", "delete", "ops-", "é", "terraform", "no such text"]),
        "principals" => {
            let users = organization.users.iter().take(4);
            let names = users.flat_map(|user| [user.email.to_uppercase(), user.username.clone(), user.id.clone()]);
            let others = organization.applications.iter().map(|app| app.name.clone());
            names.chain(others).chain([organization.departed.id.clone(), "nobody@example.com".to_owned()]).collect()
        }
        _ => words(&["no such value"]),
    }
}

/// The fields whose values are compared in any case, and may hold wildcards.
const NAMES: [&str; 4] = ["products", "services", "methods", "resourceTypes"];

/// The fields whose values are addresses and networks.
const NETWORKS: [&str; 2] = ["sourceIps", "notSourceIps"];

/// A name as a person may write it.
fn rewritten(name: &str, how: usize) -> String {
    let mut letters = name.chars();
    let first = letters.next();
    match how % 8 {
        0 => name.to_lowercase(),
        1 => name.to_uppercase(),
        2 => format!("?{}", letters.as_str().to_lowercase()),
        3 => format!("{}*", first.unwrap_or('*')),
        4 => format!("*{}", letters.as_str()),
        _ => name.to_owned(),
    }
}

/// Whether a name matches a text, by a plain implementation of the model.
fn is_named(written: &str, name: &str) -> bool {
    fn fits(written: &[char], name: &[char]) -> bool {
        match written {
            [] => name.is_empty(),
            ['*', rest @ ..] => (0..=name.len()).any(|taken| fits(rest, &name[taken..])),
            [letter, rest @ ..] => {
                name.first().is_some_and(|first| *letter == '?' || letter == first) && fits(rest, &name[1..])
            }
        }
    }
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    fits(&letters(written), &letters(name))
}

/// An address in the one spelling that all have.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn network(text: &str) -> IpNet {
    match text.parse() {
        Ok(IpNet::V6(six)) if six.addr().to_ipv4_mapped().is_some() => {
            let (address, length) = (six.addr().to_ipv4_mapped().unwrap(), six.prefix_len() - 96);
            IpNet::new(address.into(), length).unwrap()
        }
        Ok(net) => net,
        Err(_) => address(text).unwrap().into(),
    }
}

/// Scopes of some of these fields: mostly values of one event, so that they meet, and some of others.
fn scopes(
    trail: &[Told],
    organization: &Organization,
    fields: &[&'static str],
) -> impl Strategy<Value = Value> + use<> {
    let mut vocabulary: Vocabulary = BTreeMap::new();
    for &field in fields {
        let told: BTreeSet<String> = trail.iter().flat_map(|(kind, _, event)| texts_of(kind, event, field)).collect();
        let told = told.into_iter().filter(|text| !NETWORKS.contains(&field) || text.parse::<IpAddr>().is_ok());
        vocabulary.insert(field, told.chain(beside(field, organization)).collect());
    }
    let trail = trail.to_vec();
    let chosen = prop::sample::subsequence(fields.to_vec(), 1..=4.min(fields.len()));
    let others = prop::collection::vec((any::<Index>(), 0..6_usize), 16);
    (any::<Index>(), chosen, any::<[bool; 16]>(), others, any::<[u8; 16]>()).prop_map(
        move |(base, fields, own, others, how)| {
            let (kind, region, event) = base.get(&trail);
            let mut scope = json!({});
            for (place, field) in fields.into_iter().enumerate() {
                let mut values = if field == "regions" { vec![region.clone()] } else { texts_of(kind, event, field) };
                values.retain(|value| !NETWORKS.contains(&field) || value.parse::<IpAddr>().is_ok());
                values.truncate(usize::from(own[place]));
                let (first, count) = &others[place];
                let words = &vocabulary[field];
                let start = first.index(words.len());
                values.extend(words.iter().cycle().skip(start).step_by(7).take(count % 3 + count / 3).cloned());
                if NAMES.contains(&field) {
                    let rewrite = |(more, name): (usize, &String)| rewritten(name, usize::from(how[place]) + more);
                    values = values.iter().enumerate().map(rewrite).collect();
                }
                let one = field == "text" && values.len() < 2;
                scope[field] = if one { values.first().cloned().into() } else { values.into() };
            }
            scope
        },
    )
}

/// The fields that match an event by itself.
const PLAIN: [&str; 12] = [
    "kinds",
    "regions",
    "products",
    "services",
    "methods",
    "projects",
    "principals",
    "sourceIps",
    "notSourceIps",
    "status",
    "resourceTypes",
    "text",
];

#[test]
fn scaleways_filters_and_ours_give_the_same_answer() {
    let world = World::new();
    let mut fields = PLAIN.to_vec();
    fields.extend(["riskClasses", "severities", "notText"]);
    world.check(&fields, |scope| compare(&ids(&world.answer(scope)), &world.masked(scope)));
}

/// A load balancer, its frontend and that one's ACL, as different people work on them: only the frontend's events
/// relate the ACL to the load balancer, and only some events have a name.
fn family(engine: &Engine) {
    let lb = json!({ "id": "lb-id", "type": "load_balancer_lb", "name": "lb-name" });
    let info = json!({ "lb_id": "lb-id", "name": "https" });
    let frontend =
        json!({ "id": "frontend-id", "type": "load_balancer_frontend", "load_balancer_frontend_info": info });
    let info = json!({ "frontend_id": "frontend-id" });
    let acl = json!({ "id": "acl-id", "type": "load_balancer_acl", "name": "acl", "load_balancer_acl_info": info });
    for (method, resources, body) in [
        ("CreateLb", json!([lb]), json!({ "name": "lb-name" })),
        ("UpdateLb", json!([]), json!({ "lb_id": "lb-id" })),
        ("CreateFrontend", json!([frontend]), json!({})),
        ("UpdateFrontend", json!([frontend]), json!({})),
        ("CreateAcl", json!([acl]), json!({})),
        ("UpdateAcl", json!([acl]), json!({})),
        ("DeleteAcl", json!([]), json!({ "acl_id": "acl-id" })),
    ] {
        for (who, address, status) in [("one", "203.0.113.1", 200), ("two", "203.0.113.2", 403), ("three", "", 409)] {
            let fields = json!({
                "product_name": "load-balancer", "service_name": "scaleway.lb.v1.ZonedApi", "method_name": method,
                "principal": { "id": who }, "source_ip": address, "status_code": status, "resources": resources,
                "request_body": body,
            });
            engine.push("fr-par", Kind::Api, 90, fields);
        }
    }
}

#[test]
fn pushed_down_filters_hide_no_parent() {
    let world = World::new();
    let family: Vec<_> =
        world.trail.iter().filter(|(.., event)| event["service_name"] == "scaleway.lb.v1.ZonedApi").cloned().collect();
    let others = scopes(&family, world.engine.sandbox.organization(), &PLAIN);
    let asked = select(vec![
        ("resourceIds", "lb-id"),
        ("resourceIds", "frontend-id"),
        ("resourceIds", "acl-id"),
        ("resourceNames", "lb-name"),
        ("resourceNames", "https"),
        ("resourceNames", "acl"),
    ]);
    let scopes = (asked, others).prop_map(|((field, value), mut scope)| {
        scope[field] = json!([value]);
        scope
    });
    World::run(scopes, |scope| compare(&ids(&world.answer(scope)), &world.masked(scope)));
}

#[tokio::test]
async fn a_child_is_found_with_any_other_condition() {
    let engine = Engine::empty().await;
    family(&engine);
    for scope in [
        json!({ "resourceIds": ["lb-id"], "methods": ["UpdateAcl"] }),
        json!({ "resourceNames": ["lb-name"], "methods": ["UpdateAcl"] }),
        json!({ "resourceIds": ["lb-id"], "resourceTypes": ["load_balancer_acl"], "methods": ["UpdateAcl"] }),
        json!({ "resourceIds": ["lb-id"], "methods": ["DeleteAcl"] }),
        json!({ "resourceNames": ["lb-name"], "methods": ["UpdateLb"] }),
    ] {
        assert_eq!(engine.ids(scope.clone()).await.len(), 3, "{scope}");
    }
}

/// Whether a scope matches an event, by a plain implementation of the model.
fn means(scope: &Value, organization: &Organization, (kind, region, event): &Told) -> bool {
    let wanted = |field: &str| -> Vec<String> {
        scope[field].as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let lists = ["kinds", "products", "services", "methods", "projects", "resourceTypes"];
    let listed = lists.iter().all(|field| {
        let wanted = wanted(field);
        let is =
            |wanted: &String, text: &str| if NAMES.contains(field) { is_named(wanted, text) } else { wanted == text };
        let is_any = |text: &String| wanted.iter().any(|wanted| is(wanted, text));
        wanted.is_empty() || texts_of(kind, event, field).iter().any(is_any)
    });
    let global = *kind == "authentication"
        || event["locality"] == "global"
        || ["iam", "account", "edge-services"].iter().any(|product| event["product_name"] == *product);
    let regions = wanted("regions");
    let region = regions.is_empty() || regions.contains(region) || (region == "fr-par" && global);

    let status = event["status_code"].as_u64();
    let class = match (status, event["result"].as_str()) {
        (Some(200..=299), _) | (None, Some("success")) => "succeeded",
        (Some(401 | 403), _) => "denied",
        (Some(_), _) | (None, Some("failure")) => "failed",
        _ => "",
    };
    let outcome = wanted("status");
    let outcome = outcome.is_empty()
        || outcome.iter().any(|want| want == class || status.is_some_and(|status| *want == status.to_string()));

    let nets = wanted("sourceIps");
    let address = event["source_ip"].as_str().and_then(address);
    let from = |net: &String| address.is_some_and(|address| network(net).contains(&address));
    let address = (nets.is_empty() || nets.iter().any(from)) && !wanted("notSourceIps").iter().any(from);

    // Log-ins, and IAM's calls before there is a principal, have a principal all the same: the user they are about.
    let user = (*kind == "authentication" || event["product_name"] == "iam").then(|| &event["resources"][0]);
    let user = user.filter(|user| user["type"] == "iam_user" || user["type"] == "account_user");
    let principal = event["principal"]["id"].as_str().or_else(|| user?["id"].as_str());
    let mut called: BTreeSet<String> = BTreeSet::new();
    if let Some(id) = principal {
        called.insert(id.to_owned());
        let users = organization.users.iter().filter(|user| user.id == id || user.account_root_user_id == id);
        called.extend(users.flat_map(|user| [user.email.to_lowercase(), user.username.to_lowercase()]));
        let applications = organization.applications.iter().filter(|app| app.id == id);
        called.extend(applications.map(|app| app.name.to_lowercase()));
        let own = user.filter(|user| user["id"] == id).and_then(|user| user["name"].as_str());
        called.extend(own.map(str::to_lowercase));
    }
    let who = wanted("principals");
    let who = who.is_empty() || who.iter().any(|who| called.contains(who) || called.contains(&who.to_lowercase()));
    listed && region && outcome && address && who
}

#[test]
fn answers_equal_the_models() {
    let world = World::new();
    let fields = &PLAIN[..11];
    world.check(fields, |scope| {
        let organization = world.engine.sandbox.organization();
        let meant = world.trail.iter().filter(|told| means(scope, organization, told));
        let meant: BTreeSet<String> = meant.map(|(.., event)| event["id"].as_str().unwrap().to_owned()).collect();
        compare(&ids(&world.answer(scope)), &meant)
    });
}

/// Ad-hoc filters as Grafana offers them, over columns that Scaleway can filter by and others.
fn ad_hoc(trail: &[Told]) -> impl Strategy<Value = Vec<(&'static str, &'static str, Vec<String>)>> + use<> {
    let columns = [
        ("product", "products"),
        ("service", "services"),
        ("method", "methods"),
        ("project", "projects"),
        ("source_ip", "sourceIps"),
        ("status", "status"),
        ("kind", "kinds"),
        ("resource_type", "resourceTypes"),
    ];
    let words: Vec<(&'static str, bool, Vec<String>)> = columns
        .into_iter()
        .map(|(column, field)| {
            let told: BTreeSet<String> =
                trail.iter().flat_map(|(kind, _, event)| texts_of(kind, event, field)).collect();
            let beside = if column == "source_ip" { "203.0.113.0/24" } else { "no such value" };
            let told = told.into_iter().filter(|text| column != "source_ip" || address(text).is_some());
            let none = [String::new(), "(none)".to_owned()];
            (column, NAMES.contains(&field), told.chain(none).chain([beside.to_owned()]).collect())
        })
        .collect();
    let operator = select(vec!["=", "!=", "=|", "!=|", "=~", "!~"]);
    let filter = (select(words), operator, any::<[Index; 3]>(), any::<u8>()).prop_map(
        |((column, is_name, words), operator, places, how)| {
            let count = if operator.ends_with('|') { 3 } else { 1 };
            let write = |word: &String| match &**word {
                "" | "(none)" => word.clone(),
                name if is_name && !operator.ends_with('~') => rewritten(name, usize::from(how)),
                _ => word.clone(),
            };
            (column, operator, places[..count].iter().map(|place| write(place.get(&words))).collect())
        },
    );
    prop::collection::vec(filter, 1..4)
}

#[test]
fn ad_hoc_filters_match_the_same_events_pushed_down_or_not() {
    let world = World::new();
    let everything = world.answer(&json!({}));
    let request = world.engine.ever();
    let cases = Cases { cases: 64, failure_persistence: None, max_shrink_iters: 100, ..Cases::default() };
    let property = |filters: Vec<(&'static str, &'static str, Vec<String>)>| {
        let written = filters.iter().map(|(key, operator, values)| match *operator {
            "=|" | "!=|" => json!({ "key": key, "operator": operator, "values": values }),
            "=~" | "!~" if values[0] != "(none)" => {
                json!({ "key": key, "operator": operator, "value": regex::escape(&values[0]) })
            }
            _ => json!({ "key": key, "operator": operator, "value": values[0] }),
        });
        let json = json!({ "queryType": "events", "filters": written.collect::<Vec<_>>() });
        let query = Query::parse(json.to_string().as_bytes(), "", &request, 50_000).unwrap();
        let answer = world.pushed_down(&json);
        let columns: Vec<_> = query.filters.iter().map(|filter| everything.keys(filter.key)).collect();
        let meant = (0..everything.events.len()).filter(|row| {
            filters.iter().zip(&columns).all(|((key, operator, values), column)| {
                let text = column.get(*row);
                let is = |value: &String| match (&**value, &text) {
                    // To a pattern, text that is absent is empty; what stands for it is no pattern.
                    ("" | "(none)", text) => text.is_none(),
                    (_, None) => false,
                    (value, Some(text)) if operator.ends_with('~') => value == *text,
                    (value, Some(text)) => match *key {
                        "product" | "service" | "method" | "resource_type" => is_named(value, text),
                        "source_ip" => address(text).is_some_and(|address| network(value).contains(&address)),
                        _ => value == *text,
                    },
                };
                values.iter().any(is) != operator.starts_with('!')
            })
        });
        compare(&ids(&answer), &meant.map(|row| everything.events.ids().value(row).to_owned()).collect())
    };
    TestRunner::new(cases).run(&ad_hoc(&world.trail), property).unwrap_or_else(|failed| panic!("{failed}"));
}

/// The filters of each call to `/events` of one region for a scope with an empty cache, sorted.
async fn filters(engine: &mut Engine, scope: Value) -> BTreeSet<String> {
    const FILTERS: [&str; 8] = [
        "product_name",
        "service_name",
        "method_name",
        "principal_id",
        "source_ip",
        "status",
        "project_id",
        "resource_type",
    ];
    engine.forget();
    engine.sandbox.reset();
    engine.ids(scope).await;
    let of = |asked: String| {
        let pairs = url::form_urlencoded::parse(asked.split_once('?')?.1.as_bytes());
        let pairs =
            pairs.filter(|(name, _)| FILTERS.contains(&name.as_ref())).map(|(name, value)| format!("{name}={value}"));
        Some(pairs.collect::<Vec<_>>().join(" "))
    };
    engine.asked("/fr-par/events?").into_iter().filter_map(of).collect()
}

fn set(filters: &[&str]) -> BTreeSet<String> {
    filters.iter().map(|filter| (*filter).to_owned()).collect()
}

async fn quiet() -> Engine {
    Engine::without_combined_list(100).await
}

#[tokio::test]
async fn exact_filters_are_pushed_down() {
    let mut engine = quiet().await;
    let terraform = engine.sandbox.organization().applications[0].clone();
    for (scope, expected) in [
        (json!({ "products": ["instance"] }), set(&["product_name=instance"])),
        (json!({ "services": ["scaleway.vpc.v2.Api"] }), set(&["service_name=scaleway.vpc.v2.Api"])),
        (json!({ "methods": ["CreateServer"] }), set(&["method_name=CreateServer"])),
        (json!({ "projects": ["p"] }), set(&["project_id=p"])),
        (json!({ "status": ["409"] }), set(&["status=409"])),
        (json!({ "status": ["denied"] }), set(&["status=401", "status=403"])),
        // In the spellings that the organization's product lists have.
        (json!({ "products": ["INSTANCE"] }), set(&["product_name=instance"])),
        (json!({ "services": ["Scaleway.VPC.v2.api"] }), set(&["service_name=scaleway.vpc.v2.Api"])),
        (json!({ "methods": ["createApiKey"] }), set(&["method_name=CreateAPIKey"])),
        (json!({ "methods": ["createip"] }), set(&["method_name=CreateIP", "method_name=CreateIp"])),
        (json!({ "resourceTypes": ["VPC_vpc"], "kinds": ["api"] }), set(&["resource_type=vpc_vpc"])),
        (json!({ "resourceTypes": ["vpc_vpc"], "kinds": ["api"] }), set(&["resource_type=vpc_vpc"])),
        (
            json!({ "products": ["instance"], "principals": [terraform.id.clone()] }),
            set(&[&format!("product_name=instance principal_id={}", terraform.id)]),
        ),
        // Session renewals name no principal: IAM's are read beside, and masked here.
        (json!({ "principals": ["Terraform"] }), set(&["product_name=iam", &format!("principal_id={}", terraform.id)])),
        (
            json!({ "products": ["iam", "vpc"], "status": ["404", "409"] }),
            set(&[
                "product_name=iam status=404",
                "product_name=iam status=409",
                "product_name=vpc status=404",
                "product_name=vpc status=409",
            ]),
        ),
    ] {
        assert_eq!(filters(&mut engine, scope.clone()).await, expected, "{scope}");
    }
}

#[tokio::test]
async fn a_rule_is_planned_with_lists_that_are_cached_and_waits_for_none() {
    // One of the regions does not exist.
    let faults = vec![Fault::NotFound.always().on(Endpoint::CombinedEvents)];
    let config = Config { events: 100, faults, ..Config::default() };
    let settings = json!({ "regions": ["fr-par", "nl-ams", "pl-waw", "it-mil"] });
    let engine = Engine::with(config, SECRET_KEY, &settings).await;
    let products = async || {
        engine.sandbox.reset();
        let scope = json!({ "kinds": ["api"], "products": ["INSTANCE"] });
        let query = json!({ "queryType": "counts", "over": "total", "scope": scope });
        let counted = engine.ask_as_rule(query).await.unwrap();
        let asked = engine.asked("/fr-par/events?");
        (engine::sum(&counted), !asked.is_empty() && asked.iter().all(|call| call.contains("product_name=instance")))
    };
    let (first, pushed_down) = products().await;
    assert!(first > 0 && !pushed_down);
    assert_eq!(products().await, (first, true));
}

#[tokio::test]
async fn inexact_filters_are_not_pushed_down() {
    let mut engine = quiet().await;
    for scope in [
        // Success is any 2xx and failure almost anything: no list of codes is complete.
        json!({ "kinds": ["api"], "status": ["succeeded"] }),
        json!({ "kinds": ["api"], "status": ["failed", "403"] }),
        json!({ "kinds": ["api"], "sourceIps": ["203.0.113.0/24"] }),
        json!({ "kinds": ["api"], "sourceIps": ["203.0.113.7", "203.0.114.0/24"] }),
        // An address has many spellings.
        json!({ "kinds": ["api"], "sourceIps": ["203.0.113.7"] }),
        json!({ "kinds": ["api"], "sourceIps": ["2001:db8::1"] }),
        // A name that no list has may be spelled in any way, and a pattern may stand for a new one.
        json!({ "kinds": ["api"], "methods": ["UpdateOrbit"] }),
        json!({ "kinds": ["api"], "methods": ["CreateServer", "UpdateOrbit"] }),
        json!({ "kinds": ["api"], "products": ["orbit"] }),
        json!({ "kinds": ["api"], "methods": ["CreateServ*"] }),
        json!({ "kinds": ["api"], "resourceTypes": ["holographic"] }),
        json!({ "kinds": ["api"], "resourceTypes": ["vpc_?pc"] }),
        json!({ "kinds": ["api"], "principals": ["nobody@example.com"] }),
        // Too many calls.
        json!({ "kinds": ["api"], "products": ["iam", "vpc", "ipam", "instance", "account"] }),
        json!({ "kinds": ["api"], "riskClasses": ["denied_actions"] }),
        json!({ "kinds": ["api"], "severities": ["high"] }),
        json!({ "kinds": ["api"], "text": "x" }),
        json!({ "kinds": ["api"], "notText": ["x"] }),
    ] {
        assert_eq!(filters(&mut engine, scope.clone()).await, set(&[""]), "{scope}");
    }
}

#[tokio::test]
async fn resource_ids_are_never_pushed_down() {
    // Its filter would hide children, and deletes whose id is only in their body.
    let engine = quiet().await;
    let id = "00000000-0000-4000-8000-000000000000".to_owned();
    engine.ids(json!({ "resourceIds": [id] })).await;
    assert!(!engine.looked_up().contains(&id));
}

#[tokio::test]
async fn lists_without_matching_events_are_not_fetched() {
    let mut engine = quiet().await;
    let lists = ["/events?", "/authentication-events?", "/system-events?"];
    for (scope, expected) in [
        (json!({ "kinds": ["system", "authentication"] }), [false, true, true]),
        (json!({ "products": ["rdb"] }), [true, false, true]),
        (json!({ "services": ["scaleway.rdb.v1"] }), [true, false, true]),
        (json!({ "projects": ["p"] }), [true, false, true]),
        (json!({ "principals": ["terraform"] }), [true, true, false]),
        (json!({ "sourceIps": ["203.0.113.7"] }), [true, true, false]),
        (json!({ "status": ["failed"] }), [true, true, false]),
        (json!({ "status": ["denied", "409"] }), [true, false, false]),
        (json!({ "kinds": ["authentication"], "products": ["iam"] }), [false; 3]),
    ] {
        engine.forget();
        engine.sandbox.reset();
        engine.ids(scope.clone()).await;
        assert_eq!(lists.map(|list| !engine.asked(list).is_empty()), expected, "{scope}");
    }
    engine.sandbox.set_faults([]);
    for scope in [json!({}), json!({ "resourceTypes": ["vpc_vpc"] })] {
        engine.forget();
        engine.sandbox.reset();
        engine.ids(scope.clone()).await;
        let asked = engine.asked("/audit-trail/");
        assert!(!asked.is_empty() && asked.iter().all(|call| call.contains("/combined-events?")), "{scope}: {asked:?}");
    }
}

#[tokio::test]
async fn the_region_of_global_products_is_fetched_where_it_may_have_matches() {
    let mut engine = quiet().await;
    for (scope, expected) in [
        (json!({ "regions": ["nl-ams"] }), true),
        (json!({ "regions": ["nl-ams"], "kinds": ["api"] }), true),
        (json!({ "regions": ["nl-ams"], "products": ["iam"] }), true),
        (json!({ "regions": ["nl-ams"], "kinds": ["api"], "products": ["instance"] }), false),
    ] {
        engine.forget();
        engine.sandbox.reset();
        engine.ids(scope.clone()).await;
        assert_eq!(!engine.asked("/fr-par/").is_empty(), expected, "{scope}");
        assert!(!engine.asked("/nl-ams/").is_empty(), "{scope}");
    }
}

#[tokio::test]
async fn a_value_that_is_given_twice_is_fetched_once() {
    let engine = quiet().await;
    engine.ids(json!({ "kinds": ["api"], "regions": ["nl-ams", "nl-ams"], "products": ["vpc", "vpc"] })).await;
    assert_eq!(engine.asked("/nl-ams/events?").len(), 1, "{:?}", engine.asked("/nl-ams/events?"));
}

#[tokio::test]
async fn the_query_inspector_shows_the_upstream_lists() {
    let engine = quiet().await;
    let frame =
        engine.ask(list(json!({ "regions": ["nl-ams"], "kinds": ["api"], "products": ["vpc"] }))).await.unwrap();
    assert_eq!(frame.meta.executed_query_string, "region nl-ams, api events, product vpc");
    assert_eq!(texts(&frame, "product").iter().filter(|product| *product != "vpc").count(), 0);
}
