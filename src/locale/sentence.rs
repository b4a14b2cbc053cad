use std::sync::LazyLock;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::language::Language;
use super::table::{Texts, read};
use super::template::Value;

/// The texts of all sentences, in the order in which they are declared.
pub(super) static TABLE: LazyLock<Vec<Texts>> =
    LazyLock::new(|| read(include_str!("sentences.csv"), DECLARED).unwrap_or_else(|defect| panic!("{defect}")));

/// Declares the sentences: first those without values, then the others with the types of their values.
macro_rules! sentences {
    (
        words: $($word:ident),* $(,)?;
        sentences: $($sentence:ident { $($value:ident: $type:ty),* }),* $(,)?;
    ) => {
        /// A sentence, or a part of one, with its values. `sentences.csv` has the texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Sentence<'a> {
            $($word,)*
            $($sentence { $($value: $type),* },)*
        }

        /// The name of each sentence, and those of its values.
        pub(super) const DECLARED: &[(&str, &[&str])] = &[
            $((stringify!($word), &[]),)*
            $((stringify!($sentence), &[$(stringify!($value)),*]),)*
        ];

        /// The numbers of the sentences in [`DECLARED`].
        #[derive(Clone, Copy)]
        enum Index {
            $($word,)*
            $($sentence,)*
        }

        impl Sentence<'_> {
            /// The sentence in a language.
            pub(crate) fn text(&self, language: Language) -> String {
                let filled = |index: Index, values: &[Value<'_>]| {
                    TABLE[index as usize].of(language).filled(language, values)
                };
                match self {
                    $(Self::$word => filled(Index::$word, &[]),)*
                    $(Self::$sentence { $($value),* } => filled(Index::$sentence, &[$(Value::from(*$value)),*]),)*
                }
            }
        }

        /// For tables that name sentences without values.
        impl<'de> Deserialize<'de> for Sentence<'static> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                match name.as_str() {
                    $(stringify!($word) => Ok(Self::$word),)*
                    _ => Err(D::Error::custom(format!("{name:?} is no sentence without values"))),
                }
            }
        }
    };
}

