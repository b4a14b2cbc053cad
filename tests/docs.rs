//! The documentation against the source: texts that it explains are texts that the plugin shows, and links lead somewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

/// The most bytes between the parts of one text in the source.
const NEAR: usize = 800;

/// The page that explains texts. Those of Grafana and of operating systems are not in the source.
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

/// The broken links of a document.
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
    let sources: Vec<String> =
        files("src", &[".rs", "sentences.csv"]).iter().map(|path| unfolded(&read(path))).collect();
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

/// The plugin, its front end and its tests name headings of the page.
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

/// The sources of the errors that users see: without the simulated Scaleway, the test host and programs for a terminal.
fn error_sources() -> Vec<String> {
    let mut sources = files("src", &[".rs"]);
    sources.retain(|path| !["src/sandbox/", "src/bin/", "src/host.rs"].iter().any(|other| path.starts_with(other)));
    sources
}

/// Source without its tests, and with its texts as `unfolded` has them, but for escaped quotes and braces.
fn without_tests(source: &str) -> String {
    let end = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\npub"].iter().filter_map(|start| source.find(start)).min();
    let mut text = String::with_capacity(source.len());
    for line in source[..end.unwrap_or(source.len())].lines().filter(|line| !line.trim_start().starts_with("//")) {
        match line.strip_suffix('\\') {
            Some(folded) => text.push_str(if text.ends_with('\n') { folded } else { folded.trim_start() }),
            None if text.ends_with('\n') || text.is_empty() => text.extend([line, "\n"]),
            None => text.extend([line.trim_start(), "\n"]),
        }
    }
    text
}

/// The texts between quotes in code.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // A letter between apostrophes, not a lifetime.
            '\'' if letters.clone().nth(1) == Some('\'') => drop(letters.nth(1)),
            '"' => {
                let mut text = String::new();
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    text.extend(if letter == '\\' { letters.next() } else { Some(letter) });
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// Code up to the bracket or, where `ends` says so, the comma or semicolon that ends it.
fn until<'a>(code: &'a str, ends: &[char]) -> &'a str {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (position, letter) in code.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return &code[..position],
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 && ends.contains(&letter) => return &code[..position],
            _ => {}
        }
    }
    code
}

/// A text with "…" for what varies.
fn varying(literal: &str) -> String {
    let mut text = String::new();
    let mut rest = literal.replace("{{", "\u{1}").replace("}}", "\u{2}");
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        text.push('…');
        rest = after.split_once('}').map_or(String::new(), |(_, rest)| rest.to_owned());
    }
    text.push_str(&rest);
    text.replace('\u{1}', "{").replace('\u{2}', "}")
}

/// Whether a text has words of its own; a text without words only wraps another one.
fn has_words(text: &str) -> bool {
    text.split('…').any(|part| part.trim().contains(' ') || part.chars().filter(|c| c.is_alphabetic()).count() > 6)
}

/// The English texts of the sentences that code names.
fn sentences(code: &str) -> Vec<String> {
    static TABLE: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
        let table = read("src/locale/sentences.csv");
        let rows = csv::Reader::from_reader(table.as_bytes()).into_deserialize();
        let row = |row: Result<(String, String, String), _>| row.expect("sentences.csv is well formed");
        rows.map(row).map(|(name, english, _)| (name, english)).collect()
    });
    let names = code.split("Sentence::").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
    names.filter_map(|name| TABLE.get(name).cloned()).collect()
}

/// The texts of code that have words of their own.
fn own_texts(code: &str) -> Vec<String> {
    let texts = [literals(code), sentences(code)].concat();
    texts.iter().map(|text| varying(text)).filter(|text| has_words(text)).collect()
}

/// The texts of an expression of code, or `None` if they cannot be found.
fn texts_of(source: &str, position: usize, expression: &str) -> Option<Vec<String>> {
    let expression = expression.trim();
    let texts = own_texts(expression);
    if !texts.is_empty() {
        return Some(texts);
    }
    // The texts of wrapped errors are found where the errors are made.
    let handed_on = |name: &str| ["error", "failure", "gap"].contains(&name);
    if expression.strip_suffix(".to_string()").is_some_and(handed_on) {
        return Some(Vec::new());
    }
    let before = &source[..position];
    let made = |name: &str| -> Option<Vec<String>> {
        let found = before.rfind(&format!("let {name} ="))?;
        Some(own_texts(until(&before[found..], &[';']))).filter(|texts| !texts.is_empty())
    };
    // format!("{place}: {gap}")
    if let [template] = &literals(expression)[..1.min(literals(expression).len())] {
        let names = template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let texts: Vec<String> = names.iter().filter_map(|name| made(name)).flatten().collect();
        return (!texts.is_empty() || names.iter().any(|name| handed_on(name))).then_some(texts);
    }
    let end = expression.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(expression.len());
    let name = &expression[..end];
    // A text of one of these functions, called just before.
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(NEAR))..];
    let from_maker = || MAKERS.iter().any(|maker| near.contains(&format!("{maker}(")));
    made(name).or_else(|| (near.contains(&format!("Some({name})")) && from_maker()).then(Vec::new))
}

