//! How a missing window is read: page by page at first, and then by several at once.
//!
//! The first page tells how dense the trail is. What is left of the window is then halved, and halved again, until there
//! are as many walks as calls may run at the same time. A walk that ends leaves its turn to a half of the longest that is
//! still on its way, so that all end together, however unevenly events are spread.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arrow::array::UInt16Array;
use arrow::error::ArrowError;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::source::{Pages, Source};
use super::store::{Piece, Series, ratio};
use crate::event::Events;
use crate::scaleway::audit_trail::{Flaws, Gap, MAX_READING_BYTES};

/// A walk with fewer pages before it is not worth halving: each half reads a page that the whole would not.
const FEWEST_PAGES: f64 = 3.0;

/// The API's bounds are whole seconds: halves of less would mostly read the same.
const SHORTEST: i64 = 10_000_000_000;

/// How many events more than wanted a stage aims at, since the density is an estimate.
const MARGIN: f64 = 1.1;

/// After how many events a walk packs them, however few bytes their pages have: with the page that comes on top nearly as many as a power of two, so that
/// their columns fill what an allocator sets aside.
const BUNDLE_EVENTS: usize = 8_192 - 100;

/// What each event means, see `Events::weighed`.
pub(super) type Weigh = fn(&Events) -> UInt16Array;

/// What to read.
pub(super) struct Plan<S> {
    pub(super) source: S,
    pub(super) series: Series,
    pub(super) range: Range<i64>,
    /// More events than this are not needed, the newest first.
    pub(super) limit: usize,
    pub(super) deadline: Instant,
    /// After how many bytes of pages their events are packed.
    pub(super) batch_bytes: usize,
    pub(super) weigh: Weigh,
}

/// What the first page tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Probe {
    /// How many pages are left to read.
    pub(super) pages: f64,
}

/// One walk from the end of a window towards its start.
struct Walk {
    /// From where on it has something to read.
    to: i64,
    /// Where it is to end: halving moves it.
    state: Mutex<State>,
}

struct State {
    from: i64,
    /// The oldest time reached so far.
    at: i64,
    pages: usize,
    /// It has read what it was to read; it cannot be halved any more.
    ended: bool,
}

impl Walk {
    /// A walk through a window, of which the first page may have been read.
    fn new(range: &Range<i64>, now: i64, started: Option<&impl Pages>) -> Arc<Self> {
        let at = started.and_then(Pages::reached).map_or(range.end, |at| at.clamp(range.start, range.end));
        let state = State { from: range.start, at, pages: usize::from(started.is_some()), ended: false };
        Arc::new(Self { to: past(range, now).end, state: Mutex::new(state) })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much time is before it.
    fn before(&self) -> i64 {
        let state = self.state();
        if state.ended { 0 } else { state.at - state.from }
    }

    /// How many pages are before it, by its own pace or, where it has none yet, by the usual one.
    fn left(&self, pages_per_ns: f64) -> f64 {
        let state = self.state();
        if state.ended {
            return 0.0;
        }
        let own = if state.pages > 0 { ratio(state.pages, self.to - state.at) } else { pages_per_ns };
        own / ratio(1, state.at - state.from)
    }

    /// Gives the older half of what is left away.
    fn halve(&self) -> Option<Range<i64>> {
        let mut state = self.state();
        let middle = state.from + (state.at - state.from) / 2;
        if state.ended || state.at - state.from < 2 * SHORTEST {
            return None;
        }
        let half = state.from..middle;
        state.from = middle;
        Some(half)
    }
}

/// How a reading ended.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    /// What is missing.
    pub(super) gap: Option<Gap>,
    /// What was read, whether or not the memory could hold it.
    pub(super) pieces: Vec<Piece>,
    /// Events of windows that are not complete: they are not held, but whoever asked may see them.
    pub(super) rest: Vec<Events>,
    /// What the first page told.
    pub(super) probe: Option<Probe>,
}

