/// A decoded page without its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The number of items of the page, malformed ones included.
    pub items: usize,
    /// The token of the next page; absent, null and empty all mean that there is none.
    pub next: Option<String>,
    /// The error of each item that is not an event or has no valid time.
    pub malformed: Vec<String>,
    /// Whether the page was not valid UTF-8; the bytes in question became U+FFFD.
    pub replaced: bool,
}
