use crate::event::{Decoder, Events, Kind, List};

impl Events {
    /// Events from the API's JSON, for tests. Missing fields are filled in: an id from the position, and one second each.
    pub(crate) fn from_json(kind: Kind, items: &[serde_json::Value]) -> Self {
        let mut decoder = Decoder::new("fr-par");
        let events: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(position, fields)| {
                let seconds = 1 + i64::try_from(position).unwrap();
                let time = chrono::DateTime::from_timestamp_nanos(1_000_000_000 * seconds);
                let mut event = serde_json::json!({ "id": format!("event-{position:03}"), "recorded_at": time });
                for (name, value) in fields.as_object().unwrap() {
                    event[name] = value.clone();
                }
                event
            })
            .collect();
        let page = serde_json::json!({ "events": events }).to_string();
        assert_eq!(decoder.page(List::Of(kind), page).unwrap().malformed, [""; 0]);
        decoder.finish().unwrap()
    }
}
