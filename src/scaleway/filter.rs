//! The filters of the Audit Trail API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Column, Kind, List};

/// A parameter by which the API filters events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Param {
    /// The product.
    Product,
    /// The service.
    Service,
    /// The method.
    Method,
    /// The principal's id.
    Principal,
    /// The HTTP status code.
    Status,
    /// The project's id.
    Project,
    /// The type of one of the resources.
    ResourceType,
}

impl Param {
    /// The parameter's name in the API, its name for people, and the text column that the API compares, if it does.
    fn row(self) -> (&'static str, &'static str, Option<Column>) {
        match self {
            Self::Product => ("product_name", "product", Some(Column::Product)),
            Self::Service => ("service_name", "service", Some(Column::Service)),
            Self::Method => ("method_name", "method", Some(Column::Method)),
            Self::Principal => ("principal_id", "principal", Some(Column::PrincipalId)),
            Self::Status => ("status", "status", None),
            Self::Project => ("project_id", "project", Some(Column::Project)),
            Self::ResourceType => ("resource_type", "resource type", None),
        }
    }

    /// The parameter's name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The parameter's name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().1
    }

    /// The text column that the API compares, if it compares one.
    #[must_use]
    pub fn column(self) -> Option<Column> {
        self.row().2
    }

    /// Whether a list of the API has the parameter.
    fn is_of(self, list: List) -> bool {
        match list {
            List::Of(kind) => kind == Kind::Api,
            List::Combined => matches!(self, Self::Project | Self::ResourceType),
        }
    }
}

/// Values of some parameters; an event has to equal all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filter(BTreeMap<Param, String>);

impl Filter {
    /// The same filter with a value of a parameter.
    #[must_use]
    pub fn with(&self, param: Param, value: &str) -> Self {
        let mut filter = self.clone();
        filter.0.insert(param, value.to_owned());
        filter
    }

    /// The value of a parameter.
    #[must_use]
    pub fn get(&self, param: Param) -> Option<&str> {
        self.0.get(&param).map(String::as_str)
    }

    /// The parameters that have a value.
    pub fn iter(&self) -> impl Iterator<Item = (Param, &str)> {
        self.0.iter().map(|(param, value)| (*param, value.as_str()))
    }

    /// The part of the filter for which a list of the API has parameters; the caller applies the rest.
    pub(crate) fn known_to(&self, list: List) -> Self {
        let mut filter = self.clone();
        filter.0.retain(|param, _| param.is_of(list));
        filter
    }

    /// Whether this filter passes all events that `other` passes.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.iter().all(|(param, value)| other.get(param) == Some(value))
    }
}
