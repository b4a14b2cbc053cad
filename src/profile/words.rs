use super::day::WINDOW;
use super::finding::{Finding, Method, Part};
use super::level::Level;

/// What is named as seldom occurs on at most this part of the days on which the method is called.
const SELDOM: u32 = 3;

/// The names in an event, as a sentence has them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Named<'a> {
    /// The principal.
    pub(crate) who: &'a str,
    /// The method.
    pub(crate) what: &'a str,
    /// The resource.
    pub(crate) which: Option<&'a str>,
    /// The caller's address.
    pub(crate) address: Option<&'a str>,
    /// The caller's country.
    pub(crate) country: Option<&'a str>,
}

impl Finding {
    /// Why an event is as usual as it is, such as "ci does this every night around 02:00 UTC".
    pub(crate) fn words(&self, named: &Named<'_>) -> String {
        if self.known == 0 {
            return "no day before it is known yet".to_owned();
        }
        let deviations = self.deviations(named);
        let words = match self.method {
            Method::Known(_) => {
                let rhythm = self.rhythm.expect("a finding with words has a rhythm").words(self.known);
                let habit = format!("{} does this {rhythm}", named.who);
                if deviations.is_empty() { habit } else { format!("{habit}, but {deviations}") }
            }
            first => {
                let first = match first {
                    Method::NewPrincipal => format!("first event of {} in {WINDOW} days", named.who),
                    Method::NewToAll => format!("first {} by anyone in {WINDOW} days", named.what),
                    _ => format!("first {} by {} in {WINDOW} days", named.what, named.who),
                };
                // All is new to a new principal.
                let is_principal = self.method == Method::NewPrincipal;
                if is_principal || deviations.is_empty() { first } else { format!("{first}, and {deviations}") }
            }
        };
        if self.known < WINDOW { format!("{words} ({} of {WINDOW} days known)", self.known) } else { words }
    }

    /// What differs from the usual beside the method, such as "for the first time from 203.0.113.7".
    fn deviations(&self, named: &Named<'_>) -> String {
        let days = if let Method::Known(days) = self.method { days } else { 0 };
        let parts = [
            (self.address, "from", named.address),
            (self.country, "from the country", named.country),
            (self.resource.filter(|_| days > 0), "on", named.which),
        ];
        let parts: Vec<(Part, String)> =
            parts.into_iter().filter_map(|(part, word, name)| Some((part?, format!("{word} {}", name?)))).collect();
        let is_first = |part: &Part| part.level() == Some(Level::First);
        let first = parts.iter().filter(|(part, _)| is_first(part)).map(|(part, words)| {
            if part.new_to_all { format!("{words}, which nobody used before") } else { words.clone() }
        });
        let hour = self.new_hour.map(|hour| format!("around {hour:02}:00 UTC"));
        let first: Vec<String> = first.chain(hour).collect();
        let seldom: Vec<String> = parts
            .iter()
            .filter(|(part, _)| part.days > 0 && part.days * SELDOM <= days)
            .map(|(part, words)| format!("{words} on {} of {} days only", part.days, self.known))
            .collect();
        let first = (!first.is_empty()).then(|| format!("for the first time {}", first.join(" and ")));
        first.into_iter().chain(seldom).collect::<Vec<_>>().join(", and ")
    }
}
