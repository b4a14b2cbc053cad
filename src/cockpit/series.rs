//! A series with its labels and samples.

use std::collections::BTreeMap;

use crate::time::Time;

/// The labels of a series, `__name__` included where the expression leaves it.
pub type Labels = BTreeMap<String, String>;

/// A series of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: Labels,
    /// Its samples, in the order of their times, to the millisecond. A value may be NaN or infinite.
    pub samples: Vec<(Time, f64)>,
}

impl Series {
    /// Whether a label tells the resource.
    pub(super) fn has_resource(&self) -> bool {
        ["resource_id", "resource_name"].iter().any(|name| self.labels.get(*name).is_some_and(|text| !text.is_empty()))
    }
}
