use crate::detection::Pack;

/// The documents of a pack as one stream of YAML, in the order of their files.
#[must_use]
pub fn sigma(pack: &Pack) -> String {
    let mut places: Vec<_> = pack.rules().iter().map(|rule| &rule.place).collect();
    places.sort_by_key(|place| (&place.file, place.line));
    let documents: Vec<&str> = places.iter().map(|place| place.text.trim_end()).collect();
    documents.join("\n---\n") + "\n"
}
