/// What an investigation shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Show {
    /// The suspects and the anomalous spans, as tables.
    Suspects,
    /// The span as a region, and the suspects as annotations.
    Annotations,
    /// Principals, addresses, credentials and resources, as Grafana's node graph.
    Graph,
    /// The steps of each principal over time, as a state timeline.
    Timeline,
    /// The steps as a table, the principals before and after, and their credentials.
    Story,
    /// What would stop the suspects, and what else it would break.
    Containment,
    /// Whether the metric returned, and what happened since a time.
    Recovery,
    /// A few sentences.
    Summary,
}

impl Show {
    /// All of them, by name; the first is the default.
    pub(super) const ALL: [(&str, Self); 8] = [
        ("suspects", Self::Suspects),
        ("annotations", Self::Annotations),
        ("graph", Self::Graph),
        ("timeline", Self::Timeline),
        ("story", Self::Story),
        ("containment", Self::Containment),
        ("recovery", Self::Recovery),
        ("summary", Self::Summary),
    ];

    /// Its name.
    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, show)| *show == self).expect("all are named").0
    }
}
