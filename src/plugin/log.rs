//! Logging as go-plugin reads it: one JSON object per line on stderr.
//!
//! Only this crate's own events are written, at any level: the log lines of libraries about requests can contain secrets.

use std::fmt::Write as _;
use std::io::Write as _;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::query::text;

/// The most fields of a line: go-plugin splits lines beyond 64 KiB and loses their meaning.
const MOST_FIELDS: usize = 20;

/// The names of levels, as Grafana writes them in any case.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("trace", LevelFilter::TRACE),
    ("debug", LevelFilter::DEBUG),
    ("info", LevelFilter::INFO),
    ("warn", LevelFilter::WARN),
    ("error", LevelFilter::ERROR),
    ("off", LevelFilter::OFF),
];

/// Starts logging at the level named by `GF_PLUGIN_LOG_LEVEL`; at `info` where it names none.
pub(super) fn start() {
    let named = std::env::var("GF_PLUGIN_LOG_LEVEL").unwrap_or_default();
    let known = LEVELS.into_iter().find(|(name, _)| named.trim().eq_ignore_ascii_case(name));
    let level = known.map_or(LevelFilter::INFO, |(_, level)| level);
    let subscriber = tracing_subscriber::registry().with(Lines.with_filter(Own(level)));
    // A second start, as in tests, changes nothing.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // The panic's own words may quote what it choked on.
        tracing::error!(place, "a panic, which is a fault of this plugin; the query that caused it gets an error");
    }));
    if known.is_none() && !named.trim().is_empty() {
        let allowed = LEVELS.map(|(name, _)| name).join(", ");
        tracing::warn!("GF_PLUGIN_LOG_LEVEL is {named:?}. Allowed: {allowed}; info is used");
    }
}

struct Own(LevelFilter);

impl<S> tracing_subscriber::layer::Filter<S> for Own {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: &Context<'_, S>) -> bool {
        *metadata.level() <= self.0 && metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0)
    }
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = line(event);
        // Without stderr there is nowhere to report the error.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let mut values = Values(Map::new());
    values.put("@level", level.into());
    values.put("@timestamp", Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true).into());
    values.put("@module", metadata.target().into());
    event.record(&mut values);
    values.0.entry("@message").or_insert_with(|| "".into());
    let mut line = Value::Object(values.0).to_string();
    line.push('\n');
    line
}

struct Values(Map<String, Value>);

impl Values {
    fn put(&mut self, name: &str, value: Value) {
        if self.0.len() < MOST_FIELDS {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// A value as a person may read it in a terminal: headers and errors quote other people's text.
fn shown(text: &str) -> Value {
    text::message(text).into()
}

impl Visit for Values {
    fn record_str(&mut self, field: &Field, text: &str) {
        self.put(if field.name() == "message" { "@message" } else { field.name() }, shown(text));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}
