use super::super::*;
use super::client::*;

#[tokio::test]
async fn paging_visits_every_event_once() {
    let sandbox = sandbox(1_200).await;
    // Ties, and more of them than fit on a page.
    let tied = r#"{"id":"tied-NN", "recorded_at":"2026-03-11T12:00:00.5Z", "resources":[]}"#;
    let tied = (0..25).map(|n| tied.replace("NN", &n.to_string()));
    sandbox.push("fr-par", Kind::Api, tied).expect("filed");
    for endpoint in [Endpoint::Events, Endpoint::CombinedEvents] {
        let inner = |event: Value| {
            event.as_object().filter(|e| e.len() == 1).and_then(|e| e.values().next().cloned()).unwrap_or(event)
        };
        let listed = async |query: String| -> Vec<Value> {
            all(&sandbox, "fr-par", endpoint, &query).await.into_iter().map(inner).collect()
        };
        let whole = listed(format!("{EVER}&page_size=100")).await;
        let unique: HashSet<_> = ids(&whole).into_iter().collect();
        assert_eq!(unique.len(), whole.len());
        assert!(whole.is_sorted_by_key(|event| std::cmp::Reverse(recorded_at(event))));
        for size in [7, 50, 99] {
            assert!(listed(format!("{EVER}&page_size={size}")).await == whole, "pages of {size}");
        }
        let mut rising = listed(format!("{EVER}&page_size=13&order_by=recorded_at_asc")).await;
        rising.reverse();
        assert!(rising == whole);
    }
    let all_regions: usize = {
        let mut sum = 0;
        for region in ["fr-par", "nl-ams", "pl-waw", "it-mil"] {
            sum += all(&sandbox, region, Endpoint::CombinedEvents, EVER).await.len();
        }
        sum
    };
    assert_eq!(all_regions, 1_200 + 25);
    assert_eq!(sandbox.events(), 1_225);
    sandbox.stop().await;
}

