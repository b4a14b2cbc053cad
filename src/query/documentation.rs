//! Where a text that people see is explained.

use crate::cache::Gap;
use crate::frame::Notice;
use crate::scaleway::Error;

/// The page that explains the texts, which is part of the plugin: its address below Grafana's root, where every reader of
/// a dashboard may go. It is made of `docs/troubleshooting.md`.
const PAGE: &str = "public/plugins/scaleway-audittrail-datasource/docs/troubleshooting.html";

/// Declares the topics, each with the anchor of its heading.
macro_rules! topics {
    ($($(#[doc = $doc:literal])+ $topic:ident => $anchor:literal,)+) => {
        /// What a text is about: a heading of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Topic {
            $($(#[doc = $doc])+ $topic,)+
        }

        impl Topic {
            /// All of them.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$topic,)+];

            /// The heading's anchor.
            fn anchor(self) -> &'static str {
                match self {
                    $(Self::$topic => $anchor,)+
                }
            }
        }
    };
}

topics! {
    /// A region did not answer.
    NoAnswer => "a-region-did-not-answer",
    /// A region that does not exist.
    Absent => "a-region-does-not-exist",
    /// The key may not read the trail.
    Refused => "the-key-may-not-read-a-region",
    /// Scaleway's rate limit.
    RateLimit => "scaleway-limits-the-calls",
    /// An answer that is no list of events.
    Unreadable => "a-region-could-not-be-read",
    /// A query that took too long.
    Late => "the-events-were-not-read-in-time",
    /// The setting `maxEvents`.
    MaxEvents => "only-the-newest-events-were-fetched",
    /// More events than fit into memory.
    Memory => "older-events-do-not-fit-into-memory",
    /// A list that does not end as it should.
    Endless => "older-events-may-be-missing",
    /// Items that are no events.
    Malformed => "malformed-events-were-left-out",
    /// A fault of the plugin.
    Fault => "reading-broke-off",
    /// The age beyond which Scaleway has no events.
    Retention => "scaleway-keeps-events-for-90-days",
    /// Text that is not UTF-8.
    InvalidText => "some-text-was-not-valid-utf-8",
    /// Principals without names.
    Names => "principals-are-shown-by-id",
    /// Names that could not be looked up again.
    EarlierNames => "names-are-those-of-an-earlier-time",
    /// Names that only the trail has.
    TrailNames => "names-come-from-the-trail",
    /// Projects and resources without names.
    Labels => "projects-or-resources-are-shown-by-id",
    /// A value that nothing is called.
    Unknown => "a-value-is-unknown",
    /// Events that share an annotation.
    Clusters => "events-share-an-annotation",
    /// Events that have no annotation.
    Important => "less-important-events-have-no-annotation",
    /// The limit of a list.
    Limit => "only-some-events-are-shown",
    /// The limit of groups.
    GroupLimit => "groups-are-counted-together",
    /// Buckets of which the range has a part.
    PartialBar => "a-bar-is-not-complete",
    /// A range in which nothing can have happened.
    EmptyRange => "the-range-holds-nothing-yet",
    /// An investigation without a suspect.
    NoSuspect => "nothing-audited-explains-this",
    /// A series that names no resource.
    NoResource => "a-series-names-no-resource",
    /// Series that an expression has and an answer does not use.
    UnusedSeries => "some-series-of-an-expression-are-not-used",
    /// A URL of Cockpit that does not answer, beside others that do.
    Cockpit => "cockpit-does-not-answer",
    /// A metric that did not leave its band.
    Calm => "no-series-of-a-metric-has-an-anomalous-span",
    /// Novelties by some of the days before.
    Novelty => "novelty-rests-on-some-of-the-days",
    /// The days with which a rule compares an event.
    RuleBaseline => "a-baseline-covers-some-of-the-days",
    /// A rule that cannot be used.
    BrokenRule => "a-rule-of-detections-cannot-be-used",
    /// A rule that a data source does not have.
    UnknownRule => "a-rule-of-detections-is-unknown",
    /// The days from which the usual is learned.
    Baseline => "what-is-usual-is-learned-from-some-days",
    /// The setting `hideFromViewers`.
    Hidden => "details-are-hidden-from-viewers",
    /// A dashboard's variable without a value.
    EmptyVariable => "a-variable-has-no-value",
}

impl Topic {
    /// The topic of a gap.
    pub(super) fn of(gap: &Gap) -> Self {
        match gap {
            Gap::Limit(_) => Self::MaxEvents,
            Gap::Bytes(_) => Self::Memory,
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
