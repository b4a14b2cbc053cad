//! Grafana data frames: Arrow's IPC file format plus Grafana's metadata.
//!
//! The contract is Grafana's Go SDK (`data/arrow.go`, `data/frame_meta.go`): the schema's metadata has `name`,
//! `refId` and `meta`, a field's metadata `name`, `labels`, `config` and `tstype`, the last three as JSON. Types are
//! limited to the types that the SDK reads: no dictionaries, time in nanoseconds, JSON as binary.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use serde::{Deserialize, Serialize};

/// A table of columns with a name and Grafana's metadata.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow::array::UInt64Array;
/// use audittrail::frame::{Field, Frame, FrameType, Meta};
///
/// let count = Field::required("count", Arc::new(UInt64Array::from(vec![3])));
/// let frame = Frame { name: "counts".to_owned(), meta: Meta::of(FrameType::NumericLong), fields: vec![count] };
/// assert_eq!(frame.rows(), 1);
/// let bytes = frame.to_arrow("A")?;
/// assert!(bytes.starts_with(b"ARROW1"));
/// # Ok::<(), arrow::error::ArrowError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// The frame's name; Grafana shows it in the query inspector and in table pickers.
    pub name: String,
    /// Grafana's metadata.
    pub meta: Meta,
    /// The columns, all of one length.
    pub fields: Vec<Field>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// The dimensions of a number; they distinguish series and alert instances.
    pub labels: BTreeMap<String, String>,
    /// The values.
    pub values: ArrayRef,
    /// Whether the column may have nulls; Grafana's alerting needs a time column without.
    pub nullable: bool,
    /// Grafana's display settings for the column (`FieldConfig`).
    pub config: Option<serde_json::Value>,
}

impl Field {
    /// A column whose values may be null.
    #[must_use]
    pub fn new(name: &str, values: ArrayRef) -> Self {
        Self { name: name.to_owned(), labels: BTreeMap::new(), values, nullable: true, config: None }
    }

    /// A column without nulls.
    #[must_use]
    pub fn required(name: &str, values: ArrayRef) -> Self {
        Self { nullable: false, ..Self::new(name, values) }
    }

    /// The same column with labels.
    #[must_use]
    pub fn labelled(self, labels: BTreeMap<String, String>) -> Self {
        Self { labels, ..self }
    }
}

/// The shapes of Grafana's data plane contract that the plugin uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameType {
    /// One time column and one number per series, version 0.1.
    TimeseriesWide,
    /// One frame per series, version 0.1.
    TimeseriesMulti,
    /// One number, and text columns that distinguish the rows, version 0.1.
    NumericLong,
    /// Log lines, version 0.0.
    LogLines,
}

/// The severity of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeSeverity {
    /// Information.
    Info,
    /// The answer lacks something.
    Warning,
}

/// A sentence that Grafana shows in the corner of the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The severity.
    pub severity: NoticeSeverity,
    /// The sentence.
    pub text: String,
    /// The address of an explanation: a URL, or a path below Grafana's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Notice {
    /// Information.
    pub(crate) fn info(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Info, text.into())
    }

    /// A warning that something is missing.
    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Warning, text.into())
    }

    fn new(severity: NoticeSeverity, text: String) -> Self {
        Self { severity, text, link: None }
    }

    /// The same notice with a link to an explanation.
    pub(crate) fn linked(self, link: String) -> Self {
        Self { link: Some(link), ..self }
    }
}

/// A frame's metadata, as Grafana's `data.FrameMeta` reads it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The shape of the frame, if the data plane contract has it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FrameType>,
    /// The version of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_version: Option<[u32; 2]>,
    /// How Explore shows the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_visualisation_type: Option<String>,
    /// `annotations` for a frame that is not part of the panel's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_topic: Option<String>,
    /// The requests to Scaleway; shown in the query inspector.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub executed_query_string: String,
    /// Notices for the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// Values that Grafana's log panel reads: `limit` and `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<serde_json::Value>,
}

impl Meta {
    /// The metadata of a frame of the data plane contract.
    #[must_use]
    pub fn of(kind: FrameType) -> Self {
        let version = match kind {
            FrameType::TimeseriesWide | FrameType::TimeseriesMulti | FrameType::NumericLong => [0, 1],
            FrameType::LogLines => [0, 0],
        };
        Self { kind: Some(kind), type_version: Some(version), ..Self::default() }
    }
}

impl Frame {
    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.fields.first().map_or(0, |field| field.values.len())
    }

    /// The frame in Arrow's file format.
    ///
    /// # Errors
    /// When columns differ in length or a required column has a null.
    pub fn to_arrow(&self, ref_id: &str) -> Result<Vec<u8>, ArrowError> {
        let fields: Vec<ArrowField> = self.fields.iter().map(Field::schema).collect::<Result<_, _>>()?;
        let metadata = HashMap::from([
            ("name".to_owned(), self.name.clone()),
            ("refId".to_owned(), ref_id.to_owned()),
            ("meta".to_owned(), json(&self.meta)?),
        ]);
        let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
        let columns = self.fields.iter().map(|field| Arc::clone(&field.values)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?;
        // The file has the schema, with all metadata, twice.
        let columns = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or_default());
        let metadata = schema.fields().iter().flat_map(|field| field.metadata()).chain(schema.metadata());
        let metadata: usize = metadata.map(|(name, text)| 2 * (name.len() + text.len())).sum();
        let capacity = columns.sum::<usize>() + metadata + 1024 * (batch.num_columns() + 1);
        let mut writer = FileWriter::try_new(Vec::with_capacity(capacity), &schema)?;
        writer.write(&batch)?;
        writer.into_inner()
    }
}

