use std::sync::Arc;

use arrow::array::{NullArray, new_null_array};
use arrow::datatypes::DataType;

use super::chunk::{Chunk, ColumnData};
use super::column::Column;
use super::events::Events;
use super::schema::REQUEST_BODY;

impl Events {
    /// The same events without request bodies and source addresses. What is derived of them, risks and novelties, is that of
    /// the [whole](Self::whole_columns) events.
    pub(crate) fn redacted(&self) -> Self {
        let chunks: Vec<Arc<Chunk>> = self.chunks.iter().map(|chunk| Arc::new(redacted(chunk))).collect();
        Self::select(&chunks, (*self.rows).clone())
    }

    /// The same events with all columns, for numbers that say nothing of a column's text.
    pub(crate) fn whole_columns(&self) -> Self {
        let chunks: Vec<Arc<Chunk>> =
            self.chunks.iter().map(|chunk| Arc::clone(chunk.whole.as_ref().unwrap_or(chunk))).collect();
        Self::select(&chunks, (*self.rows).clone())
    }
}

fn redacted(chunk: &Arc<Chunk>) -> Chunk {
    let rows = chunk.rows();
    let mut columns = chunk.columns.clone();
    columns[REQUEST_BODY] = Arc::new(ColumnData::Plain(new_null_array(&DataType::Utf8, rows)));
    columns[Column::SourceIp.index()] = Arc::new(ColumnData::Plain(Arc::new(NullArray::new(rows))));
    Chunk { columns, packed: false, bytes: chunk.bytes, derived: Default::default(), whole: Some(Arc::clone(chunk)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::event::{Column, Derivation, Events, Kind, Long};

    #[test]
    fn redacted_events_have_neither_bodies_nor_addresses_and_the_same_derived_numbers() {
        let call = json!({
            "product_name": "iam", "method_name": "AddGroupMember", "source_ip": "203.0.113.7",
            "principal": { "id": "me" }, "request_body": { "user_id": "secret-detail" }, "status_code": 200,
        });
        for events in [Events::from_json(Kind::Api, &[call.clone(), call.clone()]), packed(&call)] {
            let redacted = events.redacted();
            let with_address = |events: &Events| {
                let address = events.text(Column::SourceIp);
                (0..events.len()).map(|row| u16::from(address.get(row).is_some())).collect()
            };
            for of in [Derivation::Risk, Derivation::Novelty] {
                assert_eq!(redacted.derived(of, 1, with_address), vec![1; events.len()], "derived of whole events");
                assert_eq!(events.not_derived(of, 1), 0, "and cached beside them");
            }
            for row in 0..redacted.len() {
                assert_eq!(redacted.one(Long::RequestBody, row), None);
                assert_eq!(redacted.text(Column::SourceIp).get(row), None);
                assert_eq!(redacted.text(Column::PrincipalId).get(row), Some("me"));
                assert!(events.text(Column::SourceIp).get(row).is_some(), "the cached events stay as they are");
            }
            let mut hit = vec![false; redacted.len()];
            redacted.search(Long::RequestBody, &mut hit, false, |text| text.find("secret").map(|at| at..at + 6));
            assert!(!hit.contains(&true));
        }
    }

    fn packed(call: &serde_json::Value) -> Events {
        Events::from_json(Kind::Api, std::slice::from_ref(call)).packed().expect("a small chunk")
    }
}