sentences! {
    words:
        // Stand-ins for absent names.
        UnknownPrincipal, UnknownMethod, NoResourceNamed, ACredential,
        // Lists.
        Separator,
        // Suspects, and why they are.
        Suspect, BelowLine, ActedOnPart, NamesResource, ActedOnParent, ActedOnRelated, ActedOnSibling, ActedInProject,
        PrincipalActedOnIt, TouchedMoved, RareHour, DeniedBefore, LogInsFailedBefore, NewCredential, StepsBefore,
        // Kinds of metrics.
        TheMetric, CpuLoad, MemoryInUse, DiskTraffic, StorageInUse, NetworkTraffic, NumberOfNodes, WhatIsUp,
        Connections, Requests, Errors, Latency, Ingestion,
        // Changes without an event: `blind_spots.csv`.
        BlindLoad, BlindReads, BlindInstances, BlindClusters, BlindBackends, BlindSql, BlindMongo, BlindJobs,
        BlindRedis, BlindObjects, BlindMessages, BlindSecrets, BlindSenders,
        // Steps of a story: `steps.csv`.
        StepFailedLogIn, StepLogIn, StepSession, StepRefused, StepFailure, StepLock, StepCredentialRemoved,
        StepGrantRemoved, StepLoggingOn, StepScaleUp, StepStart, StepCredential, StepIdentity, StepGrant, StepExport,
        StepLoggingOff, StepProtectionOff, StepNetworkOpened, StepKeyDestroyed, StepRemoval, StepExecution,
        StepDisruption, StepChange, StepSystem, StepOther,
        // The story.
        BeforeIt, AfterIt, OutOfBand,
        // The node graph.
        Principal, Address, Credential, Resource, EdgeFrom, EdgeIsOf, FieldName, FieldRole, FieldKind, FieldId,
        FieldStep, FieldEvents, FieldOther,
        // Annotations of an investigation.
        SpanTitle, PassedSpanTitle,
        // Notices of an investigation.
        NoResource,
        // The summary.
        PartOnset, PartFirstSuspect, PartBefore, PartCredentials, PartAfter, PartFirstStep, MetricAtStart, NotReturned,
        // Side effects of a remedy.
        NoOtherUse, BreaksNothing,
        // How a remedy is undone.
        ReversalNothing, ReversalCommand, ReversalHand, ReversalNever,
        // Remedies: `remedies.csv`.
        FindKeys, LockUser, LockNewUser, DetachFromApplication, DetachFromUser, DetachFromGroup, RemoveUser,
        RemoveApplication, DisableSshKey, CloseDatabase, PowerOff, StopBmc, EnableKey, ProtectSecret,
        EnableAlertManager, RestoreRules, RestoreCustomRules, CreateExportAgain, EnableCockpitRules,
        EnableManagedAlerts, CreateExporterAgain, DeleteGroupRule, FindGroupRule, CloseCluster, FindClusterRule,
        RestoreClusterRules, DeleteExportedCopy, DeleteApiKey,
        // Recovery.
        Yes, No, YesAfterAnother, NotKnown, Quiet, MetricIsBack, NoSpanKnown, WithinBand, TooFewSamples, NoNewSuspects,
        RangeEndsBefore, NoEventSince,
        // Notices of any question, about the events that are shown.
        RestText, HiddenDetails, RangeEmpty,
        // Notices of any question, about events that may be missing.
        AllRegions, LatestCached, GapRepeated, GapLate, GapBroken,
        // Notices about names.
        Names, NamesOfProjects, NamesOfResources, AccountApi,
        // The search for the URLs of metrics.
        OnlyAdministrators,
        // Notices about the days before.
        DaysBeingRead, DaysUnsettled,
        // Notices about rules.
        NoRule,
        // Why a rule matches.
        NoValue, WindowRules, CountedEvents, CountedRules, CountedRulesInOrder,
        // Events.
        LoggedIn, LogInFailed, LogInTried, Succeeded, Denied, Failed,
        // Texts of annotations.
        IncompleteTag, Details, DayUnit, SeverityInformational, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical,
        LevelFirst, LevelRare, LevelOccasional, LevelUsual, LevelUnknown,
        // How usual events are.
        NoDayKnown, Conjunction, LastConjunction, EveryNight, EveryDay, Workdays, EveryMonday, EveryTuesday,
        EveryWednesday, EveryThursday, EveryFriday, EverySaturday, EverySunday, MostNights, MostDays;
    sentences:
        // Lists.
        AndMore { listed: &'a str, more: usize },
        // Parts of sentences: from where, with what, on which.
        From { what: &'a str },
        With { what: &'a str },
        On { what: &'a str },
        // Suspects, and why they are.
        Deed { what: &'a str, resource: &'a str, principal: &'a str },
        DeedRepeated { what: &'a str, resource: &'a str, principal: &'a str, times: usize },
        DeedWhen { deed: &'a str, when: &'a str },
        DeedBecause { deed: &'a str, when: &'a str, because: &'a str },
        BeforeOnset { length: &'a str },
        AfterOnset { length: &'a str },
        UsuallyRaises { metric: &'a str },
        UsuallyLowers { metric: &'a str },
        CanRaise { metric: &'a str },
        CanLower { metric: &'a str },
        EffectUnknown { metric: &'a str },
        EffectStays { metric: &'a str },
        EffectPasses { metric: &'a str },
        NewMethod { days: usize },
        NewAddress { days: usize },
        NewCountry { days: usize },
        NewResource { days: usize },
        // The story.
        MadeCredentialOf { name: &'a str },
        UsesCredentialOf { name: &'a str },
        New { what: &'a str },
        LatestSteps { shown: usize, steps: usize },
        // The node graph.
        EventCount { events: usize },
        OtherPrincipals { count: usize },
        OtherAddresses { count: usize },
        OtherCredentials { count: usize },
        OtherResources { count: usize },
        // Annotations of an investigation.
        BeyondThreshold { rule: &'a str },
        SuspectTitle { rank: usize, who: &'a str, what: &'a str, which: &'a str },
        // Notices of an investigation.
        NoSuspect { considered: usize, blind_spots: &'a str },
        FirstSuspects { shown: usize, suspects: usize },
        UsualLearned { covered: usize, wanted: usize },
        // The summary.
        Rose { metric: &'a str, time: &'a str, until: &'a str },
        Fell { metric: &'a str, time: &'a str, until: &'a str },
        UntilTime { time: &'a str },
        NothingExplains { blind_spots: &'a str },
        FirstSuspect { why: &'a str },
        MoreSuspects { first: &'a str, others: usize },
        Had { who: &'a str, chain: &'a str },
        HadBefore { chains: &'a str },
        HadSince { chains: &'a str },
        MadeFor { maker: &'a str, credential: &'a str, who: &'a str, time: &'a str, events: usize },
        FirstStep { step: &'a str, which: &'a str, page: &'a str, command: &'a str, used: &'a str },
        OnPage { page: &'a str },
        ByCommand { command: &'a str },
        // Side effects of a remedy.
        UsedByEvents { events: usize, days: usize },
        UsedByPrincipals { days: usize, principals: usize },
        BreaksUnused { who: &'a str, days: usize },
        BreaksUsed { who: &'a str, events: usize, days: usize, parts: &'a str },
        BreaksActedOn { days: usize, who: &'a str },
        DoneBy { time: &'a str, who: &'a str },
        // Recovery.
        SeriesIsBack { metric: &'a str },
        OutSince { time: &'a str, scales: &'a str },
        OutAgain { from: &'a str, to: &'a str },
        SuspectAt { who: &'a str, what: &'a str, which: &'a str, time: &'a str },
        CandidatesSince { considered: usize },
        IsContained { who: &'a str },
        Calls { denied: usize, succeeded: usize, failed: usize, failed_log_ins: usize, last: &'a str },
        LastAt { time: &'a str },
        // Notices of any question, about the events that are shown.
        NewestEvents { shown: usize, found: usize },
        OldestEvents { shown: usize, found: usize },
        NewestMatches { shown: usize, found: usize },
        ReasonsOfNewest { shown: usize, found: usize },
        Clustered { shared: usize, events: usize, annotations: usize },
        BeyondCap { annotations: usize, cap: usize },
        MatterLess { others: usize, events: usize },
        RestTitle { events: usize },
        GroupsFolded { groups: usize, folded: usize, other: &'a str },
        FirstBar { start: &'a str, from: &'a str },
        LastBar { until: &'a str, end: &'a str },
        VariableEmpty { name: &'a str },
        VariablesEmpty { names: &'a str },
        RangeInFuture { from: &'a str },
        // Notices of any question, about events that may be missing.
        About { what: &'a str, sentence: &'a str },
        ListOfRegion { region: &'a str, list: &'a str },
        RegionAbsent { region: &'a str },
        RangeBeforeRetention { from: &'a str, days: usize },
        Retention { days: usize },
        InvalidText { shown_as: &'a str },
        GapLimit { events: usize },
        GapMemory { mebibytes: usize },
        GapBarren { pages: usize },
        GapMalformed { count: usize, first: &'a str },
        // Headlines of intervals from which events may be missing.
        Incomplete { headline: &'a str },
        IncompleteToo { title: &'a str, headline: &'a str },
        WhomRegion { region: &'a str },
        WhomRegions { regions: &'a str, last: &'a str },
        HeadlineCached { whom: &'a str },
        HeadlineRetention { days: usize },
        HeadlineRefused { whom: &'a str },
        HeadlineRateLimit { whom: &'a str },
        HeadlineNoAnswer { whom: &'a str },
        HeadlineUnreadable { whom: &'a str },
        HeadlineLate { whom: &'a str },
        HeadlineBroken { whom: &'a str },
        HeadlineLimit { events: usize, whom: &'a str },
        HeadlineMemory { whom: &'a str },
        HeadlineEndless { whom: &'a str },
        HeadlineMalformed { count: usize, whom: &'a str },
        // Notices about names.
        Stale { what: &'a str, time: &'a str, source: &'a str, error: &'a str },
        ProjectsById { advice: &'a str },
        ResourcesById { advice: &'a str },
        LacksPermission { set: &'a str },
        CannotBeRead { source: &'a str, error: &'a str },
        NoPrincipal { names: &'a str },
        TrailFails { error: &'a str },
        PrincipalsById { error: &'a str },
        PrincipalsByIdOrTrail { error: &'a str },
        FoundByEventOnly { notice: &'a str, names: &'a str },
        NotFoundByName { notice: &'a str },
        NamesFromTrail { count: usize, names: &'a str },
        UnknownNames { names: &'a str, count: usize },
        // The search for the URLs of metrics.
        ProjectsSearched { searched: usize, total: usize },
        ProjectSearched { project: &'a str, error: &'a str, set: &'a str },
        NoCockpit { region: &'a str },
        CockpitRefused { projects: &'a str, set: &'a str },
        UrlLeftOut { name: &'a str, region: &'a str },
        // Notices about the days before.
        NoveltyRests { known: usize, days: usize, reason: &'a str },
        BeforeDay { day: &'a str, reason: &'a str },
        RegionNotRead { region: &'a str },
        DaysFail { day: &'a str, error: &'a str },
        BaselineCovers { known: usize, of: usize, rules_named: &'a str, reason: &'a str },
        BaselineRegion { region: &'a str },
        // Notices about rules.
        RulesHidden { hidden: usize },
        RuleBroken { error: &'a str },
        RulesBroken { more: usize },
        RuleUnknown { names: &'a str },
        RulesUnknown { names: &'a str },
        RuleForCorrelations { name: &'a str },
        TagUnknown { name: &'a str },
        // Why a rule matches.
        NotCondition { condition: &'a str },
        FirstSeen { fields: &'a str },
        TimesUsual { at_least: &'a str, factor: &'a str, fields: &'a str },
        UsualNumber { number: &'a str, usual: &'a str },
        DaysKnownSince { known: usize, days: usize, since: &'a str },
        NoneOfDays { days: usize },
        DistinctValues { fields: &'a str },
        CountedWithin { counted: &'a str, seconds: &'a str },
        ValuesOf { fields: &'a str },
        // Notices about metrics.
        Calm { series: usize },
        ManySeries { all: usize, shown: usize },
        Histograms { series: usize },
        Nameless { series: usize, all: usize },
        CockpitRemarks { warning: &'a str },
        // Events.
        AndWith { what: &'a str },
        BecauseOf { what: &'a str },
        In { what: &'a str },
        LogInWith { method: &'a str },
        PartOf { part: &'a str, whole: &'a str },
        // Texts of annotations.
        ProductCount { count: usize },
        RegionCount { count: usize },
        Risk { severity: &'a str, class: &'a str },
        Product { what: &'a str },
        ResourceType { what: &'a str },
        ResourceIs { what: &'a str },
        Result { what: &'a str },
        UserAgent { what: &'a str },
        Request { what: &'a str },
        By { what: &'a str },
        NoveltyIs { what: &'a str },
        Within { length: &'a str },
        More { more: usize },
        PrincipalCount { principals: usize },
        ClusterTitle { who: &'a str, events: usize, what: &'a str },
        AllDenied { title: &'a str },
        SomeDenied { title: &'a str, denied: usize },
        RuleLevel { level: &'a str },
        // How usual events are.
        Habit { who: &'a str, rhythm: &'a str },
        HabitBut { habit: &'a str, deviations: &'a str },
        FirstOfPrincipal { who: &'a str, days: usize },
        FirstByAnyone { what: &'a str, days: usize },
        FirstBy { what: &'a str, who: &'a str, days: usize },
        FirstAnd { first: &'a str, deviations: &'a str },
        DaysKnown { words: &'a str, known: usize, days: usize },
        FromCountry { what: &'a str },
        NobodyBefore { what: &'a str },
        AroundHour { hour: &'a str },
        SeldomOn { what: &'a str, days: usize, known: usize },
        ForTheFirstTime { what: &'a str },
        OnDays { days: usize, known: usize },
        Around { cycle: &'a str, hour: &'a str };
}
