//! The positions of a node graph's nodes. Grafana's own layouts are as large as they like, and open at their middle, so that a panel
//! shows a part of them. These positions fit into 800 by 600 pixels; a story of more than six principals needs more height.

use crate::investigation::{Graph, NodeKind};

/// The radius of a node, in pixels. Its name and its role stand below it.
pub(super) const RADIUS: f64 = 28.0;

/// The distance of columns, in pixels: names are up to 140 wide.
const COLUMN: f64 = 200.0;

/// The distance of rows, in pixels.
const ROW: f64 = 92.0;

/// The columns: from where, with what, who, on what.
const COLUMNS: [NodeKind; 4] = [NodeKind::Address, NodeKind::Credential, NodeKind::Principal, NodeKind::Resource];

/// The position of each node, around the middle of the panel. A column has the nodes of a kind. Principals have the order of the graph, and
/// the others are at the height of the principals to which they are joined. Credentials are half a row off, so that the lines from
/// addresses to principals pass between them.
pub(super) fn positions(graph: &Graph) -> Vec<(f64, f64)> {
    let columns = COLUMNS.map(|kind| column(graph, kind));
    let columns: Vec<Vec<usize>> = columns.into_iter().filter(|column| !column.is_empty()).collect();
    let mut positions = vec![(0.0, 0.0); graph.nodes.len()];
    let principals = column(graph, NodeKind::Principal).len();
    for (column, x) in columns.iter().zip(centred(columns.len(), COLUMN)) {
        let is_aligned = column.len() % 2 == principals % 2;
        let is_off = graph.nodes[column[0]].kind == NodeKind::Credential && is_aligned;
        for (index, y) in column.iter().zip(centred(column.len(), ROW)) {
            positions[*index] = (x, if is_off { y - ROW / 2.0 } else { y });
        }
    }
    positions
}

/// The nodes of a kind, from the top to the bottom; the one that stands for others is the last.
fn column(graph: &Graph, kind: NodeKind) -> Vec<usize> {
    let nodes = 0..graph.nodes.len();
    let mut column: Vec<usize> = nodes.filter(|index| graph.nodes[*index].kind == kind).collect();
    if kind != NodeKind::Principal {
        // Principals are the first nodes of a graph, so that their indices are their rows.
        let height = |index: &usize| (graph.nodes[*index].others > 0, mean_neighbour(graph, *index));
        let by_height =
            |(one, first): (bool, f64), (other, second): (bool, f64)| one.cmp(&other).then(first.total_cmp(&second));
        column.sort_by(|one, other| by_height(height(one), height(other)));
    }
    column
}

/// The mean index of the nodes to which a node is joined.
fn mean_neighbour(graph: &Graph, node: usize) -> f64 {
    let joined = graph.edges.iter().filter_map(|edge| match (edge.source == node, edge.target == node) {
        (true, _) => Some(edge.target),
        (_, true) => Some(edge.source),
        _ => None,
    });
    let (sum, count) = joined.fold((0, 0), |(sum, count), index| (sum + index, count + 1));
    f64::from(u32::try_from(sum).unwrap_or(u32::MAX)) / f64::from(count.max(1))
}

/// Coordinates at a distance from each other, with their middle at zero.
fn centred(count: usize, distance: f64) -> impl Iterator<Item = f64> {
    let first = -distance * (f64::from(u32::try_from(count).unwrap_or(u32::MAX)) - 1.0) / 2.0;
    std::iter::successors(Some(first), move |last| Some(last + distance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigation::{Edge, Node};
    use crate::locale::Sentence;

    fn graph(kinds: &[NodeKind], edges: &[(usize, usize)]) -> Graph {
        let node =
            |kind: &NodeKind| Node { kind: *kind, id: String::new(), row: 0, events: 1, concerning: 0, others: 0 };
        let edge = |(source, target): &(usize, usize)| Edge {
            source: *source,
            target: *target,
            label: Sentence::EdgeFrom,
            events: 1,
        };
        Graph { nodes: kinds.iter().map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn a_column_is_in_the_order_of_the_principals_it_is_joined_to() {
        use NodeKind::{Address, Principal, Resource};
        let graph = graph(&[Principal, Principal, Address, Address, Resource], &[(2, 1), (3, 0), (0, 4), (1, 4)]);
        let expected = [(0.0, -46.0), (0.0, 46.0), (-200.0, 46.0), (-200.0, -46.0), (200.0, 0.0)];
        assert_eq!(positions(&graph), expected);
        assert_eq!(positions(&Graph::default()), []);
    }

    #[test]
    fn the_largest_graph_fits_into_a_panel_of_the_dashboard() {
        let kinds: Vec<NodeKind> = NodeKind::ALL.into_iter().flat_map(|kind| [kind; 6]).collect();
        let positions = positions(&graph(&kinds, &[]));
        let distinct = |one: usize| positions.iter().filter(|position| **position == positions[one]).count() == 1;
        assert!((0..positions.len()).all(distinct));
        for (x, y) in positions {
            // A name is 140 wide, and 40 high.
            assert!(x.abs() + 70.0 <= 400.0 && y - RADIUS >= -310.0 && y + RADIUS + 40.0 <= 310.0, "{x} {y}");
        }
    }
}
