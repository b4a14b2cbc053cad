use super::super::*;
use super::client::*;
use clap::ValueEnum;

#[tokio::test]
async fn token_faults_change_the_last_page() {
    let none = format!("{EVER}&method_name=Nothing");
    let sandbox = with(1_000, "empty-token").await;
    assert_eq!(events(&sandbox, &none).await.text(), r#"{"events":[], "next_page_token":""}"#);
    sandbox.set_faults([Fault::NullToken.always()]);
    assert_eq!(events(&sandbox, &none).await.text(), r#"{"events":[], "next_page_token":null}"#);
    assert!(events(&sandbox, &format!("{EVER}&page_size=2")).await.token().is_some());
    sandbox.set_faults([Fault::RepeatingToken.always()]);
    let first = events(&sandbox, EVER).await;
    let second = events(&sandbox, &format!("{EVER}&page_token={}", first.token().expect("a token"))).await;
    let third = events(&sandbox, &format!("{EVER}&page_token={}", second.token().expect("a token"))).await;
    assert_eq!(first.token(), third.token());
    assert_ne!(ids(&first.events()), ids(&second.events()));
    assert_eq!(second.body, third.body);
    let last = events(&sandbox, &format!("{EVER}&method_name=CreateJWT")).await;
    assert!(last.token().is_some() && last.events().len() < 100);
    sandbox.stop().await;
}

#[tokio::test]
async fn duplicate_faults_repeat_events() {
    let sandbox = sandbox(2_000).await;
    let clean = ids(&all(&sandbox, "fr-par", Endpoint::Events, EVER).await);
    sandbox.set_faults([Fault::DuplicateAcrossPages.always()]);
    for order in ["recorded_at_desc", "recorded_at_asc"] {
        let pages = pages(&sandbox, "fr-par", Endpoint::Events, &format!("{EVER}&order_by={order}")).await;
        let pages: Vec<_> = pages.iter().map(|page| ids(&page.events())).collect();
        assert!(pages.windows(2).all(|two| two[0].last() == two[1].first()));
        let unique: HashSet<_> = pages.iter().flatten().collect();
        assert_eq!(unique.len(), clean.len());
    }
    sandbox.set_faults([Fault::DuplicateAcrossRegions.always()]);
    let other = all(&sandbox, "nl-ams", Endpoint::Events, EVER).await;
    assert!(other.is_sorted_by_key(|event| std::cmp::Reverse(recorded_at(event))));
    assert_eq!(ids(&other).iter().filter(|id| clean.contains(id)).count(), 1);
    let nothing = all(&sandbox, "it-mil", Endpoint::Events, EVER).await;
    assert_eq!(nothing.len(), 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn event_faults_corrupt_one_event_of_a_page() {
    let sandbox = sandbox(2_000).await;
    let query = format!("{EVER}&product_name=instance&status=200&page_size=3");
    let spoilt = async |fault: Fault| {
        sandbox.set_faults([fault.always()]);
        events(&sandbox, &query).await
    };
    let clean = events(&sandbox, &query).await.events();
    let first = async |fault| {
        let events = spoilt(fault).await.events();
        assert_eq!(events[1..3], clean[1..3], "{fault}: only the first event is spoilt");
        events[0].clone()
    };
    assert_eq!(first(Fault::UnknownEnum).await["resources"][0]["type"], "holographic");
    assert!(first(Fault::UnknownField).await["from_the_future"].is_object());
    assert_eq!(first(Fault::WrongType).await["status_code"], "200");
    let without = |key: &str| {
        let mut event = clean[0].clone();
        event.as_object_mut().expect("an object").remove(key);
        event
    };
    assert_eq!(first(Fault::MissingId).await, without("id"));
    assert_eq!(first(Fault::MissingTime).await, without("recorded_at"));
    assert_eq!(first(Fault::MalformedTime).await["recorded_at"], "yesterday, around noon");
    let huge = spoilt(Fault::HugeBody).await;
    assert!(huge.body.len() > 10 << 20 && huge.is_whole());
    assert_eq!(huge.events()[0]["request_body"]["padding"].as_str().map(str::len), Some(10 << 20));
    let broken = spoilt(Fault::InvalidUtf8).await;
    assert!(String::from_utf8(broken.body.clone()).is_err());
    assert!(serde_json::from_str::<Value>(&broken.text()).is_ok(), "but it is JSON otherwise");
    let mixed = spoilt(Fault::Unsorted).await.events();
    assert_eq!(mixed, [clean[2].clone(), clean[1].clone(), clean[0].clone()]);
    let stray = spoilt(Fault::OutOfWindow).await.events();
    assert_eq!(stray[..3], clean);
    assert!(recorded_at(&stray[3]) < now() - TimeDelta::days(89) && stray[3]["id"] != stray[2]["id"]);
    // The other kinds can be spoilt too, alone and wrapped.
    for fault in [
        Fault::UnknownEnum,
        Fault::UnknownField,
        Fault::WrongType,
        Fault::MissingId,
        Fault::MalformedTime,
        Fault::HugeBody,
    ] {
        for endpoint in [Endpoint::AuthenticationEvents, Endpoint::SystemEvents, Endpoint::CombinedEvents] {
            sandbox.set_faults([]);
            let clean = list(&sandbox, "fr-par", endpoint, &format!("{EVER}&page_size=3")).await.events();
            sandbox.set_faults([fault.always()]);
            let spoilt = list(&sandbox, "fr-par", endpoint, &format!("{EVER}&page_size=3")).await.events();
            assert!(spoilt[0] != clean[0] && spoilt[1..] == clean[1..], "{fault} on {endpoint}");
        }
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn answer_faults_replace_the_answer() {
    let sandbox = sandbox(2_000).await;
    let answer = async |fault: Fault| {
        sandbox.set_faults([fault.always()]);
        events(&sandbox, EVER).await
    };
    let cut = answer(Fault::TruncatedJson).await;
    assert!(cut.is_whole() && cut.status == 200 && serde_json::from_slice::<Value>(&cut.body).is_err());
    let html = answer(Fault::HtmlPage).await;
    assert!(
        html.status == 200
            && html.headers["content-type"].starts_with("text/html")
            && html.text().starts_with("<!DOCTYPE")
    );
    let disguised = answer(Fault::HtmlAsJson).await;
    assert!(disguised.headers["content-type"] == "application/json" && disguised.text().starts_with("<!DOCTYPE"));
    for (fault, status) in
        [(Fault::InternalError, 500), (Fault::BadGateway, 502), (Fault::Unavailable, 503), (Fault::NotFound, 404)]
    {
        let answer = answer(fault).await;
        assert!(answer.status == status && answer.json()["message"].is_string());
    }
    let refused = answer(Fault::TooManyRequests).await;
    assert!(refused.status == 429 && refused.body.is_empty() && !refused.headers.contains_key("retry-after"));
    assert_eq!(answer(Fault::RetryAfter).await.headers["retry-after"], "1");
    let torn = answer(Fault::ConnectionReset).await;
    assert!(torn.status == 200 && !torn.is_whole() && !torn.body.is_empty());
    sandbox.set_faults([Fault::SmallPages.always()]);
    let refused = events(&sandbox, "page_size=51").await;
    assert_eq!((refused.status, &refused.json()["details"][0]["argument_name"]), (400, &"page_size".into()));
    assert_eq!(events(&sandbox, &format!("{EVER}&page_size=50")).await.events().len(), 50);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_stalled_answer_goes_on_after_the_stall() {
    let faults = vec![Fault::Stall.first(1)];
    let sandbox = start(Config { faults, stall: Duration::from_millis(500), ..week(2_000) }).await.expect("a sandbox");
    let begun = Instant::now();
    let slow = events(&sandbox, EVER).await;
    assert!(slow.is_whole() && slow.json().is_object() && begun.elapsed() >= Duration::from_millis(500));
    let begun = Instant::now();
    events(&sandbox, EVER).await;
    assert!(begun.elapsed() < Duration::from_millis(500));
    sandbox.stop().await;
}

#[tokio::test]
async fn plans_affect_matching_calls_only() {
    let sandbox = with(0, "unavailable:region=nl-ams").await;
    let status = async |region: &str, endpoint| list(&sandbox, region, endpoint, "").await.status;
    assert_eq!((status("fr-par", Endpoint::Events).await, status("nl-ams", Endpoint::Events).await), (200, 503));
    sandbox.set_faults([Fault::BadGateway.always().on(Endpoint::Products)]);
    assert_eq!((status("fr-par", Endpoint::Events).await, status("fr-par", Endpoint::Products).await), (200, 502));
    sandbox.set_faults([Fault::InternalError.every(3), Fault::TooManyRequests.first(1)]);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(status("fr-par", Endpoint::Events).await);
    }
    assert_eq!(statuses, [429, 200, 500, 200, 200, 500]);
    sandbox.reset();
    assert_eq!(status("fr-par", Endpoint::Events).await, 429);
    sandbox.stop().await;
}

#[test]
fn plans_round_trip_as_text() {
    for &fault in Fault::value_variants() {
        assert_eq!(<Fault as ValueEnum>::from_str(&fault.to_string(), false), Ok(fault));
        let plan = fault.every(2).in_region("nl-ams").on(Endpoint::CombinedEvents);
        assert_eq!(plan.to_string().parse(), Ok(plan));
    }
    for wrong in [
        "",
        "gremlins",
        "stall:often",
        "stall:every=0",
        "stall:endpoint=nowhere",
        "stall:day=monday",
        "stall:region=mars",
        "stall:region=fr-par-1",
        "stall:region=",
    ] {
        assert!(wrong.parse::<FaultPlan>().is_err(), "{wrong}");
    }
    let why = "stall:every=0".parse::<FaultPlan>().err().map(|error| error.to_string());
    assert_eq!(why.as_deref(), Some("`stall:every=0`: a count is a number above zero"));
    let why = "stall:region=mars".parse::<FaultPlan>().err().map(|error| error.to_string());
    let expected = format!("`stall:region=mars`: the regions are {}", crate::settings::REGIONS.join(", "));
    assert_eq!(why, Some(expected));
}
