//! The received calls, for tests that count.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::endpoint::Endpoint;
use super::fault::Fault;

/// The most recorded queries; older ones are dropped.
const REMEMBERED: usize = 10_000;

/// The calls since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// The number of all calls.
    pub total: u64,
    /// The numbers of calls by endpoint.
    pub by_endpoint: BTreeMap<Endpoint, u64>,
    /// The numbers of answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// The numbers of answers with a fault, by its name.
    pub by_fault: BTreeMap<String, u64>,
    /// The most concurrent calls.
    pub most_at_once: usize,
    /// Path and query of each, oldest first; the last ten thousand.
    pub queries: VecDeque<String>,
}

impl Calls {
    /// The number of calls of an endpoint.
    #[must_use]
    pub fn to(&self, endpoint: Endpoint) -> u64 {
        self.by_endpoint.get(&endpoint).copied().unwrap_or_default()
    }

    /// The number of answers with a status.
    #[must_use]
    pub fn answered(&self, status: u16) -> u64 {
        self.by_status.get(&status).copied().unwrap_or_default()
    }

    pub(super) fn record_call(&mut self, endpoint: Endpoint, query: &str, under_way: usize) {
        self.total += 1;
        *self.by_endpoint.entry(endpoint).or_default() += 1;
        self.most_at_once = self.most_at_once.max(under_way);
        if self.queries.len() == REMEMBERED {
            self.queries.pop_front();
        }
        self.queries.push_back(query.to_owned());
    }

    pub(super) fn record_answer(&mut self, status: u16, faults: &[Fault]) {
        *self.by_status.entry(status).or_default() += 1;
        for fault in faults {
            *self.by_fault.entry(fault.to_string()).or_default() += 1;
        }
    }
}
