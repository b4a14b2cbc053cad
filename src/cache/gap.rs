use crate::scaleway::Error;
use crate::scaleway::audit_trail::PagesError;

/// Why a listing lacks events of its interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// There are more events than may be fetched; the oldest are missing.
    #[error("only the newest {0} events were fetched (setting maxEvents); older ones are missing")]
    Limit(usize),
    /// The events take more memory than so many bytes; the oldest are missing.
    #[error("the events exceed {} MiB; older ones are missing", .0 >> 20)]
    Bytes(usize),
    /// Pages without an event follow each other; the oldest events are missing.
    #[error("Scaleway sent {0} pages in a row without an event; older events may be missing")]
    Barren(usize),
    /// The API gave a page token a second time; the oldest events are missing.
    #[error("Scaleway repeated a page token; older events may be missing")]
    RepeatedToken,
    /// The time that the question had is over.
    #[error(
        "the events were not read in time. Ask for a shorter range or a narrower scope, or raise queryTimeoutSeconds"
    )]
    Late,
    /// The read panicked; the log has the location.
    #[error("reading the events broke off; the plugin's log says where")]
    Broken,
    /// A call failed; the events of the pages before it are there.
    #[error("{0}")]
    Failed(Error),
    /// Items that are no events or have no time.
    #[error("{count} malformed events were left out; the first: {first}")]
    Malformed {
        /// How many there were.
        count: usize,
        /// What was wrong with the first.
        first: String,
    },
}

impl From<PagesError> for Gap {
    fn from(error: PagesError) -> Self {
        match error {
            PagesError::Barren(pages) => Self::Barren(pages),
            PagesError::RepeatedToken => Self::RepeatedToken,
            PagesError::Failed(error) => Self::Failed(error),
        }
    }
}

impl Gap {
    /// The first sentence, which names the missing events; advice is left out.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Late => "the events were not read in time".to_owned(),
            Self::Failed(error) => error.summary(),
            other => other.to_string(),
        }
    }

    /// Whether it concerns the list that was fetched, so that another list may have the events.
    pub(super) fn concerns_list(&self) -> bool {
        match self {
            Self::Failed(error) => {
                matches!(error, Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { .. })
            }
            Self::RepeatedToken | Self::Barren(_) | Self::Malformed { .. } | Self::Limit(_) | Self::Bytes(_) => true,
            Self::Late | Self::Broken => false,
        }
    }

    /// Whether a request with a later deadline may not have it.
    pub(super) fn is_lack_of_time(&self) -> bool {
        matches!(self, Self::Late | Self::Failed(Error::Timeout { .. } | Error::RateLimited { .. }))
    }

    /// Whether the list that was fetched does not exist, or is something else.
    pub(super) fn is_no_list(&self) -> bool {
        matches!(
            self,
            Self::Failed(
                Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { status: 404 | 405 | 501, .. }
            )
        )
    }
}
