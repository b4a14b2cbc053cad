//! The node graph, with the names of fields that Grafana's panel reads.

use std::sync::Arc;

use arrow::array::Float64Array;

use super::super::text;
use super::case::Case;
use super::columns::{counts, texts};
use super::phrase;
use crate::event::Column;
use crate::frame::{Field, Frame, Meta};
use crate::investigation::{Graph, Node, NodeKind};
use crate::locale::Sentence;

pub(super) fn frames(case: &Case<'_>) -> Vec<Frame> {
    let graph = Graph::of(&case.answer.events, &case.story);
    vec![nodes(case, &graph), edges(case, &graph)]
}

fn nodes(case: &Case<'_>, graph: &Graph) -> Frame {
    let all = &graph.nodes;
    let id = |index: usize| format!("n{index}");
    let is_suspect = |node: &Node| node.kind == NodeKind::Principal && case.story.is_suspect(&node.id);
    let arc = |suspect: bool| {
        let part = move |node: &Node| f64::from(u8::from(is_suspect(node) == suspect));
        Arc::new(Float64Array::from_iter_values(all.iter().map(part)))
    };
    let language = case.language();
    let kind = |node: &Node| if node.kind.is_others() { Sentence::Others } else { node.kind.noun() };
    let subtitle = |node: &Node| if is_suspect(node) { Sentence::Suspect } else { kind(node) }.text(language);
    let events = |node: &Node| Sentence::EventCount { events: node.events }.text(language);
    let fields = vec![
        Field::required("id", texts((0..all.len()).map(id))),
        Field::required("title", texts(all.iter().map(|node| title(case, node)))),
        Field::required("subtitle", texts(all.iter().map(subtitle))),
        Field::required("mainstat", texts(all.iter().map(events))),
        Field { config: Some(color("red")), ..Field::required("arc__suspect", arc(true)) },
        Field { config: Some(color("blue")), ..Field::required("arc__other", arc(false)) },
        Field::required("icon", texts(all.iter().map(|node| icon(node.kind).to_owned()))),
        Field::required("detail__kind", texts(all.iter().map(|node| kind(node).text(language)))),
        Field::required("detail__id", texts(all.iter().map(|node| text::cell(&node.id).into_owned()))),
    ];
    Frame { name: "nodes".to_owned(), meta: meta(), fields }
}

fn edges(case: &Case<'_>, graph: &Graph) -> Frame {
    let all = &graph.edges;
    let fields = vec![
        Field::required("id", texts((0..all.len()).map(|index| format!("e{index}")))),
        Field::required("source", texts(all.iter().map(|edge| format!("n{}", edge.source)))),
        Field::required("target", texts(all.iter().map(|edge| format!("n{}", edge.target)))),
        Field::required("mainstat", texts(all.iter().map(|edge| edge.label.text(case.language())))),
        Field::required("secondarystat", counts(all.iter().map(|edge| edge.events))),
    ];
    Frame { name: "edges".to_owned(), meta: meta(), fields }
}

fn title(case: &Case<'_>, node: &Node) -> String {
    match node.kind {
        NodeKind::Principal => phrase::name(case.answer, &node.id),
        NodeKind::Resource => {
            let name = case.answer.events.one_text(Column::ResourceName, node.row);
            text::plain(name.unwrap_or(&node.id)).into_owned()
        }
        NodeKind::Address | NodeKind::Credential => text::plain(&node.id).into_owned(),
        others => others.noun().text(case.language()),
    }
}

/// Icons of Grafana.
fn icon(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Principal => "user",
        NodeKind::Address => "globe",
        NodeKind::Credential => "key-skeleton-alt",
        _ => "cube",
    }
}

fn color(name: &str) -> serde_json::Value {
    serde_json::json!({ "color": { "mode": "fixed", "fixedColor": name } })
}

fn meta() -> Meta {
    Meta { preferred_visualisation_type: Some("nodeGraph".to_owned()), ..Meta::default() }
}
