//! The labels of a match: who, from where, on what.
//!
//! A rule without a window is about one event, whose principal, address and resource are the labels. A rule with a window is
//! about a group: its keys are the labels. Of those that it is not grouped by, principal and address are those of one event, at
//! which it fires, and the resource is `(none)`: a window has many.

use std::collections::HashMap;

use super::super::answer::Answer;
use super::super::condition::NONE;
use super::super::dimension::Dimension;
use super::super::keys::Keys;
use super::super::text;
use super::evaluation::Evaluation;
use crate::detection::window::Group;
use crate::event::Column;

/// The fields of rules that name a principal.
const PRINCIPAL: [&str; 2] = ["principal.id", "audittrail.principal_name"];

/// The field of rules that has the address.
const ADDRESS: &str = "source_ip";

/// The fields of rules that name a resource.
const RESOURCE: [&str; 2] = ["resources[any].name", "resources[any].id"];

/// Who, from where, on what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Labels {
    /// The principal's name, or else its id.
    pub(super) principal: String,
    /// The source address.
    pub(super) source_ip: String,
    /// The resource's name, or else its id.
    pub(super) resource: String,
}

/// The columns of an answer that labels are made of.
pub(super) struct LabelColumns<'a> {
    answer: &'a Answer,
    principal: Keys<'a>,
    address: Keys<'a>,
    name: Keys<'a>,
    id: Keys<'a>,
    /// The labels of texts, each of which is cleaned once.
    cleaned: HashMap<String, String>,
}

impl<'a> LabelColumns<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let column = |column| answer.keys(Dimension::Column(column));
        Self {
            answer,
            principal: answer.keys(Dimension::Principal),
            address: column(Column::SourceIp),
            name: column(Column::ResourceName),
            id: column(Column::ResourceId),
            cleaned: HashMap::new(),
        }
    }

    /// The labels of a firing or match of a rule: of its group, and else of the event of `row`.
    pub(super) fn labels(&mut self, evaluation: &Evaluation<'_>, rule: usize, group: &Group, row: usize) -> Labels {
        if !evaluation.has_window(rule) {
            let resource = self.name.get(row).or_else(|| self.id.get(row));
            let texts = [self.principal.get(row), self.address.get(row), resource];
            let [principal, source_ip, resource] = texts.map(|text| text.map(str::to_owned));
            return self.cleaned([principal, source_ip, resource]);
        }
        let keys: Vec<(&str, Option<&str>)> = evaluation.keys(rule, group).collect();
        let key = |names: &[&str]| {
            let found = names.iter().find_map(|name| keys.iter().find(|(key, _)| key == name));
            found.and_then(|(name, text)| Some((*name, (*text)?)))
        };
        let principal = key(&PRINCIPAL).map(|(name, text)| match name {
            "principal.id" => self.answer.name(text).unwrap_or(text).to_owned(),
            _ => text.to_owned(),
        });
        let source_ip = key(&[ADDRESS]).map(|(_, text)| super::super::address::canonical(text).into_owned());
        let resource = key(&RESOURCE).map(|(_, text)| text.to_owned());
        let principal = principal.or_else(|| self.principal.get(row).map(str::to_owned));
        let source_ip = source_ip.or_else(|| self.address.get(row).map(str::to_owned));
        self.cleaned([principal, source_ip, resource])
    }

    fn cleaned(&mut self, texts: [Option<String>; 3]) -> Labels {
        let [principal, source_ip, resource] = texts.map(|text| match text {
            None => NONE.to_owned(),
            Some(text) => {
                let clean = |text: &String| text::label(text).into_owned();
                self.cleaned.entry(text).or_insert_with_key(clean).clone()
            }
        });
        Labels { principal, source_ip, resource }
    }
}
