//! Answers of Prometheus' HTTP API as JSON.

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::series::{Labels, Series};
use crate::time::Time;

/// Whether a call succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    Error,
}

/// The envelope of any answer. Source: Prometheus' documentation of its HTTP API.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) status: Status,
    pub(super) data: Option<T>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
    #[serde(flatten)]
    pub(super) refusal: Refusal,
}

impl<T> Envelope<T> {
    /// Remarks about the answer.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter().chain(&self.infos)
    }
}

/// Why a call failed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    /// Such as `bad_data`.
    #[serde(rename = "errorType")]
    pub(super) kind: String,
    /// The reason, for people.
    pub(super) error: String,
}

/// The result of an expression.
#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    /// Series over time.
    Matrix(Vec<Row>),
    /// Series at one time.
    Vector(Vec<Row>),
    /// One number.
    Scalar(Sample),
    /// A text.
    String(IgnoredAny),
}

/// A series of a result: `values` over time, or one `value`.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    #[serde(default)]
    metric: Labels,
    #[serde(default)]
    values: Vec<Sample>,
    value: Option<Sample>,
    #[serde(alias = "histograms")]
    histogram: Option<IgnoredAny>,
}

impl Row {
    /// A number without labels.
    pub(super) fn scalar(value: Sample) -> Self {
        Self { metric: Labels::new(), values: Vec::new(), value: Some(value), histogram: None }
    }

    /// The series; none where it is a native histogram.
    pub(super) fn series(self) -> Option<Series> {
        let samples = self.values.into_iter().chain(self.value).map(|sample| (sample.time, sample.value));
        self.histogram.is_none().then(|| Series { labels: self.metric, samples: samples.collect() })
    }
}

/// `[seconds, "value"]`, with the value as text, so that it can be NaN or infinite.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    time: Time,
    value: f64,
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (seconds, value) = <(f64, &str)>::deserialize(deserializer)?;
        let value = value.parse().map_err(|_| D::Error::custom("a sample's value is not a number"))?;
        Ok(Self { time: time(seconds), value })
    }
}

/// A moment of Prometheus, whose times are whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "the conversion stops at the ends of time")]
fn time(seconds: f64) -> Time {
    Time::from_nanos(((seconds * 1_000.0).round() as i64).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(json: &str) -> Result<Data, serde_json::Error> {
        serde_json::from_str::<Envelope<Data>>(json).map(|envelope| envelope.data.expect("data"))
    }

    #[test]
    fn values_are_numbers_not_a_number_or_infinite() {
        let values =
            r#"[1790000000,"1"],[1790000000.123,"-2.5e-3"],[1790000001,"NaN"],[1790000002,"+Inf"],[1790000003,"-Inf"]"#;
        let row: Row =
            serde_json::from_str(&format!(r#"{{"metric":{{"__name__":"up"}},"values":[{values}]}}"#)).unwrap();
        let series = row.series().expect("numbers");
        assert_eq!(series.labels["__name__"], "up");
        let times: Vec<i64> =
            series.samples.iter().map(|(time, _)| time.nanos() / 1_000_000 - 1_790_000_000_000).collect();
        assert_eq!(times, [0, 123, 1_000, 2_000, 3_000]);
        let values: Vec<String> = series.samples.iter().map(|(_, value)| value.to_string()).collect();
        assert_eq!(values, ["1", "-0.0025", "NaN", "inf", "-inf"]);
    }

    #[test]
    fn broken_answers_are_errors() {
        for broken in [
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"one"]]}]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,2]]}]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[["1","2"]]}]}}"#,
            r#"{"status":"success","data":{"resultType":"cube","result":[]}}"#,
            r#"{"status":"perhaps","data":{"resultType":"matrix","result":[]}}"#,
            r#"{"events":[]}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"2"],"#,
        ] {
            assert!(data(broken).is_err(), "{broken}");
        }
    }
}
