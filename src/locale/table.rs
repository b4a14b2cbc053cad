use std::collections::BTreeMap;

use serde::Deserialize;

use super::language::Language;
use super::template::Template;

/// A row of `sentences.csv`.
#[derive(Deserialize)]
struct Row {
    sentence: String,
    english: String,
    french: String,
}

/// The texts of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts {
    english: Template,
    french: Template,
}

impl Texts {
    pub(super) fn of(&self, language: Language) -> &Template {
        match language {
            Language::English => &self.english,
            Language::French => &self.french,
        }
    }
}

/// Reads a table with a row for each of some sentences, which have names and values.
pub(super) fn read(table: &str, declared: &[(&str, &[&str])]) -> Result<Vec<Texts>, String> {
    let mut rows = BTreeMap::new();
    for row in csv::Reader::from_reader(table.as_bytes()).into_deserialize() {
        let row: Row = row.map_err(|error| format!("sentences.csv: {error}"))?;
        if let Some(twice) = rows.insert(row.sentence.clone(), row) {
            return Err(format!("sentences.csv: {} is there twice", twice.sentence));
        }
    }
    let texts = declared.iter().map(|(name, values)| {
        let row = rows.remove(*name).ok_or_else(|| format!("sentences.csv: {name} is missing"))?;
        let template = |language: &str, text: &str| {
            Template::read(text, values).map_err(|defect| format!("sentences.csv: {name}, {language}: {defect}"))
        };
        Ok(Texts { english: template("english", &row.english)?, french: template("french", &row.french)? })
    });
    let texts = texts.collect::<Result<_, String>>()?;
    match rows.into_keys().next() {
        Some(unused) => Err(format!("sentences.csv: {unused} is not declared")),
        None => Ok(texts),
    }
}
