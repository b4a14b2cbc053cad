use std::sync::LazyLock;

use serde::Deserialize;

use crate::locale::{Language, Sentence};

/// A change that may move a metric and has no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindSpot(Sentence<'static>);

impl BlindSpot {
    /// In words.
    #[must_use]
    pub fn sentence(self, language: Language) -> String {
        self.0.text(language)
    }
}

#[derive(Deserialize)]
struct BlindSpotRow {
    /// A part of the metrics' names; nothing for all of them.
    metric: String,
    sentence: Sentence<'static>,
}

static BLIND_SPOTS: LazyLock<Vec<BlindSpotRow>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(include_str!("blind_spots.csv").as_bytes()).into_deserialize();
    rows.map(|row| row.expect("blind_spots.csv is well formed")).collect()
});

/// The changes that may move a metric of this name or expression and have no event: those special to it first.
pub(super) fn blind_spots(expression: &str) -> Vec<BlindSpot> {
    let (general, special): (Vec<_>, Vec<_>) =
        BLIND_SPOTS.iter().filter(|row| expression.contains(&row.metric)).partition(|row| row.metric.is_empty());
    special.into_iter().chain(general).map(|row| BlindSpot(row.sentence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_blind_spots_come_before_general_ones() {
        let of_servers = blind_spots("rate(instance_server_cpu_seconds_total[1m])");
        assert!(
            of_servers[0].sentence(Language::English).contains("autoscaling group") && of_servers.len() == 3,
            "{of_servers:?}"
        );
        assert_eq!(blind_spots("unheard_of"), of_servers[1..]);
    }
}
