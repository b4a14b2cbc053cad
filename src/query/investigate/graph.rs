//! The node graph, with the names of fields that Grafana's panel reads.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use serde_json::json;

use super::super::text;
use super::case::Case;
use super::columns::texts;
use super::layout::{RADIUS, positions};
use super::phrase;
use crate::event::Column;
use crate::frame::{Field, Frame, Meta};
use crate::investigation::{Graph, Node, NodeKind};
use crate::locale::{Language, Sentence};

pub(super) fn frames(case: &Case<'_>) -> Vec<Frame> {
    let graph = Graph::of(&case.answer.events, &case.story);
    vec![nodes(case, &graph), edges(case, &graph)]
}

fn nodes(case: &Case<'_>, graph: &Graph) -> Frame {
    let all = &graph.nodes;
    let id = |index: usize| format!("n{index}");
    let is_suspect = |node: &Node| node.kind == NodeKind::Principal && case.story.is_suspect(&node.id);
    let arc = |suspect: bool| {
        let part = |node: &Node| f64::from(u8::from(is_suspect(node) == suspect));
        numbers(all.iter().map(part).collect())
    };
    let language = case.language();
    let kind = |node: &Node| node.kind.noun().text(language);
    let role = |node: &Node| if is_suspect(node) { Sentence::Suspect } else { node.kind.noun() }.text(language);
    let (x, y): (Vec<f64>, Vec<f64>) = positions(graph).into_iter().unzip();
    let named = named(language);
    let fields = vec![
        Field::required("id", texts((0..all.len()).map(id))),
        named("title", Sentence::FieldName, texts(all.iter().map(|node| title(case, node)))),
        named("subtitle", Sentence::FieldRole, texts(all.iter().map(role))),
        named("mainstat", Sentence::FieldEvents, texts(all.iter().map(|node| counted(node.events, language)))),
        colored(named("arc__suspect", Sentence::Suspect, arc(true)), "red"),
        colored(named("arc__other", Sentence::FieldOther, arc(false)), "blue"),
        Field::required("icon", texts(all.iter().map(|node| icon(node.kind).to_owned()))),
        Field::required("noderadius", numbers(vec![RADIUS; all.len()])),
        Field::required("fixedx", numbers(x)),
        Field::required("fixedy", numbers(y)),
        named("detail__kind", Sentence::FieldKind, texts(all.iter().map(kind))),
        named("detail__id", Sentence::FieldId, texts(all.iter().map(|node| text::cell(&node.id).into_owned()))),
    ];
    Frame { name: "nodes".to_owned(), meta: meta(), fields }
}

fn edges(case: &Case<'_>, graph: &Graph) -> Frame {
    let all = &graph.edges;
    let named = named(case.language());
    let fields = vec![
        Field::required("id", texts((0..all.len()).map(|index| format!("e{index}")))),
        Field::required("source", texts(all.iter().map(|edge| format!("n{}", edge.source)))),
        Field::required("target", texts(all.iter().map(|edge| format!("n{}", edge.target)))),
        named("mainstat", Sentence::FieldStep, texts(all.iter().map(|edge| edge.label.text(case.language())))),
        named(
            "secondarystat",
            Sentence::FieldEvents,
            texts(all.iter().map(|edge| counted(edge.events, case.language()))),
        ),
    ];
    Frame { name: "edges".to_owned(), meta: meta(), fields }
}

fn counted(events: usize, language: Language) -> String {
    Sentence::EventCount { events }.text(language)
}

fn numbers(numbers: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(numbers))
}

fn title(case: &Case<'_>, node: &Node) -> String {
    match node.kind {
        kind if node.others > 0 => kind.others(node.others).text(case.language()),
        NodeKind::Principal => phrase::name(case.answer, &node.id),
        NodeKind::Resource => {
            let name = case.answer.events.one_text(Column::ResourceName, node.row);
            text::plain(name.unwrap_or(&node.id)).into_owned()
        }
        NodeKind::Address | NodeKind::Credential => text::plain(&node.id).into_owned(),
    }
}

/// Icons of Grafana.
fn icon(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Principal => "user",
        NodeKind::Address => "globe",
        NodeKind::Credential => "key-skeleton-alt",
        NodeKind::Resource => "cube",
    }
}

/// Makes fields whose names in the panel's legend and menus are words.
fn named(language: Language) -> impl Fn(&str, Sentence<'static>, ArrayRef) -> Field {
    move |name, words, values| {
        let config = json!({ "displayName": words.text(language) });
        Field { config: Some(config), ..Field::required(name, values) }
    }
}

/// A field whose part of a node's ring has a color.
fn colored(mut field: Field, name: &str) -> Field {
    if let Some(config) = &mut field.config {
        config["color"] = json!({ "mode": "fixed", "fixedColor": name });
    }
    field
}

fn meta() -> Meta {
    Meta { preferred_visualisation_type: Some("nodeGraph".to_owned()), ..Meta::default() }
}
