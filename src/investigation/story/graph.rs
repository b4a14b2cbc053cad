use std::collections::{BTreeMap, HashMap};

use super::outline::Story;
use crate::event::{Column, Events};
use crate::locale::{Language, Sentence};

/// A graph has at most so many nodes of a kind, beside the members of the story; the others are one node.
const MOST: usize = 20;

/// Principals, addresses, credentials and resources, joined by events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The nodes, in the order in which events name them.
    pub nodes: Vec<Node>,
    /// The edges, likewise.
    pub edges: Vec<Edge>,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its kind.
    pub kind: NodeKind,
    /// Its id: of a principal, a resource or a credential, or an address; of others, what they are.
    pub id: String,
    /// The row of an event that names it, for its name.
    pub row: usize,
    /// How many events of the story name it.
    pub events: usize,
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
    /// The principals beyond the most that are shown.
    OtherPrincipals,
    /// The addresses beyond that.
    OtherAddresses,
    /// The credentials beyond that.
    OtherCredentials,
    /// The resources beyond that.
    OtherResources,
}

impl NodeKind {
    /// What a sentence calls a node.
    pub(crate) const fn noun(self) -> Sentence<'static> {
        match self {
            Self::Principal => Sentence::Principal,
            Self::Address => Sentence::Address,
            Self::Credential => Sentence::Credential,
            Self::Resource => Sentence::Resource,
            Self::OtherPrincipals => Sentence::OtherPrincipals,
            Self::OtherAddresses => Sentence::OtherAddresses,
            Self::OtherCredentials => Sentence::OtherCredentials,
            Self::OtherResources => Sentence::OtherResources,
        }
    }

    /// Whether it stands for the nodes of a kind beyond the most.
    pub(crate) const fn is_others(self) -> bool {
        matches!(self, Self::OtherPrincipals | Self::OtherAddresses | Self::OtherCredentials | Self::OtherResources)
    }

    /// The node for those of a kind beyond the most.
    const fn others(self) -> Self {
        match self {
            Self::Principal => Self::OtherPrincipals,
            Self::Address => Self::OtherAddresses,
            Self::Credential => Self::OtherCredentials,
            Self::Resource => Self::OtherResources,
            others => others,
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

/// What makes a node or an edge once.
struct Builder<'a> {
    story: &'a Story,
    graph: Graph,
    /// The node that stands for all nodes beyond the limit.
    nodes: HashMap<(NodeKind, String), usize>,
    edges: HashMap<(usize, usize, Sentence<'static>), usize>,
    counts: BTreeMap<NodeKind, usize>,
}

impl Graph {
    /// The graph of a story.
    #[must_use]
    pub fn of(events: &Events, story: &Story) -> Self {
        let mut builder = Builder {
            story,
            graph: Self::default(),
            nodes: HashMap::new(),
            edges: HashMap::new(),
            counts: BTreeMap::new(),
        };
        for credential in &story.credentials {
            let Some(id) = &credential.id else { continue };
            let node = builder.node(NodeKind::Credential, id, credential.row);
            if let Some(maker) = &credential.maker {
                let maker = builder.node(NodeKind::Principal, maker, credential.row);
                builder.edge(maker, node, Sentence::StepCredential);
            }
            if let Some(principal) = &credential.principal {
                let principal = builder.node(NodeKind::Principal, principal, credential.row);
                builder.edge(node, principal, Sentence::EdgeIsOf);
            }
        }
        for line in &story.lines {
            for row in &line.rows {
                builder.event(events, *row, line.principal.as_deref(), line.step.name);
            }
        }
        builder.graph
    }
}

impl Builder<'_> {
    fn event(&mut self, events: &Events, row: usize, principal: Option<&str>, step: Sentence<'static>) {
        let Some(principal) = principal else { return };
        let who = self.node(NodeKind::Principal, principal, row);
        if let Some(address) = events.one_text(Column::SourceIp, row) {
            let address = self.node(NodeKind::Address, address, row);
            self.edge(address, who, Sentence::EdgeFrom);
        }
        let Some(resource) = events.one_text(Column::ResourceId, row).filter(|id| *id != principal) else { return };
        let credential = (NodeKind::Credential, resource.to_owned());
        // The edge from a credential's maker is there already.
        if step == Sentence::StepCredential && self.nodes.contains_key(&credential) {
            return;
        }
        let kind = [NodeKind::Credential, NodeKind::Principal];
        let known = kind.into_iter().find(|kind| self.nodes.contains_key(&(*kind, resource.to_owned())));
        let target = self.node(known.unwrap_or(NodeKind::Resource), resource, row);
        self.edge(who, target, step);
    }

    fn node(&mut self, kind: NodeKind, id: &str, row: usize) -> usize {
        let key = (kind, id.to_owned());
        if let Some(index) = self.nodes.get(&key) {
            self.graph.nodes[*index].events += 1;
            return *index;
        }
        let is_member = kind == NodeKind::Principal && self.story.members.iter().any(|one| one.principal == id);
        let count = self.counts.entry(kind).or_default();
        let index = if !kind.is_others() && !is_member && *count == MOST {
            let others = kind.others();
            self.node(others, &others.noun().text(Language::English), row)
        } else {
            *count += usize::from(!is_member);
            self.graph.nodes.push(Node { kind, id: id.to_owned(), row, events: 1 });
            self.graph.nodes.len() - 1
        };
        self.nodes.insert(key, index);
        index
    }

    fn edge(&mut self, source: usize, target: usize, label: Sentence<'static>) {
        // Others may act on others.
        if source == target {
            return;
        }
        let edges = &mut self.graph.edges;
        let index = *self.edges.entry((source, target, label)).or_insert_with(|| {
            edges.push(Edge { source, target, label, events: 0 });
            edges.len() - 1
        });
        edges[index].events += 1;
    }
}
