//! From the rules that a query asks for to those that it gets.

use std::sync::Arc;
use std::time::Instant;

use super::data_source::DataSource;
use super::documentation::Topic;
use super::error::Failure;
use super::model::Query;
use super::request::Request;
use super::rule_choice::{ChosenRules, RuleChoice, concerning};
use super::rule_store::Rules;
use super::text::{listed, plain};
use crate::detection::{Pack, RuleError, RuleFile};
use crate::frame::Notice;
use crate::locale::{Language, Sentence};

/// The name of a query's own rules.
const OWN: &str = "sigma";

/// The most broken rules with a notice of their own.
const MOST_NOTICES: usize = 5;

impl DataSource {
    /// A query whose question knows its rules, and notices about those that it does not get; the query as it is where its question
    /// is not about rules.
    ///
    /// # Errors
    /// When the query's own rules cannot be used; under an alert rule also when it selects a rule that cannot be used, or none.
    pub(super) async fn with_rules(
        &self,
        query: Query,
        request: &Request,
        deadline: Instant,
    ) -> Result<(Query, Vec<Notice>), Failure> {
        let Some(choice) = query.question.rules() else { return Ok((query, Vec::new())) };
        let rules = match &choice.text {
            Some(text) => own(text)?,
            None => self.detections.rules(deadline).await?,
        };
        let (chosen, notices) = choose(choice, &rules, request, query.language)?;
        let question = query.question.with_rules(chosen).expect("a question about rules takes them");
        Ok((Query { question, ..query }, notices))
    }
}

/// The rules of a query's text.
fn own(text: &str) -> Result<Rules, Failure> {
    let (pack, errors) = Pack::parse(&[RuleFile::new(OWN, text)]);
    if errors.is_empty() {
        return Ok(Rules { pack: Arc::new(pack), problems: Arc::default() });
    }
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Err(Failure::input(format!("the query's own rules cannot be used: {}", listed(Language::English, &errors))))
}

/// The rules that are selected, and notices about the others.
fn choose(
    choice: &RuleChoice,
    rules: &Rules,
    request: &Request,
    language: Language,
) -> Result<(ChosenRules, Vec<Notice>), Failure> {
    let broken = concerning(choice, &rules.problems);
    if request.from_alert
        && let Some(first) = broken.first()
    {
        return Err(Failure::input(format!(
            "a rule that cannot be used is among those that the alert rule selects, so that its matches would be missed: {first}"
        )));
    }
    let mut notices = about_broken(&broken, language);
    let shown = rules.pack.select(&choice.selection);
    if let Some(text) = no_rule(choice, &rules.pack, &shown, language) {
        if request.from_alert {
            return Err(Failure::input(text));
        }
        notices.push(Topic::UnknownRule.warning(text));
    }
    let chosen = ChosenRules { pack: Arc::clone(&rules.pack), shown, is_own: choice.text.is_some() };
    if !request.redacted {
        return Ok((chosen, notices));
    }
    let (chosen, hidden) = visible(choice, chosen)?;
    notices.extend((hidden > 0).then(|| Topic::Hidden.info(Sentence::RulesHidden { hidden }.text(language))));
    Ok((chosen, notices))
}

/// Notices about rules that cannot be used.
fn about_broken(broken: &[&RuleError], language: Language) -> Vec<Notice> {
    let notice = |error: &&RuleError| {
        Topic::BrokenRule.warning(Sentence::RuleBroken { error: &error.to_string() }.text(language))
    };
    let mut notices: Vec<Notice> = broken.iter().take(MOST_NOTICES).map(notice).collect();
    if let Some(more) = broken.len().checked_sub(MOST_NOTICES).filter(|more| *more > 0) {
        notices.push(Topic::BrokenRule.warning(Sentence::RulesBroken { more }.text(language)));
    }
    notices
}

/// What says that a query asks for rules that are not there, or for none.
fn no_rule(choice: &RuleChoice, pack: &Pack, shown: &[usize], language: Language) -> Option<String> {
    let selection = &choice.selection;
    let called = |id: &String| pack.rules().iter().find(|rule| rule.id == *id || rule.name.as_ref() == Some(id));
    let quoted = |id: &String| format!("{:?}", plain(id));
    let unknown: Vec<String> = selection.ids.iter().filter(|id| called(id).is_none()).map(quoted).collect();
    if let [names] = &unknown[..] {
        return Some(Sentence::RuleUnknown { names }.text(language));
    }
    if !unknown.is_empty() {
        return Some(Sentence::RulesUnknown { names: &listed(language, &unknown) }.text(language));
    }
    if let Some(id) = selection.ids.iter().find(|id| called(id).is_some_and(|rule| !rule.is_shown)) {
        return Some(Sentence::RuleForCorrelations { name: &quoted(id) }.text(language));
    }
    let tagged = |tag: &String| pack.rules().iter().any(|rule| rule.is_shown && rule.tags.contains(tag));
    if let Some(tag) = selection.tags.iter().find(|tag| !tagged(tag)) {
        return Some(Sentence::TagUnknown { name: &quoted(tag) }.text(language));
    }
    let restricts = !selection.levels.is_empty() || !selection.tags.is_empty() || !selection.ids.is_empty();
    (shown.is_empty() && restricts).then(|| Sentence::NoRule.text(language))
}

/// The rules without those that read what viewers may not see, and how many these are.
///
/// # Errors
/// When the query asks for such a rule by itself, or for no other: whether it matches would tell.
fn visible(choice: &RuleChoice, chosen: ChosenRules) -> Result<(ChosenRules, usize), Failure> {
    let is_hidden = |number: &usize| chosen.reads_details(*number);
    let (hidden, shown): (Vec<usize>, Vec<usize>) = chosen.shown.iter().copied().partition(is_hidden);
    let is_asked_for = choice.text.is_some() || !choice.selection.ids.is_empty();
    if let Some(first) = hidden.first()
        && (is_asked_for || shown.is_empty())
    {
        let title = plain(&chosen.pack.rules()[*first].title).into_owned();
        return Err(Failure::hidden(&format!("the rule {title:?} reads request bodies or source addresses")));
    }
    let count = hidden.len();
    Ok((ChosenRules { shown, ..chosen }, count))
}
