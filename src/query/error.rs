//! Why a query has no answer.

use std::time::Duration;

use arrow::error::ArrowError;

use crate::cache::Gap;
use crate::cockpit;
use crate::investigation::OutOfOrder;
use crate::scaleway::Error;

/// Whose fault a failure is, as Grafana wants to know: it counts those of plugins against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This program's: a defect.
    Plugin,
    /// Everything else, as in Grafana's own data sources: the query, the settings, a limit of theirs, the network, Scaleway.
    Downstream,
}

impl Fault {
    /// The name in Grafana's protocol.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Downstream => "downstream",
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What happened and what to do, for people.
    pub message: String,
    /// An HTTP status.
    pub status: u16,
    /// Whose fault it is.
    pub fault: Fault,
}

impl Failure {
    /// A query, range or setting that cannot be used.
    #[must_use]
    pub fn input(message: String) -> Self {
        Self { message, status: 400, fault: Fault::Downstream }
    }

    /// No processor was free for the answer before its deadline.
    #[must_use]
    pub fn busy() -> Self {
        let message = "the plugin's processors were busy with other answers until queryTimeoutSeconds had passed, for an alert \
                       rule ruleTimeoutSeconds. Ask for a shorter range or fewer panels at once, or give Grafana's server \
                       more processors";
        Self { message: message.to_owned(), status: 503, fault: Fault::Downstream }
    }

    /// An answer to an alert rule that was not ready in time.
    #[must_use]
    pub(super) fn late_for_rule(limit: Duration) -> Self {
        let message = format!(
            "the answer to the alert rule was not ready after {} s (ruleTimeoutSeconds), and Grafana waits for 30 s at most. \
             Ask for a shorter range, or narrow the scope",
            limit.as_secs()
        );
        Self { message, status: 504, fault: Fault::Downstream }
    }

    /// A question about what the setting `hideFromViewers` hides from its asker; `what` names it.
    #[must_use]
    pub fn hidden(what: &str) -> Self {
        let message = format!(
            "{what}, which this data source hides from viewers (hideFromViewers). Ask an editor, or an administrator of the \
             data source to change the setting"
        );
        Self { message, status: 403, fault: Fault::Downstream }
    }

    /// A fault of this program.
    #[must_use]
    pub fn internal(message: String) -> Self {
        Self { message, status: 500, fault: Fault::Plugin }
    }
}

impl From<&Gap> for Failure {
    fn from(gap: &Gap) -> Self {
        let (status, fault) = match gap {
            Gap::Failed(error) => (error.status(), Fault::Downstream),
            Gap::Limit(_) | Gap::Bytes(_) => (400, Fault::Downstream),
            Gap::RepeatedToken | Gap::Barren(_) | Gap::Malformed { .. } => (502, Fault::Downstream),
            Gap::Late => (504, Fault::Downstream),
            Gap::Broken => (500, Fault::Plugin),
        };
        Self { message: gap.to_string(), status, fault }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { message: error.to_string(), status: error.status(), fault: Fault::Downstream }
    }
}

impl From<OutOfOrder> for Failure {
    fn from(error: OutOfOrder) -> Self {
        Self { message: error.to_string(), status: 502, fault: Fault::Downstream }
    }
}

impl From<cockpit::Error> for Failure {
    fn from(error: cockpit::Error) -> Self {
        Self { message: error.to_string(), status: error.status(), fault: Fault::Downstream }
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::internal(format!("the answer does not fit into a frame: {error}"))
    }
}
