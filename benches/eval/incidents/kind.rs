/// The kinds of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A stolen key scales a server up.
    ScaleUp,
    /// A server is powered off by mistake.
    PowerOff,
    /// A security group is opened.
    Opened,
    /// A deployment removes a backend.
    BackendRemoved,
    /// A pool is shrunk.
    PoolShrunk,
    /// A database is restored.
    Restored,
    /// A container or a server mines.
    Mining,
    /// Passwords are guessed, then data is exported.
    Export,
    /// A robot's bad rollout over half of the nodes.
    Rollout,
    /// Autoscaling, without a person.
    Autoscaled,
    /// A spike without a cause.
    Spike,
}

impl Kind {
    /// The kinds with an audited cause.
    pub(crate) const CAUSED: [Self; 10] = [
        Self::ScaleUp,
        Self::PowerOff,
        Self::Opened,
        Self::BackendRemoved,
        Self::PoolShrunk,
        Self::Restored,
        Self::Mining,
        Self::Export,
        Self::Rollout,
        Self::Autoscaled,
    ];

    /// The kind of the incident with this number: of twenty, seven are spikes without a cause.
    pub(crate) fn nth(number: u64) -> Self {
        let turn = usize::try_from(number % 20).expect("below 20");
        match turn {
            0..7 => Self::Spike,
            // 13 incidents of 10 kinds: a different kind is the next one each time.
            _ => {
                Self::CAUSED
                    [(turn - 7 + usize::try_from(number / 20).expect("few incidents") * 13) % Self::CAUSED.len()]
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ScaleUp => "scale-up by a stolen key",
            Self::PowerOff => "poweroff by mistake",
            Self::Opened => "security group opened",
            Self::BackendRemoved => "backend removed by a deployment",
            Self::PoolShrunk => "pool shrunk",
            Self::Restored => "database restored",
            Self::Mining => "mining",
            Self::Export => "guessed password, then export",
            Self::Rollout => "bad rollout over half of the nodes",
            Self::Autoscaled => "autoscaling without a person",
            Self::Spike => "spike without a cause",
        }
    }
}