impl End {
    fn add(&mut self, other: Self) {
        self.gap = self.gap.take().or(other.gap);
        self.pieces.extend(other.pieces);
        self.rest.extend(other.rest);
    }

    fn missing(mut self, gap: Option<Gap>) -> Self {
        self.gap = self.gap.or(gap);
        self
    }
}

/// Reads a window; `put` takes in what is complete, as soon as it is. After the first page, `go_on` says whether the rest
/// is wanted. Tells what is missing in the end.
pub(super) async fn read<S: Source>(
    plan: Plan<S>,
    put: impl Fn(Piece) + Clone + Send + 'static,
    go_on: impl FnOnce(Probe) -> bool,
) -> End {
    let bytes = Arc::new(AtomicUsize::new(0));
    let mut pages = plan.source.pages(plan.series.window(&plan.range));
    let first = pages.next(plan.deadline).await;
    let past = past(&plan.range, plan.source.now());
    let probe = Probe { pages: estimate(&pages, &past, matches!(first, Ok(true))) };
    let enough = pages.in_window() > plan.limit;
    if !matches!(first, Ok(true)) || enough || !go_on(probe) {
        let complete = matches!(first, Ok(false));
        let bundles = Bundles::new(plan.range.end);
        let end = bring_home(pages, bundles, &plan, plan.range.start, complete, first.err());
        end.pieces.iter().for_each(|piece| put(piece.clone()));
        let end = end.missing((enough && !complete).then_some(Gap::Limit(plan.limit)));
        return End { probe: Some(probe), ..end };
    }

    // Of a window that holds more than is wanted, no more than that is read.
    let whole = plan.range.clone();
    let density = ratio(pages.in_window(), reach(&pages, past.end));
    // What is to come is no more than a part of the call.
    let mut stage = staged(&past, density, plan.limit).start..whole.end;
    let mut started = Some(pages);
    let (mut found, mut end) = (0, End { probe: Some(probe), ..End::default() });
    loop {
        let (count, ended) = walk(&plan, &bytes, stage.clone(), started.take(), &put).await;
        found += count;
        end.add(ended);
        if end.gap.is_some() || stage.start <= whole.start {
            return end;
        }
        if found > plan.limit {
            return end.missing(Some(Gap::Limit(plan.limit)));
        }
        let density = ratio(found.max(1), past.end - stage.start);
        stage = staged(&(whole.start..stage.start), density, plan.limit - found);
    }
}

/// The part of a window in which something can have happened.
fn past(range: &Range<i64>, now: i64) -> Range<i64> {
    range.start..range.end.min(now).max(range.start)
}

/// How long a time the pages cover.
fn reach(pages: &impl Pages, to: i64) -> i64 {
    to - pages.reached().unwrap_or(to)
}

fn estimate(pages: &impl Pages, range: &Range<i64>, more: bool) -> f64 {
    if !more {
        return 0.0;
    }
    let covered = reach(pages, range.end).max(1);
    ratio(1, covered) / ratio(1, (range.end - range.start - covered).max(1))
}

/// The newest part of a window that should hold as many events as are wanted.
fn staged(range: &Range<i64>, density: f64, wanted: usize) -> Range<i64> {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate, and clamped")]
    let length = ((wanted as f64 + 1.0) * MARGIN / density.max(f64::MIN_POSITIVE)).min(i64::MAX as f64 / 2.0) as i64;
    range.end.saturating_sub(length.max(SHORTEST)).max(range.start)..range.end
}

