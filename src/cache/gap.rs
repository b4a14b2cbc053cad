use crate::scaleway::Error;
use crate::scaleway::audit_trail::PagesError;

/// The reason why a listing lacks events of its interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// The limit of events was reached; the oldest are missing.
    #[error("only the newest {0} events were fetched (setting maxEvents); older ones are missing")]
    Limit(usize),
    /// The limit of memory, in bytes, was reached; the oldest events are missing.
    #[error("the events exceed {} MiB; older ones are missing", .0 >> 20)]
    Bytes(usize),
    /// So many pages in a row had no event; the oldest events are missing.
    #[error("Scaleway sent {0} pages in a row without an event; older events may be missing")]
    Barren(usize),
    /// The API repeated a page token; the oldest events are missing.
    #[error("Scaleway repeated a page token; older events may be missing")]
    RepeatedToken,
    /// The deadline has passed.
    #[error(
        "the events were not read in time. Ask for a shorter range or a narrower scope, or raise queryTimeoutSeconds, for \
         an alert rule ruleTimeoutSeconds"
    )]
    Late,
    /// The read panicked; the log has the location.
    #[error("reading the events broke off; the plugin's log says where")]
    Broken,
    /// A call failed; the events of the pages before it remain.
    #[error("{0}")]
    Failed(Error),
    /// Items that are not events or have no time.
    #[error("{count} malformed events were left out; the first: {first}")]
    Malformed {
        /// The number of malformed items.
        count: usize,
        /// The error of the first item.
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
    /// Whether the gap concerns the fetched list, so that another list may have the events.
    pub(super) fn concerns_list(&self) -> bool {
        match self {
            Self::Failed(error) => {
                matches!(error, Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { .. })
            }
            Self::RepeatedToken | Self::Barren(_) | Self::Malformed { .. } | Self::Limit(_) | Self::Bytes(_) => true,
            Self::Late | Self::Broken => false,
        }
    }

    /// Whether a request with a later deadline may avoid the gap.
    pub(super) fn is_lack_of_time(&self) -> bool {
        matches!(self, Self::Late | Self::Failed(Error::Timeout { .. } | Error::RateLimited { .. }))
    }

    /// Whether the fetched list does not exist, or is something else.
    pub(super) fn is_no_list(&self) -> bool {
        matches!(
            self,
            Self::Failed(
                Error::Unreadable { .. } | Error::Invalid { .. } | Error::Status { status: 404 | 405 | 501, .. }
            )
        )
    }
}