/// Functions that make the text of an error for others.
const MAKERS: [&str; 5] = ["no_principal", "trouble", "no_access", "no_answer", "no_rule"];

/// The errors of a source: the line of each, and its texts, or `None` if these cannot be found.
fn errors(source: &str) -> Vec<(usize, Option<Vec<String>>)> {
    let mut found = Vec::new();
    let mut add = |position: usize, texts| found.push((source[..position].matches('\n').count() + 1, texts));
    for (position, pattern) in source.match_indices("#[error(") {
        let texts =
            literals(until(&source[position + pattern.len()..], &[','])).iter().map(|text| varying(text)).collect();
        add(position, Some(texts));
    }
    for constructor in ["Failure::input(", "Failure::internal(", "Self::input(", "Self::internal("] {
        for (position, _) in source.match_indices(constructor) {
            add(position, texts_of(source, position, until(&source[position + constructor.len()..], &[])));
        }
    }
    // Beside the declaration and the two constructors.
    for (position, pattern) in source.match_indices("Failure { message") {
        let value = until(&source[position + pattern.len()..], &[',']).trim_start_matches(':');
        add(position, texts_of(source, position, if value.trim().is_empty() { "message" } else { value }));
    }
    for maker in MAKERS {
        for (position, _) in source.match_indices(&format!("fn {maker}(")) {
            let body = source[position..].find("{\n").map_or("", |start| until(&source[position + start + 1..], &[]));
            add(position, Some(own_texts(body)));
        }
    }
    found
}

/// Whether a text of the page is the text of an error, or its beginning: "…" stands for any text.
fn explains(explained: &str, text: &str) -> bool {
    let mut parts = explained.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    parts.all(|part| {
        let found = rest.find(part);
        rest = found.map_or("", |found| &rest[found + part.len()..]);
        found.is_some()
    })
}

#[test]
fn every_error_of_the_source_is_explained() {
    let page = read(PAGE);
    let texts = texts(&page);
    let (mut wrong, mut all) = (Vec::new(), 0);
    for path in error_sources() {
        for (line, found) in errors(&without_tests(&read(&path))) {
            let Some(found) = found else {
                wrong.push(format!(
                    "{path}, about line {line} ({}): write the error's text where it is made, or in MAKERS",
                    without_tests(&read(&path)).lines().nth(line - 1).unwrap_or_default().trim()
                ));
                continue;
            };
            for text in found.iter().filter(|text| has_words(text)) {
                all += 1;
                if !texts.iter().any(|(_, explained)| explains(explained, text)) {
                    wrong.push(format!("{path} has the text {text:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{PAGE} has no heading with these texts:\n{}", wrong.join("\n"));
    assert!(all > 50, "only {all} texts of errors were found");
}

#[test]
fn an_error_without_an_explanation_is_found() {
    let says = |source: &str| errors(&without_tests(source)).into_iter().map(|(_, texts)| texts).collect::<Vec<_>>();
    let text = |text: &str| Some(vec![text.to_owned()]);
    for (source, expected) in [
        ("#[error(\"the disk of {host} is full\")]\nFull {", vec![text("the disk of … is full")]),
        ("#[error(\n    \"the disk is {} % \\\n     full\", 100 - free\n)]", vec![text("the disk is … % full")]),
        ("return Err(Failure::input(format!(\"the disk is {}\", a(\", \"))));", vec![text("the disk is …")]),
        ("Failure::internal(\"a \\\"disk\\\" broke\".to_owned())", vec![text("a \"disk\" broke")]),
        ("let text =\n    format!(\"the disk is full\");\nFailure::input(text)", vec![text("the disk is full")]),
        (
            "let message = \"the disk is full\";\nFailure { message, ..Failure::from(gap) }",
            vec![text("the disk is full")],
        ),
        ("fn trouble(error: Error) -> String {\n    format!(\"No disk: {error}.\")\n}", vec![text("No disk: ….")]),
        (
            "let rest = \"the disk is full\";\nFailure::input(format!(\"{rest}: {}\", 1))",
            vec![text("the disk is full")],
        ),
        ("Failure { message: format!(\"{place}: {gap}\"), ..Failure::from(gap) }", vec![Some(Vec::new())]),
        ("Failure { message: format!(\"{place}: {disk}\"), ..Failure::from(gap) }", vec![None]),
        ("Failure::input(elsewhere(disk))", vec![None]),
        ("Failure::input(error.to_string())", vec![Some(Vec::new())]),
        ("fn a() {}\n#[cfg(test)]\nmod tests { Failure::input(\"no error of users\".into()) }", vec![]),
        ("// Failure::input(\"no error at all\")\n", vec![]),
    ] {
        assert_eq!(says(source), expected, "{source}");
    }
    assert!(explains("the disk of … is full", "the disk of … is full; buy another"));
    assert!(explains("… is …. Allowed: …", "the disk is …. Allowed: another"));
    assert!(!explains("the disk of … is full", "on … the disk of … is full"));
    assert!(!explains("the disk of … is full", "the disk of … is empty"));
}
