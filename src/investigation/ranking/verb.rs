//! What the name and the request of an action say about it, where no table does.

use serde_json::Value;

use super::super::spans::Direction;

/// What the first word of a method's name says it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It makes, adds or starts something.
    Makes,
    /// It removes or stops something.
    Removes,
    /// It reads, and changes nothing.
    Reads,
    /// Something else.
    Acts,
}

const VERBS: [(Verb, &[&str]); 3] = [
    (
        Verb::Reads,
        &[
            "access", "check", "count", "describe", "download", "fetch", "get", "list", "read", "search", "validate",
            "watch",
        ],
    ),
    (
        Verb::Makes,
        &[
            "add",
            "allocate",
            "attach",
            "batch",
            "book",
            "clone",
            "create",
            "enable",
            "expand",
            "grant",
            "grow",
            "import",
            "install",
            "provision",
            "resume",
            "start",
            "undrain",
        ],
    ),
    (
        Verb::Removes,
        &[
            "close",
            "cordon",
            "delete",
            "destroy",
            "detach",
            "disable",
            "drain",
            "evict",
            "lock",
            "pause",
            "purge",
            "release",
            "remove",
            "revoke",
            "shrink",
            "stop",
            "suspend",
            "terminate",
            "throttle",
        ],
    ),
];

impl Verb {
    /// The verb of a method, by the word that its name begins with.
    ///
    /// ```
    /// use audittrail::investigation::Verb;
    ///
    /// assert_eq!(Verb::of("ListServers"), Verb::Reads);
    /// assert_eq!(Verb::of("DrainBackend"), Verb::Removes);
    /// assert_eq!(Verb::of("EntangleQubits"), Verb::Acts);
    /// ```
    #[must_use]
    pub fn of(method: &str) -> Self {
        let word: String = method
            .chars()
            .enumerate()
            .take_while(|(index, letter)| letter.is_ascii_alphabetic() && (*index == 0 || letter.is_ascii_lowercase()))
            .map(|(_, letter)| letter.to_ascii_lowercase())
            .collect();
        let known = VERBS.iter().find(|(_, words)| words.contains(&&*word));
        known.map_or(Self::Acts, |(verb, _)| *verb)
    }

    /// Whether such an action goes the way that a metric went.
    pub(super) fn agrees(self, moved: Direction) -> bool {
        matches!((self, moved), (Self::Makes, Direction::Up) | (Self::Removes, Direction::Down))
    }
}

/// Words of methods whose work ends by itself.
const PASSING: &[&str] = &[
    "backup", "copy", "export", "import", "migrate", "reboot", "redeploy", "refresh", "replace", "restart", "restore",
    "resync", "roll", "snapshot", "sync", "upgrade",
];

/// Whether a method's name says that its work ends by itself.
pub(super) fn passes(method: &str) -> bool {
    words(method).any(|word| PASSING.contains(&&*word.to_ascii_lowercase()))
}

/// Fields of requests that change a resource's description, and not its present behaviour.
const DESCRIPTIVE_FIELDS: &[&str] = &[
    "annotations",
    "comment",
    "contact",
    "description",
    "display_name",
    "label",
    "labels",
    "metadata",
    "name",
    "note",
    "notes",
    "tags",
    "title",
];

/// Whether each field of a request beside ids says that it changes a description only.
pub(super) fn only_describes(body: Option<&str>) -> bool {
    let Some(Ok(Value::Object(body))) = body.map(serde_json::from_str) else { return false };
    let mut fields = body.keys().filter(|field| *field != "id" && !field.ends_with("_id")).peekable();
    fields.peek().is_some() && fields.all(|field| DESCRIPTIVE_FIELDS.contains(&&**field))
}

/// The words of a name such as `UpdateServerLabels`: each begins with a capital letter.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let starts = name.char_indices().filter(|(index, letter)| *index == 0 || letter.is_ascii_uppercase());
    let starts: Vec<usize> = starts.map(|(index, _)| index).collect();
    let ends = starts.iter().skip(1).copied().chain([name.len()]).collect::<Vec<_>>();
    starts.into_iter().zip(ends).map(|(start, end)| &name[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_that_a_description_is_changed() {
        for (body, expected) in [
            (Some(r#"{"server_id":"web-3","tags":["a"],"description":"b"}"#), true),
            (Some(r#"{"server_id":"web-3","tags":["a"],"image":"b"}"#), false),
            (Some(r#"{"server_id":"web-3"}"#), false),
            (Some("null"), false),
            (None, false),
        ] {
            assert_eq!(only_describes(body), expected, "{body:?}");
        }
    }
}