#[tokio::test]
async fn paging_is_steady_while_events_arrive() {
    let sandbox = sandbox(1_000).await;
    let before = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let mut seen = Vec::new();
    let mut token = String::new();
    for number in 0.. {
        let page = events(&sandbox, &format!("{EVER}&page_size=40&page_token={token}")).await;
        seen.extend(ids(&page.events()));
        let Some(next) = page.token() else { break };
        token = next;
        let at = sandbox.now().to_rfc3339();
        let fresh = format!(r#"{{"id":"fresh-{number}", "recorded_at":"{at}", "resources":[]}}"#);
        sandbox.push("fr-par", Kind::Api, [fresh]).expect("filed");
    }
    assert_eq!(seen, ids(&before));
    // A late event is found at its time.
    let late = r#"{"id":"late", "recorded_at":"2026-03-09T00:00:00Z", "resources":[]}"#;
    sandbox.push("fr-par", Kind::Api, [late]).expect("filed");
    let window = "recorded_after=2026-03-09T00:00:00Z&recorded_before=2026-03-09T00:00:01Z";
    assert!(ids(&all(&sandbox, "fr-par", Endpoint::Events, window).await).contains(&"late".to_owned()));
    sandbox.stop().await;
}

type Check<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

#[tokio::test]
async fn filters_are_exact_and_combine() {
    let sandbox = sandbox(4_000).await;
    let whole = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let organization = sandbox.organization().clone();
    let server = organization.resource("web-1").expect("a server").id.clone();
    let has = |event: &Value, key: &str, value: &str| {
        event["resources"].as_array().is_some_and(|list| list.iter().any(|resource| resource[key] == value))
    };
    let cases: Vec<(String, Check)> = vec![
        ("resource_type=unknown_type".to_owned(), Box::new(|_| true)),
        ("resource_type=load_balancer_backend".to_owned(), Box::new(|e| has(e, "type", "load_balancer_backend"))),
        // The second resource of an event counts as much as the first.
        (
            "resource_type=instance_volume&method_name=AttachServerVolume".to_owned(),
            Box::new(|e| e["method_name"] == "AttachServerVolume"),
        ),
        (format!("resource_id={server}"), Box::new(|e| has(e, "id", &server))),
        ("product_name=iam".to_owned(), Box::new(|e| e["product_name"] == "iam")),
        (
            "service_name=scaleway.iam.v1alpha1.Api".to_owned(),
            Box::new(|e| e["service_name"] == "scaleway.iam.v1alpha1.Api"),
        ),
        ("method_name=UpdateServer".to_owned(), Box::new(|e| e["method_name"] == "UpdateServer")),
        (
            format!("principal_id={}", organization.users[3].id),
            Box::new(|e| e["principal"]["id"] == organization.users[3].id.as_str()),
        ),
        ("source_ip=198.51.100.10".to_owned(), Box::new(|e| e["source_ip"] == "198.51.100.10")),
        ("status=403".to_owned(), Box::new(|e| e["status_code"] == 403)),
        (
            format!("project_id={}", organization.projects[1].id),
            Box::new(|e| e["project_id"] == organization.projects[1].id.as_str()),
        ),
        ("product_name=instance&status=202".to_owned(), Box::new(|e| e["status_code"] == 202)),
    ];
    for (filter, holds) in &cases {
        let found = all(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&{filter}")).await;
        let expected: Vec<Value> = whole.iter().filter(|event| holds(event)).cloned().collect();
        assert!(!expected.is_empty(), "{filter} finds nothing");
        assert!(found == expected, "{filter}: {} instead of {}", found.len(), expected.len());
    }
    // Endpoints ignore parameters that they do not have.
    let combined =
        all(&sandbox, "fr-par", Endpoint::CombinedEvents, &format!("{EVER}&method_name=Nothing&status=404")).await;
    assert!(combined.len() > whole.len());
    let of_project = format!("{EVER}&project_id={}&resource_type=instance_server", organization.projects[1].id);
    let combined = all(&sandbox, "fr-par", Endpoint::CombinedEvents, &of_project).await;
    assert!(
        combined.iter().any(|event| event.get("api").is_some())
            && combined.iter().all(|event| event.get("auth").is_none())
    );
    let logins =
        all(&sandbox, "fr-par", Endpoint::AuthenticationEvents, &format!("{EVER}&project_id=none&status=500")).await;
    assert!(logins.iter().all(|event| event["method"].is_string()) && logins.len() > 100);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_default_window_is_an_hour() {
    let sandbox = sandbox(20_000).await;
    let hour = all(&sandbox, "fr-par", Endpoint::Events, "").await;
    let present = sandbox.now();
    assert!(!hour.is_empty());
    assert!(hour.iter().all(|event| recorded_at(event) > now() - TimeDelta::hours(1) && recorded_at(event) <= present));
    // Both ends belong to the window, to the nanosecond.
    let at = hour[hour.len() / 2]["recorded_at"].as_str().expect("text").to_owned();
    let found = events(
        &sandbox,
        &format!("recorded_after={at}&recorded_before=2026-03-12T16:00:00Z&order_by=recorded_at_asc&page_size=1"),
    )
    .await;
    assert_eq!(found.events()[0]["recorded_at"], at.as_str());
    let found = events(&sandbox, &format!("{EVER}&recorded_before={at}&page_size=1")).await;
    assert_eq!(found.events()[0]["recorded_at"], at.as_str());
    for (query, argument, reason) in [
        (format!("recorded_after={at}&recorded_before={at}"), "recorded_before", "constraint"),
        ("recorded_after=yesterday".to_owned(), "recorded_after", "format"),
        ("page_size=0".to_owned(), "page_size", "constraint"),
        ("page_size=101".to_owned(), "page_size", "constraint"),
        ("page_size=many".to_owned(), "page_size", "format"),
        ("order_by=name_asc".to_owned(), "order_by", "constraint"),
        ("status=ok".to_owned(), "status", "format"),
        ("page_token=00".to_owned(), "page_token", "format"),
    ] {
        let refused = events(&sandbox, &query).await;
        assert_eq!(refused.status, 400, "{query}");
        let prefix = format!(
            r#"{{"type":"invalid_arguments","message":"invalid argument(s)","details":[{{"argument_name":"{argument}","reason":"{reason}","#
        );
        assert!(refused.text().starts_with(&prefix), "{query}: {}", refused.text());
    }
    // A token belongs to its list.
    let token = events(&sandbox, EVER).await.token().expect("more");
    assert_eq!(events(&sandbox, &format!("{EVER}&status=403&page_token={token}")).await.status, 400);
    assert_eq!(list(&sandbox, "nl-ams", Endpoint::Events, &format!("page_token={token}")).await.status, 400);
    sandbox.stop().await;
}

#[tokio::test]
async fn events_are_retained_for_ninety_days() {
    let sandbox = start(Config { span: DAY * 120, ..week(3_000) }).await.expect("a sandbox");
    let trail = all(&sandbox, "fr-par", Endpoint::Events, EVER).await;
    let oldest = trail.iter().map(recorded_at).min().expect("events");
    assert!(oldest >= now() - TimeDelta::days(90) && oldest < now() - TimeDelta::days(88), "{oldest}");
    sandbox.stop().await;
}
