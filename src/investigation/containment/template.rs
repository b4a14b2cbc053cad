//! Templates: fixed words, and placeholders whose values are of a form that no caller chooses.

/// What fills placeholders: the value of a name, as an event has it.
pub(super) trait Values {
    /// The value of a placeholder's name.
    fn value(&self, name: &str) -> Option<String>;
}

/// A template with its placeholders filled; `None` where one has no value of its type.
pub(super) fn filled(template: &str, values: &impl Values) -> Option<String> {
    if template.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(2 * template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}')?;
        let (name, form) = placeholder.split_once(':').unwrap_or((placeholder, placeholder));
        text.push_str(before);
        text.push_str(&values.value(name).filter(|value| is_of(form, value))?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The names of a template's placeholders.
pub(super) fn names(template: &str) -> impl Iterator<Item = &str> {
    let placeholders = template.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    placeholders.map(|(placeholder, _)| placeholder.split(':').next().expect("a text has a first part"))
}

/// Whether a value is of a form.
fn is_of(form: &str, value: &str) -> bool {
    match form {
        "uuid" => is_uuid(value),
        "key" => is_access_key(value),
        "region" => is_region(value),
        "zone" => value.rsplit_once('-').is_some_and(|(region, number)| {
            is_region(region) && number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        _ => false,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An access key of Scaleway: 20 characters.
fn is_access_key(text: &str) -> bool {
    text.len() == 20
        && text.starts_with("SCW")
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// A region: `fr-par`, and those to come.
fn is_region(text: &str) -> bool {
    let is_lower = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_lowercase());
    text.split_once('-').is_some_and(|(country, city)| is_lower(country, 2) && is_lower(city, 3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct One(String);

    impl Values for One {
        fn value(&self, _: &str) -> Option<String> {
            Some(self.0.clone())
        }
    }

    #[test]
    fn a_value_of_another_form_fills_nothing() {
        for (form, value) in [
            ("uuid", "11111111-1111-4111-8111-11111111111"),
            ("uuid", "11111111-1111-4111-8111-11111111111g"),
            ("uuid", "1111-11111111-4111-8111-111111111111"),
            ("key", "SCWabcdefghijklmnopq"),
            ("key", "SCW0000000000000000"),
            ("region", "fr_par"),
            ("region", "FR-PAR"),
            ("zone", "fr-par"),
            ("zone", "fr-par-12"),
            ("name", "web"),
        ] {
            assert_eq!(filled(&format!("scw {{x:{form}}}"), &One(value.to_owned())), None, "{form} {value}");
        }
    }

    #[test]
    fn a_value_of_its_form_fills_its_placeholder() {
        for (form, value) in [
            ("uuid", "11111111-1111-4111-8111-1111111111ab"),
            ("key", "SCW00000000000000ABC"),
            ("region", "it-mil"),
            ("zone", "nl-ams-3"),
        ] {
            let text = filled(&format!("scw {{x:{form}}} now"), &One(value.to_owned()));
            assert_eq!(text.as_deref(), Some(&*format!("scw {value} now")));
        }
    }

    proptest! {
        #[test]
        fn a_filled_placeholder_is_one_plain_word(value in any::<String>(), form in "uuid|key|region|zone") {
            if let Some(text) = filled(&format!("{{x:{form}}}"), &One(value)) {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{text}");
            }
        }
    }
}
