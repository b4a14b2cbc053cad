use crate::event::{Column, Events, Kind, status_class};
use crate::time::Time;

/// What a principal did since a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// How many of its calls were refused.
    pub denied: usize,
    /// How many of its calls succeeded.
    pub succeeded: usize,
    /// How many of its calls failed otherwise, such as with status 404 or 429: it is active.
    pub failed: usize,
    /// How many of its log-ins failed.
    pub failed_log_ins: usize,
    /// The row of its newest event.
    pub newest: Option<usize>,
}

impl Since {
    /// What a principal did since `from`; events are the newest first.
    #[must_use]
    pub fn of(events: &Events, principal: &str, from: Time) -> Self {
        let recent = events.slice(0..events.since(from));
        let mut since = Self::default();
        let mut rows = Vec::new();
        recent.find(Column::PrincipalId, |id| id == Some(principal), |row| rows.push(row));
        for row in &rows {
            let is_log_in = recent.one_text(Column::Kind, *row) == Some(Kind::Authentication.as_str());
            match recent.one_text(Column::StatusClass, *row) {
                Some(status_class::DENIED) => since.denied += 1,
                Some(status_class::SUCCEEDED) => since.succeeded += 1,
                Some(status_class::FAILED) if is_log_in => since.failed_log_ins += 1,
                // An outcome that is not known is no refusal.
                _ => since.failed += 1,
            }
        }
        since.newest = rows.into_iter().min();
        since
    }
}
