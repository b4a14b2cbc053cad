use std::cmp::Reverse;
use std::collections::HashMap;

use super::line::Line;
use super::outline::Story;
use crate::event::{Column, Events};
use crate::locale::Sentence;

/// A graph has at most so many nodes of a kind, since a dashboard's panel has room for four times as many that can be read. It has
/// more principals only where the story has more.
const MOST: usize = 6;

/// Principals, addresses, credentials and resources, joined by events. Beyond the most, the weakest nodes of a kind are one; the
/// story's own principals are never among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The nodes, kind by kind. The strongest of a kind come first: suspects, the story's other members, then those with the most
    /// events that concern the suspects, then those with the most events.
    pub nodes: Vec<Node>,
    /// The edges, in the order of events.
    pub edges: Vec<Edge>,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its kind.
    pub kind: NodeKind,
    /// Its id: of a principal, a resource or a credential, or an address; none of a node that stands for others.
    pub id: String,
    /// The row of an event that names it, for its name.
    pub row: usize,
    /// How many events of the story name it.
    pub events: usize,
    /// How many of them concern the suspects.
    pub concerning: usize,
    /// How many others it stands for; none if it stands for itself.
    pub others: usize,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A user or an application.
    Principal,
    /// A source address.
    Address,
    /// An API key or another credential.
    Credential,
    /// Something that was acted on.
    Resource,
}

impl NodeKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Principal, Self::Address, Self::Credential, Self::Resource];

    /// What a sentence calls a node.
    pub(crate) const fn noun(self) -> Sentence<'static> {
        match self {
            Self::Principal => Sentence::Principal,
            Self::Address => Sentence::Address,
            Self::Credential => Sentence::Credential,
            Self::Resource => Sentence::Resource,
        }
    }

    /// What a sentence calls a node that stands for others.
    pub(crate) const fn others(self, count: usize) -> Sentence<'static> {
        match self {
            Self::Principal => Sentence::OtherPrincipals { count },
            Self::Address => Sentence::OtherAddresses { count },
            Self::Credential => Sentence::OtherCredentials { count },
            Self::Resource => Sentence::OtherResources { count },
        }
    }
}

/// What joins two nodes: events of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node from which it leads, by its index.
    pub source: usize,
    /// The node to which it leads.
    pub target: usize,
    /// What the events are: the name of a step, from an address, or a principal's.
    pub(crate) label: Sentence<'static>,
    /// How many events.
    pub events: usize,
}

/// Makes each node and each edge once.
#[derive(Default)]
struct Builder {
    graph: Graph,
    nodes: HashMap<(NodeKind, String), usize>,
    edges: HashMap<(usize, usize, Sentence<'static>), usize>,
}

impl Graph {
    /// The graph of a story.
    #[must_use]
    pub fn of(events: &Events, story: &Story) -> Self {
        let mut builder = Builder::default();
        for credential in &story.credentials {
            let Some(id) = &credential.id else { continue };
            let mut node = |kind, id: &str| builder.node(kind, id, credential.row, credential.is_for_another());
            let key = node(NodeKind::Credential, id);
            let maker = credential.maker.as_ref().map(|maker| node(NodeKind::Principal, maker));
            let principal = credential.principal.as_ref().map(|principal| node(NodeKind::Principal, principal));
            if let Some(maker) = maker {
                builder.edge(maker, key, Sentence::StepCredential, 1);
            }
            if let Some(principal) = principal {
                builder.edge(key, principal, Sentence::EdgeIsOf, 1);
            }
        }
        for line in &story.lines {
            for row in &line.rows {
                builder.event(events, *row, line);
            }
        }
        builder.graph.bounded(story)
    }

