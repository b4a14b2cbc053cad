//! The tables of facts in `tables/`: tab-separated values under a header, nothing quoted.

use serde::de::DeserializeOwned;

/// The rows of a table.
pub(super) fn rows<T: DeserializeOwned>(table: &str) -> Vec<T> {
    let reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).from_reader(table.as_bytes());
    reader.into_deserialize().collect::<Result<_, _>>().expect("the tables are well formed")
}