fn json(value: &impl Serialize) -> Result<String, ArrowError> {
    serde_json::to_string(value).map_err(|e| ArrowError::from_external_error(Box::new(e)))
}

impl Field {
    fn schema(&self) -> Result<ArrowField, ArrowError> {
        let data_type = self.values.data_type();
        let mut metadata = HashMap::from([("name".to_owned(), self.name.clone())]);
        metadata.insert("tstype".to_owned(), front_end_type(data_type).to_owned());
        if !self.labels.is_empty() {
            metadata.insert("labels".to_owned(), json(&self.labels)?);
        }
        if let Some(config) = &self.config {
            metadata.insert("config".to_owned(), config.to_string());
        }
        Ok(ArrowField::new(&self.name, data_type.clone(), self.nullable).with_metadata(metadata))
    }
}

/// The name of a type in Grafana's front end.
fn front_end_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Timestamp(..) => "time",
        DataType::Utf8 => "string",
        DataType::Boolean => "boolean",
        DataType::Binary => "other",
        _ => "number",
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, BinaryArray, Int64Array, StringArray, TimestampNanosecondArray};
    use arrow::ipc::reader::FileReader;
    use serde_json::{Value, json};

    use super::*;

    fn read(bytes: Vec<u8>) -> (Arc<Schema>, Vec<RecordBatch>) {
        let reader = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
        (reader.schema(), reader.map(Result::unwrap).collect())
    }

    fn frame() -> Frame {
        let labels = BTreeMap::from([("principal".to_owned(), "\"a\" <b>".to_owned())]);
        let config = json!({ "unit": "short" });
        let count = Field::required("count", Arc::new(Int64Array::from(vec![1, 2]))).labelled(labels);
        Frame {
            name: "counts".to_owned(),
            meta: Meta {
                notices: vec![Notice::warning("less").linked("docs#less".to_owned()), Notice::info("more")],
                executed_query_string: "region fr-par".to_owned(),
                ..Meta::of(FrameType::TimeseriesWide)
            },
            fields: vec![
                Field::required("time", Arc::new(TimestampNanosecondArray::from(vec![1, 2]))),
                Field { config: Some(config), ..count },
                Field::new("text", Arc::new(StringArray::from(vec![Some("x"), None]))),
                Field::new("json", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"{}"), None]))),
            ],
        }
    }

    #[test]
    fn a_frame_has_the_metadata_that_grafana_reads() {
        let (schema, batches) = read(frame().to_arrow("B").unwrap());
        assert_eq!((schema.metadata["name"].as_str(), schema.metadata["refId"].as_str()), ("counts", "B"));
        let meta: Value = serde_json::from_str(&schema.metadata["meta"]).unwrap();
        let expected = json!({
            "type": "timeseries-wide", "typeVersion": [0, 1], "executedQueryString": "region fr-par",
            "notices": [{ "severity": "warning", "text": "less", "link": "docs#less" }, { "severity": "info", "text": "more" }],
        });
        assert_eq!(meta, expected);
        let fields: Vec<_> = schema.fields().iter().map(|f| (f.name().as_str(), f.is_nullable())).collect();
        assert_eq!(fields, [("time", false), ("count", false), ("text", true), ("json", true)]);
        let types: Vec<_> = schema.fields().iter().map(|f| f.metadata()["tstype"].as_str()).collect();
        assert_eq!(types, ["time", "number", "string", "other"]);
        // A field with labels and a config has both.
        let count = schema.field(1).metadata();
        assert_eq!(count["labels"], r#"{"principal":"\"a\" <b>"}"#);
        assert_eq!(count["config"], r#"{"unit":"short"}"#);
        assert!(!schema.field(0).metadata().contains_key("labels"));
        assert_eq!((batches.len(), batches[0].num_rows(), batches[0].column(2).null_count()), (1, 2, 1));
    }

    #[test]
    fn a_frame_without_fields_and_one_without_rows_can_be_sent() {
        let nothing = Frame { meta: Meta::of(FrameType::NumericLong), ..Frame::default() };
        let (schema, batches) = read(nothing.to_arrow("A").unwrap());
        assert_eq!((schema.fields().len(), batches.iter().map(RecordBatch::num_rows).sum::<usize>()), (0, 0));
        let empty = Frame { fields: vec![Field::new("a", Arc::new(StringArray::new_null(0)))], ..Frame::default() };
        assert_eq!(read(empty.to_arrow("A").unwrap()).0.fields().len(), 1);
    }

    #[test]
    fn an_inconsistent_frame_is_an_error() {
        let mut ragged = frame();
        ragged.fields.push(Field::new("short", Arc::new(Int64Array::from(vec![1]))));
        assert!(ragged.to_arrow("A").is_err());
        let hole = Field::required("hole", Arc::new(Int64Array::from(vec![None::<i64>])));
        assert!(Frame { fields: vec![hole], ..Frame::default() }.to_arrow("A").is_err());
    }

    #[test]
    fn metadata_survives_a_round_trip_without_empty_fields() {
        let meta: Meta = serde_json::from_value(json!({})).unwrap();
        assert_eq!(serde_json::to_value(&meta).unwrap(), json!({}));
        for (kind, name, version) in [
            (FrameType::TimeseriesWide, "timeseries-wide", [0, 1]),
            (FrameType::NumericLong, "numeric-long", [0, 1]),
            (FrameType::LogLines, "log-lines", [0, 0]),
        ] {
            let written = serde_json::to_value(Meta::of(kind)).unwrap();
            assert_eq!(written, json!({ "type": name, "typeVersion": version }));
            assert_eq!(serde_json::from_value::<Meta>(written).unwrap().kind, Some(kind));
        }
    }
}
