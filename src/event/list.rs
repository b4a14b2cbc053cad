use super::kind::Kind;

/// Which list of the API a page belongs to: it decides how the page's items are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    /// `/events`, `/authentication-events` or `/system-events`.
    Of(Kind),
    /// `/combined-events`: each item wraps an event of one kind.
    Combined,
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
