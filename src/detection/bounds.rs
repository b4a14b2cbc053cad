//! The limits of rules, so that a hostile file costs little time and memory: each is far above what rules need.

/// The most bytes of a file.
pub(super) const FILE_BYTES: usize = 256 * 1024;

/// The most bytes of all files of a pack.
pub(super) const PACK_BYTES: usize = 4 * 1024 * 1024;

/// The most rules of a pack.
pub(super) const RULES: usize = 1_000;

/// The most values, lists and maps of a file.
pub(super) const NODES: usize = 20_000;

/// The most levels of lists and maps: a detection of lists of maps has five.
pub(super) const DEPTH: usize = 12;

/// The most bytes of a key: YAML's own limit for a key without a question mark is 1024 characters.
pub(super) const KEY_BYTES: usize = 256;

/// The most values of one test.
pub(super) const VALUES: usize = 1_000;

/// The most bytes of one value of a test.
pub(super) const VALUE_BYTES: usize = 4 * 1024;

/// The most bytes of a text about the rule, such as its description.
pub(super) const PROSE_BYTES: usize = 16 * 1024;

/// The most tests of one rule, filters included.
pub(super) const TESTS: usize = 500;

/// The most tests of a pack, a test of several rules counted for each.
pub(super) const PACK_TESTS: usize = 20_000;

/// The most bytes of the rows of tests that a pack's rules share while a chunk is judged: those of 1024 tests of a full chunk.
pub(super) const MASK_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes of a regular expression, and of a value with wildcards, which becomes one.
pub(super) const REGEX_BYTES: usize = 1024;

/// The most bytes of a compiled regular expression. `\w{20}` has 100 KiB: `\w` has each letter of each script.
pub(super) const REGEX_SIZE: usize = 256 * 1024;

/// The most regular expressions and values with wildcards of a pack.
pub(super) const REGEXES: usize = 300;

/// The most wildcards of one value.
pub(super) const WILDCARDS: usize = 16;

/// The most dashes of a value with `windash`: each makes five times as many texts.
pub(super) const DASHES: usize = 4;

/// The most bytes of a condition.
pub(super) const CONDITION_BYTES: usize = 4 * 1024;

/// The most open parentheses in a condition.
pub(super) const PARENTHESES: usize = 20;

/// The most conditions of a rule.
pub(super) const CONDITIONS: usize = 20;

/// The most steps from a correlation over correlations to events.
pub(super) const CORRELATION_DEPTH: usize = 5;

/// The most rules of a correlation.
pub(super) const CORRELATED: usize = 50;

/// The most group keys of a correlation, and the most fields of its values.
pub(super) const GROUP_KEYS: usize = 10;

/// The longest time of a correlation, in seconds: 30 days.
pub(super) const TIMESPAN_SECONDS: u64 = 30 * 24 * 3600;

/// The most days of a baseline: those that a profile has.
pub(super) const BASELINE_DAYS: u64 = 30;