/// Reads a part of the plan's window with many walks; tells how many events it holds, and what is missing.
async fn walk<S: Source>(
    plan: &Plan<S>,
    bytes: &Arc<AtomicUsize>,
    stage: Range<i64>,
    started: Option<S::Pages>,
    put: &(impl Fn(Piece) + Clone + Send + 'static),
) -> (usize, End) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut walking: JoinSet<End> = JoinSet::new();
    let now = plan.source.now();
    let start = |walking: &mut JoinSet<End>, range: Range<i64>, started: Option<S::Pages>| {
        let walk = Walk::new(&range, now, started.as_ref());
        let plan = Plan { source: plan.source.clone(), series: plan.series.clone(), range, ..*plan };
        walking.spawn(go(plan, Arc::clone(&walk), started, Arc::clone(bytes), tell.clone(), put.clone()));
        walk
    };
    let mut pages = usize::from(started.is_some());
    let mut walks = vec![start(&mut walking, stage.clone(), started)];
    let (mut found, mut end) = (0, End::default());
    loop {
        // A page more, or a walk less, may leave room for another walk.
        while end.gap.is_none() && walking.len() < plan.source.width() {
            let before: i64 = walks.iter().map(|walk| walk.before()).sum();
            let usual = ratio(pages, past(&stage, now).end - stage.start - before);
            let longest = walks.iter().map(|walk| (walk.left(usual), walk));
            let Some((left, longest)) = longest.max_by(|(a, _), (b, _)| a.total_cmp(b)) else { break };
            if left < FEWEST_PAGES {
                break;
            }
            let Some(half) = longest.halve() else { break };
            walks.push(start(&mut walking, half, None));
        }
        tokio::select! {
            Some(()) = told.recv() => pages += 1,
            walked = walking.join_next() => match walked {
                Some(Ok(walked)) => {
                    for piece in &walked.pieces {
                        found += piece.events.len();
                        put(piece.clone());
                    }
                    end.add(walked);
                    walks.retain(|walk| !walk.state().ended);
                }
                // Nothing aborts a walk but the end of the reading.
                Some(Err(broken)) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
                Some(Err(_)) => {}
                None => return (found, end),
            },
        }
    }
}

async fn go<S: Source>(
    plan: Plan<S>,
    walk: Arc<Walk>,
    started: Option<S::Pages>,
    bytes: Arc<AtomicUsize>,
    tell: mpsc::UnboundedSender<()>,
    put: impl Fn(Piece),
) -> End {
    let mut more = started.is_some();
    let pages = started.unwrap_or_else(|| plan.source.pages(plan.series.window(&plan.range)));
    let bundles = Bundles::new(plan.range.end);
    let mut luggage = Luggage { found: Some((pages, bundles)), plan: &plan, walk: &walk, put };
    let mut counted = 0;
    let mut first = !more;
    let mut gap = None;
    let complete = loop {
        let Some((pages, bundles)) = &mut luggage.found else { unreachable!("it is taken when the walk ends") };
        {
            let mut state = walk.state();
            if let Some(reached) = pages.reached() {
                state.at = reached.clamp(state.from, state.at);
                // Older events than this one are somebody else's.
                if reached < state.from {
                    break true;
                }
            }
        }
        if !more && !first {
            break true;
        }
        if (pages.bytes() >= plan.batch_bytes || pages.in_window() >= bundles.counted + BUNDLE_EVENTS)
            && let Some(reached) = pages.reached()
            && bundles.tie(pages, reached + 1, &plan).is_err()
        {
            // What could not be put together is missing; it must not be taken for nothing.
            walk.state().ended = true;
            let pieces = luggage.found.take().map(|(_, bundles)| bundles.pieces).unwrap_or_default();
            return End { gap: Some(Gap::Bytes), pieces, ..End::default() };
        }
        let now = bundles.bytes() + pages.bytes();
        let change = now.wrapping_sub(counted);
        let total = bytes.fetch_add(change, Ordering::Relaxed).wrapping_add(change);
        counted = now;
        if total >= MAX_READING_BYTES {
            gap = Some(Gap::Bytes);
            break false;
        }
        first = false;
        match pages.next(plan.deadline).await {
            Ok(next) => more = next,
            Err(why) => {
                gap = Some(why);
                break false;
            }
        }
        walk.state().pages += 1;
        // Nobody listens any more when the reading has ended.
        let _ = tell.send(());
    };
    let from = {
        let mut state = walk.state();
        state.ended = true;
        state.from
    };
    let Some((pages, bundles)) = luggage.found.take() else { unreachable!("it is taken when the walk ends") };
    bring_home(pages, bundles, &plan, from, complete, gap)
}

