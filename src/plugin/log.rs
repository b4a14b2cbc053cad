//! Logging in go-plugin's format: one JSON object per line on stderr.
//!
//! Only this crate's events are written, at any level: lines of libraries about requests can contain secrets.

use std::io::Write as _;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::query::text;

/// Starts logging at the level in `GF_PLUGIN_LOG_LEVEL`, or at `info` if the variable has none.
pub(super) fn start() {
    let named = std::env::var("GF_PLUGIN_LOG_LEVEL").unwrap_or_default();
    let level = if named.trim().is_empty() { Ok(LevelFilter::INFO) } else { named.trim().parse() };
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), *level.as_ref().unwrap_or(&LevelFilter::INFO));
    let subscriber = tracing_subscriber::registry().with(Lines.with_filter(own));
    // A second start, as in tests, changes nothing.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        // Without the panic's message, which may quote secret data.
        tracing::error!(
            place = location,
            "a panic, which is a fault of this plugin; the query that caused it gets an error"
        );
    }));
    if level.is_err() {
        tracing::warn!("GF_PLUGIN_LOG_LEVEL is {named:?}. Allowed: trace, debug, info, warn, error, off; info is used");
    }
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = line(event);
        // Without stderr the error cannot be reported.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let mut values = Values(Map::new());
    values.put("@level", metadata.level().as_str().to_ascii_lowercase());
    values.put("@timestamp", Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true));
    values.put("@module", metadata.target());
    event.record(&mut values);
    Value::Object(values.0).to_string() + "\n"
}

struct Values(Map<String, Value>);

impl Values {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Values {
    /// A text without hidden characters, since headers and errors quote foreign text.
    fn record_str(&mut self, field: &Field, text: &str) {
        self.put(if field.name() == "message" { "@message" } else { field.name() }, text::message(text));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
