use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::language::Language;
use super::sentence::{DECLARED, Sentence, TABLE};
use super::table::read;

#[test]
fn each_sentence_has_a_text_in_each_language_with_the_same_values() {
    assert_eq!(TABLE.len(), DECLARED.len());
    let names: BTreeSet<&str> = DECLARED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), DECLARED.len(), "a name is declared once");
}

#[test]
fn a_defect_of_the_table_is_named() {
    let declared: &[(&str, &[&str])] = &[("Quiet", &[]), ("Since", &["time"])];
    let table = |rows: &str| read(&format!("sentence,english,french\n{rows}"), declared).map(|texts| texts.len());
    assert_eq!(table("Since,since {time},depuis {time}\nQuiet,quiet,calme\n"), Ok(2));
    for (rows, expected) in [
        ("Quiet,quiet,calme\n", "Since is missing"),
        ("Quiet,quiet,calme\nQuiet,quiet,calme\n", "Quiet is there twice"),
        ("Quiet,quiet,calme\nSince,since {time},depuis\n", "Since, french: time is missing"),
        ("Quiet,quiet,calme\nSince,since {times},depuis {time}\n", "Since, english: no value times"),
        ("Quiet,quiet,\nSince,since {time},depuis {time}\n", "Quiet, french: no text"),
        ("Quiet,quiet,calme\nSince,since {time},depuis {time}\nOther,other,autre\n", "Other is not declared"),
    ] {
        assert_eq!(table(rows), Err(format!("sentences.csv: {expected}")), "{rows}");
    }
}

/// The files below a folder, without those of this module.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.parent() != Some(&source().join("locale")) {
            found.push(path);
        }
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn each_sentence_is_used() {
    let mut found = Vec::new();
    files(&source(), &mut found);
    let mut names = BTreeSet::new();
    for path in &found {
        let text = fs::read_to_string(path).expect("a file of the source");
        // In code a sentence is a variant, in a table it is a cell.
        let separators: &[&str] =
            if path.extension().is_some_and(|one| one == "csv") { &[",", "\n"] } else { &["Sentence::"] };
        for separator in separators {
            let name = |part: &str| part.split(|c: char| !c.is_ascii_alphanumeric()).next().map(str::to_owned);
            names.extend(text.split(separator).skip(1).filter_map(name));
        }
    }
    let unused: Vec<&str> = DECLARED.iter().map(|(name, _)| *name).filter(|name| !names.contains(*name)).collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn only_a_sentence_without_values_can_be_read_from_a_table() {
    let read = |name: &str| serde_json::from_value::<Sentence<'static>>(name.into());
    assert_eq!(read("Suspect").expect("a word"), Sentence::Suspect);
    for name in ["BeforeOnset", "suspect", ""] {
        let error = read(name).expect_err("no word");
        assert!(error.to_string().contains("is no sentence without values"), "{error}");
    }
}

#[test]
fn french_texts_have_french_spaces_and_apostrophes() {
    let table = include_str!("sentences.csv");
    let rows: Vec<[String; 3]> = csv::Reader::from_reader(table.as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .expect("sentences.csv is well formed");
    for [sentence, _, french] in rows {
        // Within braces, signs are those of templates.
        let text: String = french.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
        assert!(!text.contains('\''), "{sentence}: {text}");
        let before = text.match_indices([':', ';', '!', '?']).map(|(at, _)| text[..at].chars().next_back());
        assert!(before.flatten().all(char::is_whitespace), "{sentence}: {text}");
    }
}

#[test]
fn a_language_counts_as_its_grammar_does() {
    let text = |language, suspects| Sentence::FirstSuspects { shown: 1, suspects }.text(language);
    assert_eq!(text(Language::English, 3), "the first 1 of 3 suspects are shown (suspects)");
    assert_ne!(text(Language::French, 3), text(Language::English, 3));
    let calm = |series| Sentence::Calm { series }.text(Language::French);
    assert!(calm(1).starts_with("sur 1 série de l’expression, aucune n’a "), "{}", calm(1));
    assert!(calm(3).starts_with("sur 3 séries de l’expression, aucune n’a "), "{}", calm(3));
}
