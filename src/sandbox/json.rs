//! JSON in the API's style: `", "` between members and between elements, nothing after `:`.

use std::io::{self, Write};

use bytes::Bytes;
use serde::ser::{Error, Serialize};
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

/// A text of JSON.
#[derive(Debug, Default)]
pub(super) struct Json(pub(super) String);

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.begin_array_value(writer, first)
    }
}

/// A value in the API's style.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    value.serialize(&mut Serializer::with_formatter(&mut out, Spaced)).expect("events are JSON");
    out
}

/// An answer that lists entries, with the members that follow the list.
pub(super) fn list(name: &str, entries: &[Vec<u8>], members: &str) -> Bytes {
    let entries = entries.join(&b", "[..]);
    [format!("{{\"{name}\":[").as_bytes(), &entries, format!("]{members}}}").as_bytes()].concat().into()
}

/// A text escaped for a JSON string, without the quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut json = serde_json::to_string(text).expect("a text is JSON");
    json.pop();
    json.remove(0);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_json() {
        for text in ["plain", "say \"hi\" \\", "two\nlines\tand \u{7}", "🚀 \u{202e}"] {
            let json = format!("\"{}\"", escaped(text));
            assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), Some(text));
        }
    }
}
