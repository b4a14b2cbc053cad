//! An investigation in French: all texts that differ from those in English.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use serde_json::json;

use super::super::show::Show;
use super::{acts, shown_in};
use crate::frame::{Field, Frame};
use crate::locale::Language;

/// The texts of a frame, of its notices and of its fields' names, each with the name of its column.
fn texts(frame: &Frame) -> Vec<(String, String)> {
    let notices = frame.meta.notices.iter().map(|notice| ("notice".to_owned(), notice.text.clone()));
    let columns = frame.fields.iter().filter(|field| *field.values.data_type() == DataType::Utf8);
    let cells = columns.flat_map(|field| {
        let cells = field.values.as_string::<i32>().iter();
        cells.map(|cell| (field.name.clone(), cell.unwrap_or_default().to_owned()))
    });
    let words = |field: &Field| Some(field.config.as_ref()?["displayName"].as_str()?.to_owned());
    let names = frame.fields.iter().filter_map(|field| Some((format!("name of {}", field.name), words(field)?)));
    notices.chain(names).chain(cells).collect()
}

#[test]
fn an_investigation_in_french_is_the_same_in_other_words() {
    let mut written = String::new();
    for (show, _) in Show::ALL {
        let [english, french] = [Language::English, Language::French].map(|language| {
            let mut frames = shown_in(language, &acts(), show, &json!({ "allCandidates": true }));
            frames.extend(shown_in(language, &[], show, &json!({})));
            frames
        });
        assert_eq!(english.len(), french.len());
        let _ = writeln!(written, "{show}");
        let mut known = BTreeSet::new();
        for (english, french) in english.iter().zip(&french) {
            let (english, french) = (texts(english), texts(french));
            assert_eq!(english.len(), french.len());
            for ((name, text), (_, translated)) in english.into_iter().zip(french) {
                if text != translated && known.insert((name.clone(), text)) {
                    let _ = writeln!(written, "  {name}: {translated}");
                }
            }
        }
    }
    assert_eq!(written, include_str!("french.golden.txt"));
}
