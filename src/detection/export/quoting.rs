use std::fmt::Write as _;

/// A text as JSON writes it, which is YAML too. YAML has fewer characters than JSON: the others are escaped.
pub(super) fn text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            write!(quoted, "\\u{:04x}", u32::from(c)).expect("a text takes all");
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// A text of a rule without what Grafana and Loki would take for a template.
pub(super) fn template(text: &str) -> String {
    let mut apart = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '{' | '}') && apart.ends_with(c) {
            apart.push(' ');
        }
        apart.push(c);
    }
    if apart.ends_with('{') {
        // A template may follow.
        apart.push(' ');
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_yaml() {
        let all: String = ('\0'..='\u{ffff}').chain(['😀', '"', '\\']).collect();
        let quoted = text(&all);
        assert_eq!(yaml_serde::from_str::<String>(&quoted).expect("YAML"), all);
        assert_eq!(serde_json::from_str::<String>(&quoted).expect("JSON"), all);
    }

    #[test]
    fn no_template_is_left() {
        assert_eq!(template("{{ .x }} {{{{a}}}} {}"), "{ { .x } } { { { {a} } } } {}");
        assert_eq!(template("a {") + "{{ .x }}", "a { {{ .x }}");
    }
}
