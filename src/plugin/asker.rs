//! The origin of a query from Grafana's headers: an alert rule, a dashboard's panel, an expression or Explore.
//!
//! Only the headers named here are read; others may contain a user's token.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::query::text;

/// The origin of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Asker {
    /// An alert rule.
    pub(super) is_alert: bool,
    /// A panel's expression.
    pub(super) is_expression: bool,
    /// The rule's name and uid.
    pub(super) rule: Named,
    /// The dashboard's title and uid.
    pub(super) dashboard: Named,
    /// The panel's title and id.
    pub(super) panel: Named,
}

/// An object of Grafana: its name for people, and its id or uid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
}

impl Asker {
    pub(super) fn of(headers: &HashMap<String, String>) -> Self {
        Self {
            is_alert: is_true(headers, "fromalert"),
            is_expression: is_true(headers, "x-grafana-from-expr"),
            // Alerting escapes a rule's name and uid as in a form; Grafana's proxy escapes a title's characters outside ASCII.
            rule: Named::of(headers, ["x-rule-name", "x-rule-uid"], form_decoded),
            dashboard: Named::of(headers, ["x-dashboard-title", "x-dashboard-uid"], percent_decoded),
            panel: Named::of(headers, ["x-panel-title", "x-panel-id"], percent_decoded),
        }
    }
}

impl Named {
    fn of(headers: &HashMap<String, String>, names: [&str; 2], decoded: fn(&str) -> String) -> Self {
        let [name, id] = names.map(|name| {
            let text = decoded(header(headers, name)?);
            Some(text::plain(&text).into_owned()).filter(|text| !text.is_empty())
        });
        Self { name, id }
    }
}

/// The value of a header. The name's case and prefix depend on the header's way through Grafana.
fn header<'a>(headers: &'a HashMap<String, String>, wanted: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("http_").unwrap_or(&name) == wanted
    });
    found.map(|(_, value)| value.trim())
}

fn is_true(headers: &HashMap<String, String>, name: &str) -> bool {
    header(headers, name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

/// A text with its escapes (`%20`) decoded; a lone `%` stays.
fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A form's text decoded, where a plus sign is a space.
fn form_decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(headers: &[(&str, &str)]) -> Asker {
        Asker::of(&headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn headers_identify_alert_rules_and_expressions() {
        let is_alert = |name, value| asker(&[(name, value)]).is_alert;
        assert!(is_alert("FromAlert", "true"));
        assert!(is_alert("Fromalert", "true"));
        assert!(is_alert("http_FromAlert", "true"));
        assert!(is_alert("FromAlert", " True "));
        assert!(is_alert("FromAlert", "1"));
        assert!(!is_alert("FromAlert", "0"));
        assert!(!is_alert("FromAlert", "false"));
        assert!(!is_alert("X-Rule-Uid", "true"));
        assert!(asker(&[("http_X-Grafana-From-Expr", "true")]).is_expression);
        assert!(!asker(&[("X-Grafana-From-Expr", "")]).is_expression);
    }

    #[test]
    fn headers_name_rules_and_panels() {
        let rule = asker(&[("http_X-Rule-Name", "Somebody+logs%20in+%26+out"), ("http_X-Rule-Uid", "ab-1")]).rule;
        assert_eq!((rule.name.as_deref(), rule.id.as_deref()), (Some("Somebody logs in & out"), Some("ab-1")));
        let of_panel = [
            ("http_X-Dashboard-Uid", "d1"),
            ("X-Dashboard-Title", "Acc%C3%A8s 100% C++"),
            ("x-panel-id", "7"),
            ("http_X-Panel-Title", ""),
        ];
        let Asker { dashboard, panel, .. } = asker(&of_panel);
        assert_eq!((dashboard.name.as_deref(), dashboard.id.as_deref()), (Some("Accès 100% C++"), Some("d1")));
        assert_eq!((panel.name, panel.id.as_deref()), (None, Some("7")));
    }

    #[test]
    fn a_title_has_no_hidden_characters_and_a_bounded_length() {
        let long = "x".repeat(9_000);
        for (title, shown) in [
            ("a%0d%0ab%E2%80%AEc\u{200b}%1b[31m", "a bc[31m".to_owned()),
            ("%ff%f", "\u{fffd}%f".to_owned()),
            ("%e9é%", "\u{fffd}é%".to_owned()),
            (long.as_str(), "x".repeat(80) + "…"),
        ] {
            assert_eq!(asker(&[("X-Panel-Title", title)]).panel.name, Some(shown), "{title}");
        }
        assert_eq!(asker(&[("X-Panel-Title", "%00")]).panel.name, None);
    }

    #[test]
    fn other_headers_are_ignored() {
        let secret = [
            ("Authorization", "Bearer secret"),
            ("X-Grafana-Id", "secret"),
            ("Cookie", "secret"),
            ("http_X-ID-Token", "secret"),
        ];
        assert_eq!(asker(&secret), Asker::default());
    }
}
