//! Rules for an editor: their list, the faults of a text, and the fields that rules may name.

use std::time::Instant;

use super::data_source::DataSource;
use super::error::Failure;
use super::rule_store::Rules;
use crate::detection::field::FIELDS;
use crate::detection::{Pack, RuleError, RuleFile};

/// A field that rules may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleField {
    /// The name.
    pub name: &'static str,
    /// A description of the value.
    pub description: &'static str,
    /// The values, where there are few.
    pub values: Vec<String>,
}

impl DataSource {
    /// All rules of the data source, and the faults of the organization's own.
    ///
    /// # Errors
    /// When the folder of rules does not answer.
    pub async fn detection_rules(&self) -> Result<Rules, Failure> {
        self.detections.rules(Instant::now() + self.settings.query_timeout).await
    }

    /// The fields that rules may name.
    #[must_use]
    pub fn detection_fields(&self) -> Vec<RuleField> {
        let values = |name: &str| self.field_values(name);
        FIELDS
            .iter()
            .map(|field| RuleField { name: field.name, description: field.doc, values: values(field.name) })
            .collect()
    }

    fn field_values(&self, name: &str) -> Vec<String> {
        use crate::event::{Kind, status_class};
        use crate::risk::Severity;
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        match name {
            "audittrail.kind" => owned(Kind::ALL.map(Kind::as_str).to_vec()),
            "audittrail.status_class" => owned(status_class::ALL.to_vec()),
            "audittrail.severity" => owned(Severity::ALL.map(Severity::as_str).to_vec()),
            "audittrail.risk_class" => owned(self.rules.classes().into_iter().collect()),
            "audittrail.region" => self.settings.regions.clone(),
            "result" => owned(vec!["success", "failure"]),
            _ => Vec::new(),
        }
    }
}

/// The faults of rules in a text; none where they can be used. In the settings of a data source they are beside the shipped
/// rules, and in a query by themselves.
#[must_use]
pub fn check_rules(text: &str, beside_shipped: bool) -> Vec<RuleError> {
    let files = [RuleFile::new("sigma", text)];
    let (_, mut errors) = if beside_shipped { Pack::with_shipped(&files) } else { Pack::parse(&files) };
    errors.retain(|error| &*error.file == "sigma");
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_settings_are_checked_beside_the_shipped_ones() {
        let shipped = Pack::shipped();
        let name = shipped.rules().iter().find_map(|rule| rule.name.as_deref()).expect("a correlation uses a name");
        let counted = format!(
            "title: Often\nid: often\ncorrelation: {{type: event_count, rules: [{name}], timespan: 5m, condition: {{gte: 3}}}}\n"
        );
        assert_eq!(check_rules(&counted, true), []);
        assert_eq!(check_rules(&counted, false).len(), 1);
        let twin = format!(
            "title: Twin\nid: {}\nlogsource: {{product: scaleway}}\ndetection: {{s: {{method_name: X}}, condition: s}}\n",
            shipped.rules()[0].id
        );
        assert_eq!((check_rules(&twin, true).len(), check_rules(&twin, false).len()), (1, 0));
    }
}
