/// A habit of a simulated organization that makes detection hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    NightShift,
    /// A robot's day of calls at any hour.
    Robot,
    NewEmployee,
    KeyRotation,
    MigrationDay,
    /// A person's day in another country.
    Journey,
    MistypedPassword,
    /// Events that make a rule fire, or nearly.
    Case,
    /// Such events of which the trail shows one later than the lag.
    LateCase,
}

impl Habit {
    pub(crate) const ALL: [Self; 9] = [
        Self::NightShift,
        Self::Robot,
        Self::NewEmployee,
        Self::KeyRotation,
        Self::MigrationDay,
        Self::Journey,
        Self::MistypedPassword,
        Self::Case,
        Self::LateCase,
    ];

    /// The name in a summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NightShift => "night shifts",
            Self::Robot => "days of a robot",
            Self::NewEmployee => "new employees",
            Self::KeyRotation => "key rotations",
            Self::MigrationDay => "migration days",
            Self::Journey => "days of travellers",
            Self::MistypedPassword => "mistyped passwords",
            Self::Case => "intrusions and near misses",
            Self::LateCase => "intrusions and near misses with a late event",
        }
    }
}
