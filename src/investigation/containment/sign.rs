use serde::{Deserialize, Deserializer, de::Error};

use crate::risk::{Action, Body, When, letters};

/// What an event is that shows that a remedy was applied or reverted: a method and a condition, such as
/// `ServerAction:action=poweroff`.
#[derive(Debug)]
pub(super) struct Sign {
    method: String,
    when: When,
}

/// Signs of a cell of the table, with spaces between them.
#[derive(Debug)]
pub(super) struct Signs(Vec<Sign>);

impl Sign {
    fn parse(text: &str) -> Result<Self, String> {
        let (method, when) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { method: method.to_owned(), when: When::parse(when)? })
    }

    fn is_of(&self, method: &str) -> bool {
        letters(&self.method).eq(letters(method))
    }
}

impl<'de> Deserialize<'de> for Signs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let signs = text.split(' ').filter(|sign| !sign.is_empty()).map(Sign::parse);
        signs.collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

impl Signs {
    /// Whether one of them is of a method, whatever its condition.
    pub(super) fn are_of(&self, method: &str) -> bool {
        self.0.iter().any(|sign| sign.is_of(method))
    }

    /// Whether one of them is an action.
    pub(super) fn are_met_by(&self, action: &Action<'_>) -> bool {
        let Some(method) = action.method else { return false };
        let body = Body::new(action.request_body);
        self.0.iter().any(|sign| sign.is_of(method) && sign.when.is_true(action, &body))
    }
}
