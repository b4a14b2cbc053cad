//! The documentation against the source: texts that it explains are texts that the plugin shows, and links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// How far apart in the source the parts of one text may stand, in bytes.
const NEAR: usize = 800;

/// Where Grafana's or an operating system's own texts are explained, which are not in the source.
const PAGE: &str = "docs/troubleshooting.md";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Paths of all files below a folder with one of these endings.
fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_str().expect("UTF-8"));
            if entry.file_type().expect("a type").is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn documents() -> Vec<String> {
    let mut found = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    found.extend(files("docs", &[".md"]));
    found.extend(files("skills", &[".md"]));
    found
}

/// A document's lines outside blocks of code and comments.
fn prose(text: &str) -> Vec<&str> {
    let (mut code, mut comment) = (false, false);
    text.lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            code ^= fence;
            comment |= line.starts_with("<!--");
            let hidden = code || fence || comment;
            comment &= !line.ends_with("-->");
            !hidden
        })
        .collect()
}

/// The anchor of a heading on the web pages of repositories.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let kept = letters.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// A document's headings as anchors.
fn anchors(path: &str) -> BTreeSet<String> {
    let text = read(path);
    let mut found = BTreeSet::new();
    for line in prose(&text) {
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            assert!(found.insert(anchor(heading)), "{path} has two headings {heading}");
        }
    }
    found
}

/// Where the links of a line lead: `[text](target)`.
fn links(line: &str) -> Vec<&str> {
    let targets = line.split("](").skip(1);
    targets.filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// A path without `..`, relative to the repository.
fn resolved(document: &str, target: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    for component in folder.join(target).components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part.to_str().expect("UTF-8").to_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

/// What is wrong with the links of a document.
fn broken(document: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for target in prose(text).into_iter().flat_map(links) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, wanted) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() { document.to_owned() } else { resolved(document, file) };
        if !root().join(&file).exists() {
            wrong.push(format!("{document} links to {target}, which does not exist"));
        } else if !wanted.is_empty() && !anchors(&file).contains(wanted) {
            wrong.push(format!("{document} links to {target}, and {file} has no such heading"));
        }
    }
    wrong
}

/// Source with the texts of each statement on one line, as they are shown.
fn unfolded(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("\\\n") {
        text.push_str(before);
        rest = after.trim_start();
    }
    text.push_str(rest);
    text.replace("\\\"", "\"").replace("{{", "{").replace("}}", "}")
}

/// Whether a text is in a source: its fixed parts, which `…` separates, in this order and close together.
fn shows(source: &str, text: &str) -> bool {
    let parts: Vec<&str> = text.split('…').map(str::trim).filter(|part| part.len() > 1).collect();
    let Some((first, others)) = parts.split_first() else { return false };
    source.match_indices(first).any(|(start, _)| {
        let mut end = start + first.len();
        others.iter().all(|part| {
            let mut limit = source.len().min(end + NEAR);
            while !source.is_char_boundary(limit) {
                limit -= 1;
            }
            source[end..limit].find(part).map(|found| end += found + part.len()).is_some()
        })
    })
}

/// The texts of the page, each with its heading.
fn texts(page: &str) -> Vec<(String, String)> {
    let mut heading = String::new();
    let mut found = Vec::new();
    for line in prose(page) {
        if let Some(title) = line.strip_prefix("### ") {
            title.clone_into(&mut heading);
        } else if let Some(text) = line.strip_prefix("> ") {
            found.push((heading.clone(), text.to_owned()));
        }
    }
    found
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let wrong: Vec<String> = documents().iter().flat_map(|document| broken(document, &read(document))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    for (text, expected) in [
        ("[a](missing.md)", 1),
        ("[a](troubleshooting.md#no-such-heading)", 1),
        ("[a](#no-such-heading) and [b](../README.md)", 1),
        ("[a](../../README.md) [b](../src)", 0),
        ("```\n[a](missing.md)\n```", 0),
        ("<!--\n[a](missing.md)\n-->\n[b](missing.md)", 1),
        ("[a](https://example.com/missing.md#x)", 0),
    ] {
        assert_eq!(broken("docs/alert.md", text).len(), expected, "{text}");
    }
}

#[test]
fn every_text_that_is_explained_is_in_the_source() {
    let sources: Vec<String> = files("src", &[".rs"]).iter().map(|path| unfolded(&read(path))).collect();
    let page = read(PAGE);
    let texts = texts(&page);
    let missing: Vec<&str> = texts
        .iter()
        .filter(|(_, text)| !sources.iter().any(|source| shows(source, text)))
        .map(|(_, text)| text.as_str())
        .collect();
    assert!(missing.is_empty(), "not in src/:\n{}", missing.join("\n"));
    assert!(texts.len() > 40, "only {} texts are explained", texts.len());
}

#[test]
fn a_text_that_is_not_in_the_source_is_found() {
    let source = unfolded("#[error(\"only the newest {0} events \\\n        were fetched (setting \\\"x\\\")\")]");
    assert!(shows(&source, "only the newest … events were fetched (setting \"x\")"));
    assert!(!shows(&source, "only the oldest … events"));
    assert!(!shows(&source, "events were fetched … only the newest"));
    assert!(!shows(&source, "…"));
}

#[test]
fn a_text_is_explained_once() {
    let mut headings: BTreeMap<String, String> = BTreeMap::new();
    for (heading, text) in texts(&read(PAGE)) {
        let other = headings.insert(text.clone(), heading.clone());
        assert_eq!(other, None, "{text:?} is explained under {heading:?} too");
    }
}

/// What the plugin, its front end and its tests name as an address on the page.
#[test]
fn every_heading_that_the_source_names_is_on_the_page() {
    let known = anchors(PAGE);
    let mut sources = files("src", &[".rs", ".html"]);
    sources.extend(files("frontend/src", &[".ts", ".tsx", ".json"]));
    for path in sources {
        for rest in read(&path).split("troubleshooting.").skip(1) {
            let Some(target) = rest.strip_prefix("md#").or_else(|| rest.strip_prefix("html#")) else { continue };
            let end = target.find(|letter: char| !letter.is_alphanumeric() && letter != '-').unwrap_or(target.len());
            assert!(end == 0 || known.contains(&target[..end]), "{path} names {PAGE}#{}", &target[..end]);
        }
    }
}
