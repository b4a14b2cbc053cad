//! Answers in French: the same events, numbers and ids, in other words; rules and errors are in English.
#![cfg(feature = "terminal")]

mod engine;

use audittrail::sandbox::{Config, Fault, Kind, SECRET_KEY};
use engine::{Engine, ask, rule, texts};
use serde_json::{Value, json};

/// An organization with a refused call, a failed log-in and a region that does not answer.
async fn organization() -> Engine {
    let faults = vec![Fault::Unavailable.always().in_region("nl-ams")];
    let patient = json!({ "callTimeoutSeconds": 1, "queryTimeoutSeconds": 8 });
    let engine = Engine::with(Config { events: 0, faults, ..Config::default() }, SECRET_KEY, &patient).await;
    engine.push("fr-par", Kind::Api, 3_600, json!({ "method_name": "DeleteVPC", "status_code": 403 }));
    let user = json!([{ "id": "u", "type": "iam_user", "name": "a@example.com" }]);
    let failed = json!({ "result": "failure", "failure_reason": "invalid_mfa", "resources": user });
    engine.push("fr-par", Kind::Authentication, 1_800, failed);
    engine
}

fn in_french(query: &Value) -> Value {
    let mut query = query.clone();
    query["language"] = json!("fr-FR");
    query
}

#[tokio::test]
async fn annotations_and_notices_are_in_the_language_of_the_query() {
    let engine = organization().await;
    let query = json!({ "queryType": "annotations" });
    let (english, french) = (engine.ask(query.clone()).await.unwrap(), engine.ask(in_french(&query)).await.unwrap());
    for column in ["id", "newState"] {
        assert_eq!(texts(&english, column), texts(&french, column));
    }
    let tags = [&english, &french].map(|frame| texts(frame, "tags"));
    assert_eq!(tags[0], tags[1], "filters are stored by tags");
    assert_eq!((tags[0].len(), &*tags[0][0]), (3, "incomplete,nl-ams"));
    let [english, french] = [english, french].map(|frame| {
        let notices: Vec<String> = frame.meta.notices.iter().map(|notice| notice.text.clone()).collect();
        (texts(&frame, "title"), texts(&frame, "text"), notices)
    });
    assert_eq!(english.0[0], "Incomplete: region nl-ams did not answer");
    assert_eq!(french.0[0], "Incomplet : pas de réponse (région nl-ams)");
    assert!(english.0[1].ends_with(" DeleteVPC (403 denied)"), "{english:?}");
    assert!(french.0[1].ends_with(" DeleteVPC (403 refusé)"), "{french:?}");
    let log_in = "a@example.com n’a pas pu se connecter avec password à cause de invalid_mfa";
    assert_eq!(french.0[2], log_in);
    assert!(french.1[2].starts_with("depuis 203.0.113.7<br/>risque "), "{french:?}");
    assert!(french.1[2].contains("<summary>Détails</summary>"), "{french:?}");
    assert!(english.2.iter().any(|notice| notice.starts_with("region nl-ams, ")), "{english:?}");
    assert!(french.2.iter().any(|notice| notice.starts_with("région nl-ams, événements ")), "{french:?}");
    assert_eq!(english.2.len(), french.2.len());
}

#[tokio::test]
async fn a_limit_is_in_the_language_of_the_query_and_an_error_is_not() {
    let engine = organization().await;
    let query = in_french(&json!({ "queryType": "events", "format": "table", "limit": 1 }));
    let frame = engine.ask(query.clone()).await.unwrap();
    let limit = "le 1 événement le plus récent sur 2 est affiché (limit)";
    assert!(frame.meta.notices.iter().any(|notice| notice.text == limit), "{:?}", frame.meta.notices);
    let failure = engine.ask(in_french(&json!({ "over": "weeks", "queryType": "counts" }))).await.unwrap_err();
    assert_eq!(failure.message, "over is \"weeks\". Allowed: time, total");
    let request = rule(engine.ever());
    let failure = ask(&engine.data_source, &query, &request).await.unwrap_err();
    assert!(failure.message.starts_with("the answer would be incomplete, and an alert rule needs all of it: region"));
}
