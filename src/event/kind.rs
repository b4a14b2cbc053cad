use serde::{Deserialize, Serialize};

/// The kind of an event: the list of Audit Trail that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A call of an API.
    Api,
    /// A log-in to the console.
    Authentication,
    /// An action of Scaleway's own machinery.
    System,
}

impl Kind {
    /// All kinds, in the order of the API's documentation.
    pub const ALL: [Self; 3] = [Self::Api, Self::Authentication, Self::System];

    /// The kind's name in queries and columns.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Authentication => "authentication",
            Self::System => "system",
        }
    }
}
