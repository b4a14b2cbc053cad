//! Where a text that people see is explained.

use crate::frame::Notice;
use crate::scaleway::Error;
use crate::scaleway::audit_trail::Gap;

/// The page that explains the texts, which is part of the plugin: its address below Grafana's root, where every reader of
/// a dashboard may go. It is made of `docs/troubleshooting.md`.
const PAGE: &str = "public/plugins/scaleway-audittrail-datasource/docs/troubleshooting.html";

/// What a text is about: a heading of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// A region did not answer.
    NoAnswer,
    /// A region that does not exist.
    Absent,
    /// The key may not read the trail.
    Refused,
    /// Scaleway's rate limit.
    RateLimit,
    /// An answer that is no list of events.
    Unreadable,
    /// A query that took too long.
    Late,
    /// The setting `maxEvents`.
    MaxEvents,
    /// More events than fit into memory.
    Memory,
    /// A list that does not end as it should.
    Endless,
    /// Items that are no events.
    Malformed,
    /// A fault of the plugin.
    Fault,
    /// The age beyond which Scaleway has no events.
    Retention,
    /// Text that is not UTF-8.
    InvalidText,
    /// Principals without names.
    Names,
    /// Names that could not be looked up again.
    EarlierNames,
    /// Names that only the trail has.
    TrailNames,
    /// Projects and resources without names.
    Labels,
    /// A value that nothing is called.
    Unknown,
    /// Events that share an annotation.
    Clusters,
    /// The limit of a list.
    Limit,
    /// The limit of groups.
    GroupLimit,
    /// Buckets of which the range has a part.
    PartialBar,
    /// A range in which nothing can have happened.
    EmptyRange,
    /// A dashboard's variable without a value.
    EmptyVariable,
}

impl Topic {
    /// All of them.
    #[cfg(test)]
    const ALL: [Self; 24] = [
        Self::NoAnswer,
        Self::Absent,
        Self::Refused,
        Self::RateLimit,
        Self::Unreadable,
        Self::Late,
        Self::MaxEvents,
        Self::Memory,
        Self::Endless,
        Self::Malformed,
        Self::Fault,
        Self::Retention,
        Self::InvalidText,
        Self::Names,
        Self::EarlierNames,
        Self::TrailNames,
        Self::Labels,
        Self::Unknown,
        Self::Clusters,
        Self::Limit,
        Self::GroupLimit,
        Self::PartialBar,
        Self::EmptyRange,
        Self::EmptyVariable,
    ];

    /// The topic of what a reading lacks.
    pub(super) fn of(gap: &Gap) -> Self {
        match gap {
            Gap::Limit(_) => Self::MaxEvents,
            Gap::Bytes => Self::Memory,
            Gap::Barren(_) | Gap::RepeatedToken => Self::Endless,
            Gap::Late => Self::Late,
            Gap::Broken => Self::Fault,
            Gap::Malformed { .. } => Self::Malformed,
            Gap::Failed(Error::Unauthorized { .. } | Error::Forbidden { .. }) => Self::Refused,
            Gap::Failed(Error::RateLimited { .. }) => Self::RateLimit,
            Gap::Failed(Error::Timeout { .. } | Error::Unreachable { .. } | Error::Status { status: 500.., .. }) => {
                Self::NoAnswer
            }
            Gap::Failed(_) => Self::Unreadable,
        }
    }

    /// The heading's anchor.
    fn anchor(self) -> &'static str {
        match self {
            Self::NoAnswer => "a-region-did-not-answer",
            Self::Absent => "a-region-does-not-exist",
            Self::Refused => "the-key-may-not-read-a-region",
            Self::RateLimit => "scaleway-limits-the-calls",
            Self::Unreadable => "a-region-could-not-be-read",
            Self::Late => "the-events-were-not-read-in-time",
            Self::MaxEvents => "only-the-newest-events-were-fetched",
            Self::Memory => "older-events-do-not-fit-into-memory",
            Self::Endless => "older-events-may-be-missing",
            Self::Malformed => "malformed-events-were-left-out",
            Self::Fault => "reading-broke-off",
            Self::Retention => "scaleway-keeps-events-for-90-days",
            Self::InvalidText => "some-text-was-not-valid-utf-8",
            Self::Names => "principals-are-shown-by-id",
            Self::EarlierNames => "names-are-those-of-an-earlier-time",
            Self::TrailNames => "names-come-from-the-trail",
            Self::Labels => "projects-or-resources-are-shown-by-id",
            Self::Unknown => "a-value-is-unknown",
            Self::Clusters => "events-share-an-annotation",
            Self::Limit => "only-some-events-are-shown",
            Self::GroupLimit => "groups-are-counted-together",
            Self::PartialBar => "a-bar-is-not-complete",
            Self::EmptyRange => "the-range-holds-nothing-yet",
            Self::EmptyVariable => "a-variable-has-no-value",
        }
    }

    fn link(self) -> String {
        format!("{PAGE}#{}", self.anchor())
    }

    /// Something good to know, with a link to what explains it.
    pub(super) fn info(self, text: impl Into<String>) -> Notice {
        Notice::info(text).linked(self.link())
    }

    /// Something missing, with a link to what explains it.
    pub(super) fn warning(self, text: impl Into<String>) -> Notice {
        Notice::warning(text).linked(self.link())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The anchor that a heading has on the page, and on the web pages of repositories.
    fn anchor(heading: &str) -> String {
        let letters = heading.trim().to_lowercase();
        let letters = letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        letters.map(|c| if c == ' ' { '-' } else { c }).collect()
    }

    #[test]
    fn every_topic_is_a_heading_of_the_page() {
        let page = include_str!("../../docs/troubleshooting.md");
        let headings: Vec<String> = page.lines().filter_map(|line| line.strip_prefix("### ")).map(anchor).collect();
        for topic in Topic::ALL {
            assert!(headings.iter().any(|heading| heading == topic.anchor()), "no heading #{}", topic.anchor());
        }
    }

    #[test]
    fn a_notice_leads_to_its_heading() {
        let notice = Topic::Retention.warning("gone");
        let address =
            "public/plugins/scaleway-audittrail-datasource/docs/troubleshooting.html#scaleway-keeps-events-for-90-days";
        assert_eq!(notice.link.as_deref(), Some(address));
    }
}
