use super::day::WINDOW;
use super::finding::{Finding, Method, Part};
use super::level::Level;
use crate::locale::{Language, Sentence};

/// A value that is named as seldom occurs on at most this part of the days on which the method is called.
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
    pub(crate) fn words(&self, named: &Named<'_>, language: Language) -> String {
        if self.known == 0 {
            return Sentence::NoDayKnown.text(language);
        }
        let (who, what, days) = (named.who, named.what, WINDOW as usize);
        let deviations = &self.deviations(named, language);
        let first = match self.method {
            Method::Known(_) => None,
            Method::NewPrincipal => Some(Sentence::FirstOfPrincipal { who, days }),
            Method::NewToAll => Some(Sentence::FirstByAnyone { what, days }),
            Method::New => Some(Sentence::FirstBy { what, who, days }),
        };
        let words = match first.map(|first| first.text(language)) {
            None => {
                let rhythm = self.rhythm.expect("a finding with words has a rhythm").words(self.known, language);
                let habit = Sentence::Habit { who, rhythm: &rhythm }.text(language);
                match deviations.as_str() {
                    "" => habit,
                    deviations => Sentence::HabitBut { habit: &habit, deviations }.text(language),
                }
            }
            // All is new to a new principal.
            Some(first) if deviations.is_empty() || self.method == Method::NewPrincipal => first,
            Some(first) => Sentence::FirstAnd { first: &first, deviations }.text(language),
        };
        if self.known == WINDOW {
            return words;
        }
        Sentence::DaysKnown { words: &words, known: self.known as usize, days }.text(language)
    }

    /// What differs from the usual beside the method, such as "for the first time from 203.0.113.7".
    fn deviations(&self, named: &Named<'_>, language: Language) -> String {
        let days = if let Method::Known(days) = self.method { days } else { 0 };
        let parts = [
            (self.address, named.address.map(|what| Sentence::From { what })),
            (self.country, named.country.map(|what| Sentence::FromCountry { what })),
            (self.resource.filter(|_| days > 0), named.which.map(|what| Sentence::On { what })),
        ];
        let parts: Vec<(Part, String)> =
            parts.into_iter().filter_map(|(part, words)| Some((part?, words?.text(language)))).collect();
        let is_first = |part: &Part| part.level() == Some(Level::First);
        let first = parts.iter().filter(|(part, _)| is_first(part)).map(|(part, what)| {
            if part.new_to_all { Sentence::NobodyBefore { what }.text(language) } else { what.clone() }
        });
        let hour = self.new_hour.map(|hour| Sentence::AroundHour { hour: &format!("{hour:02}") }.text(language));
        let first: Vec<String> = first.chain(hour).collect();
        let seldom: Vec<String> = parts
            .iter()
            .filter(|(part, _)| part.days > 0 && part.days * SELDOM <= days)
            .map(|(part, what)| {
                let (days, known) = (part.days as usize, self.known as usize);
                Sentence::SeldomOn { what, days, known }.text(language)
            })
            .collect();
        let what = &first.join(&Sentence::Conjunction.text(language));
        let first = (!first.is_empty()).then(|| Sentence::ForTheFirstTime { what }.text(language));
        let all: Vec<String> = first.into_iter().chain(seldom).collect();
        all.join(&Sentence::LastConjunction.text(language))
    }
}
