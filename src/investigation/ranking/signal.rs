use std::ops::{Index, IndexMut};

macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident = $name:literal;)*) => {
        /// A named part of a score.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Part {
            $($(#[$doc])* $part,)*
        }

        impl Part {
            /// All of them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$part),*];

            /// The name, as tables and answers spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$part => $name,)*
                }
            }
        }
    };
}

parts! {
    /// How long before the onset the action was, beside how long such an action usually takes.
    Time = "time";
    /// How close its resource is to the one asked about.
    Closeness = "closeness";
    /// What such an action can do to such a metric.
    Effect = "effect";
    /// Whether what it touched moved, and what it did not touch did not.
    Touched = "touched";
    /// How grave such an action is.
    Risk = "risk";
    /// How rare it is for its principal.
    Rarity = "rarity";
    /// What preceded it.
    Sequence = "sequence";
}

macro_rules! signals {
    ($($(#[$doc:meta])* $signal:ident = $part:ident $case:literal;)*) => {
        /// A number about a candidate, mostly from 0 to 1, that a weight turns into points of a [`Part`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Signal {
            $($(#[$doc])* $signal,)*
        }

        impl Signal {
            /// All of them, in the order of `weights.csv`.
            pub const ALL: [Self; [$($case),*].len()] = [$(Self::$signal),*];

            /// The part of the score that it belongs to.
            #[must_use]
            pub const fn part(self) -> Part {
                match self {
                    $(Self::$signal => Part::$part,)*
                }
            }

            /// Its name within the part.
            #[must_use]
            pub const fn case(self) -> &'static str {
                match self {
                    $(Self::$signal => $case,)*
                }
            }
        }
    };
}

signals! {
    /// How much likelier such a time before the onset is for such an action than for a coincidence, as a logarithm.
    Fits = Time "fits";
    /// 1 where the action was right before the onset, less the longer before that.
    Recent = Time "recent";
    /// It acted on the resource itself.
    Same = Closeness "same";
    /// It acted on what belongs to the resource.
    PartOf = Closeness "part";
    /// Its request names the resource.
    Names = Closeness "named";
    /// It acted on what the resource belongs to.
    Above = Closeness "parent";
    /// It acted on something else that has to do with the resource.
    Related = Closeness "related";
    /// It acted on a sibling.
    Sibling = Closeness "sibling";
    /// It acted on another resource of the project.
    Project = Closeness "project";
    /// Its principal acted on the resource as well.
    Principal = Closeness "principal";
    /// Such an action usually moves such a metric this way.
    Usual = Effect "usual";
    /// Such an action can move such a metric this way.
    Possible = Effect "possible";
    /// Such an action moves such a metric this way or the other.
    Either = Effect "either";
    /// Such an action moves such a metric the other way.
    Opposite = Effect "opposite";
    /// Such an action moves other metrics, or none.
    Nothing = Effect "nothing";
    /// The table lacks the action, whose request says that it changes a description only.
    Describes = Effect "describes";
    /// The table lacks the action.
    Unknown = Effect "unknown";
    /// The table lacks the action: how much likelier its name is among public operations that move metrics than among those
    /// that do not, as a logarithm.
    Words = Effect "words";
    /// The table lacks the action, and its verb goes the way that the metric went.
    VerbAgrees = Effect "verb_agrees";
    /// What such an action does stays, and the metric has not returned: more the longer that is.
    Stays = Effect "stays";
    /// What such an action does stays, but the metric returned: less the later, since it may have been undone.
    Undone = Effect "undone";
    /// What such an action does ends by itself, and the metric returned within that time.
    Passes = Effect "passes";
    /// What such an action does ends by itself, but the metric was out of its band for longer.
    Outlasts = Effect "outlasts";
    /// What it touched moved, the rest did not: the correlation of the two, from 0 to 1.
    Agrees = Touched "agrees";
    /// What it touched did not move, or the rest did too.
    Differs = Touched "differs";
    /// How grave its risk is, from 0 for low to 1 for critical.
    Severity = Risk "severity";
    /// How rare the method is for the principal.
    Method = Rarity "method";
    /// How rare the address is for the principal.
    Address = Rarity "address";
    /// How rare the country of the principal's latest log-in is for the principal.
    Country = Rarity "country";
    /// How rare the hour is for the principal.
    Hour = Rarity "hour";
    /// How rare the resource is for the principal.
    Resource = Rarity "resource";
    /// How often the metric left its band in the days before, from 0 to nearly 1: the first time says most.
    Spans = Rarity "spans";
    /// The principal was denied the same before, or several other things.
    Denied = Sequence "denied";
    /// Log-ins of the principal failed before one succeeded.
    LogIns = Sequence "log_ins";
    /// The principal got a new credential within the last day.
    Credential = Sequence "credential";
    /// The principal did other things to the same resource in the minutes before.
    Steps = Sequence "steps";
}

/// The signals of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signals([f64; Signal::ALL.len()]);

impl Default for Signals {
    fn default() -> Self {
        Self([0.0; Signal::ALL.len()])
    }
}

impl Signals {
    /// Their numbers, in the order of [`Signal::ALL`].
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        &self.0
    }
}

impl Index<Signal> for Signals {
    type Output = f64;

    fn index(&self, signal: Signal) -> &f64 {
        &self.0[signal as usize]
    }
}

impl IndexMut<Signal> for Signals {
    fn index_mut(&mut self, signal: Signal) -> &mut f64 {
        &mut self.0[signal as usize]
    }
}