    /// The graph with at most [`MOST`] nodes of each kind, or all members of the story and one node for the other principals.
    fn bounded(&self, story: &Story) -> Self {
        let mut bounded = Builder::default();
        // The number of each node in the bounded graph.
        let mut numbers = vec![0; self.nodes.len()];
        for kind in NodeKind::ALL {
            let mut of_kind: Vec<usize> =
                (0..self.nodes.len()).filter(|index| self.nodes[*index].kind == kind).collect();
            of_kind.sort_by_key(|index| Reverse(self.nodes[*index].strength(story)));
            let members = of_kind.iter().filter(|index| self.nodes[**index].is_member(story)).count();
            let drawn = if of_kind.len() > MOST { members.max(MOST - 1) } else { of_kind.len() };
            let (drawn, others) = of_kind.split_at(drawn);
            let nodes = &mut bounded.graph.nodes;
            for index in drawn {
                numbers[*index] = nodes.len();
                nodes.push(self.nodes[*index].clone());
            }
            for index in others {
                numbers[*index] = nodes.len();
            }
            nodes.extend(self.merged(others));
        }
        for edge in &self.edges {
            bounded.edge(numbers[edge.source], numbers[edge.target], edge.label, edge.events);
        }
        bounded.graph
    }

    /// The node that stands for some nodes of a kind.
    fn merged(&self, indices: &[usize]) -> Option<Node> {
        let nodes = || indices.iter().map(|index| &self.nodes[*index]);
        nodes().next().map(|first| Node {
            id: String::new(),
            events: nodes().map(|node| node.events).sum(),
            concerning: nodes().map(|node| node.concerning).sum(),
            others: indices.len(),
            ..*first
        })
    }
}

impl Node {
    /// What orders the nodes of a kind: the strongest are drawn, the others merged.
    fn strength(&self, story: &Story) -> (bool, bool, usize, usize) {
        let is_member = self.is_member(story);
        (is_member && story.is_suspect(&self.id), is_member, self.concerning, self.events)
    }

    /// Whether it is a principal of the story.
    fn is_member(&self, story: &Story) -> bool {
        self.kind == NodeKind::Principal && story.members.iter().any(|member| member.principal == self.id)
    }
}

impl Builder {
    fn event(&mut self, events: &Events, row: usize, line: &Line) {
        let Some(principal) = line.principal.as_deref() else { return };
        let (step, concerns) = (line.step.name, line.concerns);
        let who = self.node(NodeKind::Principal, principal, row, concerns);
        if let Some(address) = events.one_text(Column::SourceIp, row) {
            let address = self.node(NodeKind::Address, address, row, concerns);
            self.edge(address, who, Sentence::EdgeFrom, 1);
        }
        let Some(resource) = events.one_text(Column::ResourceId, row).filter(|id| *id != principal) else { return };
        let credential = (NodeKind::Credential, resource.to_owned());
        // The edge from a credential's maker is there already.
        if step == Sentence::StepCredential && self.nodes.contains_key(&credential) {
            return;
        }
        let kind = [NodeKind::Credential, NodeKind::Principal];
        let known = kind.into_iter().find(|kind| self.nodes.contains_key(&(*kind, resource.to_owned())));
        let target = self.node(known.unwrap_or(NodeKind::Resource), resource, row, concerns);
        self.edge(who, target, step, 1);
    }

    fn node(&mut self, kind: NodeKind, id: &str, row: usize, concerns: bool) -> usize {
        let nodes = &mut self.graph.nodes;
        let index = *self.nodes.entry((kind, id.to_owned())).or_insert_with(|| {
            nodes.push(Node { kind, id: id.to_owned(), row, events: 0, concerning: 0, others: 0 });
            nodes.len() - 1
        });
        nodes[index].events += 1;
        nodes[index].concerning += usize::from(concerns);
        index
    }

    fn edge(&mut self, source: usize, target: usize, label: Sentence<'static>, events: usize) {
        // Others may act on others.
        if source == target {
            return;
        }
        let edges = &mut self.graph.edges;
        let index = *self.edges.entry((source, target, label)).or_insert_with(|| {
            edges.push(Edge { source, target, label, events: 0 });
            edges.len() - 1
        });
        edges[index].events += events;
    }
}