/// What a walk has with it. If it is given up on its way, what it has read whole is held, so that who asks again, as a
/// dashboard does that is refreshed before it has loaded, goes on from there.
struct Luggage<'a, S: Source, P: Fn(Piece)> {
    found: Option<(S::Pages, Bundles)>,
    plan: &'a Plan<S>,
    walk: &'a Walk,
    put: P,
}

impl<S: Source, P: Fn(Piece)> Drop for Luggage<'_, S, P> {
    fn drop(&mut self) {
        // What a panic leaves is not to be trusted.
        let Some((pages, bundles)) = self.found.take().filter(|_| !std::thread::panicking()) else { return };
        let from = self.walk.state().from;
        bring_home(pages, bundles, self.plan, from, false, None).pieces.into_iter().for_each(&self.put);
    }
}

/// What a walk has read whole and packed, so that a long one takes no more memory than what is held in the end.
struct Bundles {
    /// The newest first, each where the one before it ends.
    pieces: Vec<Piece>,
    /// Where the next one ends.
    end: i64,
    /// Events at the very nanosecond that was reached: there may be more of them on the next page.
    tail: Events,
    flaws: Flaws,
    /// How many events had been read when the last one was made.
    counted: usize,
}

impl Bundles {
    fn new(end: i64) -> Self {
        Self { pieces: Vec::new(), end, tail: Events::default(), flaws: Flaws::default(), counted: 0 }
    }

    /// The memory of the bundles, in bytes.
    fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.events.bytes()).sum::<usize>() + self.tail.bytes()
    }

    /// Makes a bundle of what was read from `known` on, which is all that there is.
    fn tie<S: Source>(&mut self, pages: &mut S::Pages, known: i64, plan: &Plan<S>) -> Result<(), ArrowError> {
        self.counted = pages.in_window();
        let (events, flaws) = pages.take()?;
        self.flaws.add(&flaws);
        let mut read = vec![std::mem::take(&mut self.tail), events.weighed(plan.weigh)];
        let in_order = pages.reached().is_some();
        if !in_order {
            // No bundle was all of its time.
            read.extend(self.pieces.iter().map(|piece| piece.events.clone()));
        }
        let read = Events::merge(&read)?;
        let end = if in_order { self.end } else { plan.range.end };
        let events = read.within(known, end).packed()?;
        // Packed, it keeps no page.
        self.tail = read.within(i64::MIN, known).packed()?;
        if !in_order {
            self.pieces.clear();
        }
        if known < end {
            let (range, flaws) = (known..end, self.flaws.within(known, end));
            self.pieces.push(Piece { range, events, flaws });
        }
        self.end = end.min(known);
        Ok(())
    }
}

/// What of a walk's window is complete: all of it, or, as far as the pages came in order, what is newer than the oldest
/// event: more events of that very nanosecond may be missing.
fn bring_home<S: Source>(
    mut pages: S::Pages,
    mut bundles: Bundles,
    plan: &Plan<S>,
    from: i64,
    complete: bool,
    gap: Option<Gap>,
) -> End {
    let reached = pages.reached();
    let known = if complete { from } else { reached.map_or(plan.range.end, |reached| (reached + 1).max(from)) };
    let tied = bundles.tie(&mut pages, known, plan);
    let gap = gap.or(tied.err().map(|_| Gap::Bytes));
    let rest = Some(bundles.tail.within(from, known)).filter(|rest| !rest.is_empty());
    End { gap, pieces: bundles.pieces, rest: Vec::from_iter(rest), probe: None }
}
