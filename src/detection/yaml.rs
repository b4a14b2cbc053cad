//! The documents of a file, as trees whose nodes know their lines. Their size is bounded.

use std::borrow::Cow;
use std::fmt::Write as _;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::bounds::{DEPTH, FILE_BYTES, KEY_BYTES, NODES};
use super::error::{bounded, quoted};

/// The most characters of a message of the YAML parser.
const PARSER_MESSAGE: usize = 120;

/// A fault of a document: the line, from 1, and the text of the error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: Option<u32>,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn at(line: u32, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }
}

/// A document of a file.
#[derive(Debug)]
pub(super) struct Document {
    /// The first line, from 1.
    pub(super) line: u32,
    /// The text between the lines of dashes.
    pub(super) text: String,
    pub(super) root: Node,
}

/// A value, and the line where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) value: Value,
}

/// A value of YAML's core schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map, with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The line of the key.
    pub(super) line: u32,
    pub(super) node: Node,
}

/// The documents of a file, without empty ones.
///
/// # Errors
/// When the file is too large or too deep, is not YAML, or has anchors, tags or a key twice.
pub(super) fn documents(text: &str) -> Result<Vec<Document>, Fault> {
    if text.len() > FILE_BYTES {
        let message = format!("the file has {} bytes; at most {FILE_BYTES} are possible", text.len());
        return Err(Fault { line: None, message });
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let info = bounded(error.info(), PARSER_MESSAGE);
            Fault::at(line_of(error.marker().line()), format!("this is not YAML: {info}"))
        })?;
        builder.add(event, span)?;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let starts: Vec<usize> = builder.starts.clone();
    let mut documents = Vec::new();
    for (index, root) in builder.roots {
        // The first document may begin without a line of dashes; comments before it belong to it.
        let start = if index == 0 && !builder.explicit[0] { 0 } else { starts[index] };
        let end = starts.get(index + 1).map_or(lines.len(), |next| next - 1).max(start);
        let text = lines[start.min(lines.len())..end.min(lines.len())].concat();
        documents.push(Document { line: line_of(start + 1), text, root });
    }
    Ok(documents)
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Builds trees of events, without recursion.
#[derive(Default)]
struct Builder {
    /// The open lists and maps; of a map, also the key whose value is next.
    open: Vec<(Node, Option<(String, u32)>)>,
    nodes: usize,
    /// The documents that are not empty, by their numbers.
    roots: Vec<(usize, Node)>,
    /// For each document the number of lines before its first one, and whether a line of dashes begins it.
    starts: Vec<usize>,
    explicit: Vec<bool>,
}

impl Builder {
    fn add(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let line = line_of(span.start.line());
        match event {
            Event::DocumentStart(explicit) => {
                self.starts.push(span.start.line().saturating_sub(usize::from(!explicit)));
                self.explicit.push(explicit);
            }
            Event::Alias(_) => return Err(Fault::at(line, "aliases are not supported; repeat the value")),
            Event::Scalar(text, style, anchor, tag) => {
                plain(line, anchor, tag.is_some())?;
                self.scalar(line, text, style)?;
            }
            Event::SequenceStart(anchor, tag) => {
                plain(line, anchor, tag.is_some())?;
                self.open(line, Value::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                plain(line, anchor, tag.is_some())?;
                self.open(line, Value::Map(Vec::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, _) = self.open.pop().expect("the parser ends what it began");
                self.close(node)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, line: u32, value: Value) -> Result<(), Fault> {
        if self.awaits_key() {
            return Err(Fault::at(line, "a key is a list or a map; it must be a text"));
        }
        if self.open.len() == DEPTH {
            return Err(Fault::at(line, format!("lists and maps are nested deeper than {DEPTH} levels")));
        }
        self.open.push((Node { line, value }, None));
        Ok(())
    }

    /// Whether the innermost open value is a map whose next value is a key.
    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some((Node { value: Value::Map(_), .. }, None)))
    }

    fn scalar(&mut self, line: u32, text: Cow<'_, str>, style: ScalarStyle) -> Result<(), Fault> {
        if !self.awaits_key() {
            let value = if style == ScalarStyle::Plain { of_plain(&text) } else { Value::Text(text.into_owned()) };
            return self.close(Node { line, value });
        }
        if text.len() > KEY_BYTES {
            let message =
                format!("the key {} has {} bytes; at most {KEY_BYTES} are possible", quoted(&text), text.len());
            return Err(Fault::at(line, message));
        }
        let (map, next) = self.open.last_mut().expect("an open map awaits the key");
        if let Value::Map(entries) = &map.value
            && let Some(first) = entries.iter().find(|entry| entry.key == text)
        {
            let message = format!("the key {} is there twice; the first one is in line {}", quoted(&text), first.line);
            return Err(Fault::at(line, message));
        }
        *next = Some((text.into_owned(), line));
        Ok(())
    }

    fn close(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(Fault::at(node.line, format!("the file has more than {NODES} values")));
        }
        let Some((parent, key)) = self.open.last_mut() else {
            if node.value != Value::Null {
                self.roots.push((self.starts.len().saturating_sub(1), node));
            }
            return Ok(());
        };
        match &mut parent.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => {
                let (key, line) = key.take().expect("a value follows its key");
                entries.push(Entry { key, line, node });
            }
            _ => unreachable!("only lists and maps are open"),
        }
        Ok(())
    }
}

