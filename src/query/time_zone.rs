use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The time zones. They are part of the program: the folder that Grafana runs it in may have none, and another machine may
/// have others.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of a name.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_names_alone() {
        for name in ["UTC", "Europe/Paris", "europe/paris", "Asia/Calcutta", "US/Pacific", "Etc/GMT-14", "GMT"] {
            assert!(zone(name).is_some(), "{name}");
        }
        for name in [
            "browser",
            "CEST-2",
            "+02:00",
            "../../etc/passwd",
            "Europe",
            "Mars/Olympus",
            " UTC",
            "/usr/share/zoneinfo/UTC",
        ] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
