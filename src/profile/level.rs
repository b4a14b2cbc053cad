use crate::locale::Sentence;

/// How usual an event is, the least usual first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// Its principal did not do this, or not from this address or country, on any known day.
    First,
    /// On a tenth of the days at most, or at an hour or on a resource that is new.
    Rare,
    /// On less than a third of the days.
    Occasional,
    /// On a third of the days or more, or on this day of each week.
    Usual,
    /// No day before is known.
    Unknown,
}

impl Level {
    /// Every level, in the order that groups have.
    pub(crate) const ALL: [Self; 5] = [Self::First, Self::Rare, Self::Occasional, Self::Usual, Self::Unknown];

    /// The name in filters and frames.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Rare => "rare",
            Self::Occasional => "occasional",
            Self::Usual => "usual",
            Self::Unknown => "unknown",
        }
    }

    /// The name in sentences.
    pub(crate) const fn word(self) -> Sentence<'static> {
        match self {
            Self::First => Sentence::LevelFirst,
            Self::Rare => Sentence::LevelRare,
            Self::Occasional => Sentence::LevelOccasional,
            Self::Usual => Sentence::LevelUsual,
            Self::Unknown => Sentence::LevelUnknown,
        }
    }

    /// The number in [`ALL`](Self::ALL), which is cached beside events.
    pub(crate) fn number(self) -> u16 {
        self as u16
    }

    /// The level of a number.
    pub(crate) fn of(number: u16) -> Self {
        Self::ALL[usize::from(number)]
    }

    /// The level of what occurred on `days` of `known` days.
    pub(super) fn of_days(days: u32, known: u32) -> Self {
        match days {
            _ if known == 0 => Self::Unknown,
            0 => Self::First,
            days if days * 10 <= known => Self::Rare,
            days if days * 3 < known => Self::Occasional,
            _ => Self::Usual,
        }
    }
}