/// Refuses anchors, which an alias would multiply, and tags, which change a value's type.
fn plain(line: u32, anchor: usize, has_tag: bool) -> Result<(), Fault> {
    match (anchor, has_tag) {
        (0, false) => Ok(()),
        (0, true) => Err(Fault::at(line, "tags are not supported; put a text in quotation marks")),
        _ => Err(Fault::at(line, "anchors are not supported; repeat the value")),
    }
}

/// The value of a text without quotation marks, as `yaml_serde` reads it, which reads rules for `rsigma`.
fn of_plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Some(value) = whole(text) {
        return value;
    }
    let number = text.strip_prefix('+').filter(|rest| !rest.starts_with(['+', '-'])).unwrap_or(text);
    match number.parse::<f64>() {
        Ok(float) if float.is_finite() && !has_leading_zero(text) => Value::Float(float),
        _ => Value::Text(text.to_owned()),
    }
}

/// A whole number, decimal or with `0x`, `0o` or `0b`. One beyond 64 bits is a float.
fn whole(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let (digits, radix) = prefixes
        .into_iter()
        .find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, radix)))
        .unwrap_or((digits, 10));
    if digits.starts_with(['+', '-']) || (radix == 10 && has_leading_zero(text)) {
        return None;
    }
    let signed = format!("{sign}{digits}");
    if let Ok(number) = i64::from_str_radix(&signed, radix) {
        return Some(Value::Int(number));
    }
    #[expect(clippy::cast_precision_loss, reason = "a number beyond 64 bits has no other type")]
    let float = i128::from_str_radix(&signed, radix).ok()? as f64;
    Some(Value::Float(float))
}

/// Whether digits begin with a zero that is not all of them: such a text is no number.
fn has_leading_zero(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

impl Node {
    /// The value as YAML in one line, which reads back as the same value, whatever characters it has.
    pub(super) fn write(&self, yaml: &mut String) {
        match &self.value {
            Value::Null => yaml.push_str("null"),
            Value::Bool(value) => yaml.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) => write!(yaml, "{number}").expect("a text takes all"),
            // With a point or an exponent, so that it stays a float.
            Value::Float(number) => write!(yaml, "{number:?}").expect("a text takes all"),
            Value::Text(text) => write_text(text, yaml),
            Value::List(items) => {
                yaml.push('[');
                for (index, item) in items.iter().enumerate() {
                    yaml.push_str(if index > 0 { ", " } else { "" });
                    item.write(yaml);
                }
                yaml.push(']');
            }
            Value::Map(entries) => {
                yaml.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    yaml.push_str(if index > 0 { ", " } else { "" });
                    write_text(&entry.key, yaml);
                    yaml.push_str(": ");
                    entry.node.write(yaml);
                }
                yaml.push('}');
            }
        }
    }
}

/// A text in quotation marks, of printable ASCII.
pub(super) fn write_text(text: &str, yaml: &mut String) {
    yaml.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => yaml.extend(['\\', c]),
            ' '..='~' => yaml.push(c),
            _ => write!(yaml, "\\U{:08x}", u32::from(c)).expect("a text takes all"),
        }
    }
    yaml.push('"');
}
