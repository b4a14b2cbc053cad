use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// A list of the API. It decides how the items of a page are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// `/combined-events`: each item wraps an event of one kind.
    #[default]
    Combined,
    /// `/events`, `/authentication-events` or `/system-events`.
    #[serde(untagged)]
    Of(Kind),
}

impl List {
    /// The list's name in notices and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Of(kind) => kind.as_str(),
            Self::Combined => "combined",
        }
    }
}
