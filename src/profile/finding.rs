use super::level::Level;
use super::rhythm::Rhythm;

/// How usual an event is, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(super) level: Level,
    /// How many of the days before it are known.
    pub(super) known: u32,
    pub(super) method: Method,
    pub(super) address: Option<Part>,
    pub(super) country: Option<Part>,
    pub(super) resource: Option<Part>,
    /// The hour, where its principal has hours, and this is none of them.
    pub(super) new_hour: Option<u8>,
    /// How regularly its principal calls the method; none where only the level is asked for.
    pub(super) rhythm: Option<Rhythm>,
}

/// The days of a principal's calls of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// There is none, nor any other event of the principal.
    NewPrincipal,
    /// There is none, of any principal.
    NewToAll,
    /// There is none.
    New,
    /// There are some, on so many days.
    Known(u32),
}

/// The days of an address, a country or a resource, together with the principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The days on which it occurred.
    pub(super) days: u32,
    /// The days on which the principal was active.
    pub(super) active: u32,
    /// Whether no other principal had it either.
    pub(super) new_to_all: bool,
    /// Whether the principal has another one nearly every time, so that a new one tells nothing.
    pub(super) varies: bool,
}

impl Part {
    /// The level by the part alone, for a principal that is active; none where it tells nothing.
    pub(super) fn level(self) -> Option<Level> {
        (!self.varies).then(|| Level::of_days(self.days, self.active))
    }
}
