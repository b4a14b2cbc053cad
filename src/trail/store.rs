//! What is held: for each list of each region, the windows whose events are here and complete.
//!
//! A window is settled when it was read long enough after it ended that no event of it can still be missing; it is held
//! for good, or until the memory is needed. What was read earlier than that is the live edge: it is held for as long as
//! a question accepts what was read then. Of what was not read just now, a panel accepts what had happened a while before
//! it was read, for a minute: a refresh reads what is new, and a little more.
//!
//! Nothing here waits, reads the clock or asks Scaleway: times come with the calls, so that a test can drive it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::SECOND;
use super::limits::Limits;
use crate::event::{Column, Events, Kind, List};
use crate::scaleway::audit_trail::{Filter, Flaws, Window};

/// How far back a refresh reads what an earlier one has read: thirty times as long as events were seen to be late.
pub(super) const OVERLAP: i64 = 60 * SECOND;

/// How long what a refresh does not read again is good for: an event that is later than the overlap appears by then.
pub(super) const AGAIN: i64 = 60 * SECOND;

/// Spans with fewer events are put together whatever they cost.
const FEW: usize = 64;

/// The most events of a span: what goes first when memory is short is not all that there is.
const MOST_EVENTS: usize = 1 << 16;

/// A list of a region, as the API filters it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Series {
    pub(super) region: String,
    pub(super) list: List,
    pub(super) filter: Filter,
}

impl Series {
    pub(super) fn of(window: &Window) -> Self {
        Self { region: window.region.clone(), list: window.list, filter: window.filter.clone() }
    }

    pub(super) fn window(&self, range: &Range<i64>) -> Window {
        Window {
            region: self.region.clone(),
            list: self.list,
            filter: self.filter.clone(),
            from: range.start,
            to: range.end,
        }
    }

    /// Whether all events of `other` are among this series'.
    pub(super) fn covers(&self, other: &Self) -> bool {
        fn wider<T: PartialEq>(this: Option<&T>, other: Option<&T>) -> bool {
            this.is_none() || this == other
        }
        let (a, b) = (&self.filter, &other.filter);
        self.region == other.region
            && (self.list == other.list || self.list == List::Combined)
            && wider(a.product.as_ref(), b.product.as_ref())
            && wider(a.service.as_ref(), b.service.as_ref())
            && wider(a.method.as_ref(), b.method.as_ref())
            && wider(a.principal.as_ref(), b.principal.as_ref())
            && wider(a.status.as_ref(), b.status.as_ref())
            && wider(a.project.as_ref(), b.project.as_ref())
            && wider(a.resource_type.as_ref(), b.resource_type.as_ref())
    }

    /// The events of this series among those of one that covers it.
    pub(super) fn among(&self, events: &Events) -> Events {
        let mut mask = vec![true; events.len()];
        if let List::Of(kind) = self.list {
            keep(&mut mask, events, Column::Kind, kind.as_str());
        }
        let filter = &self.filter;
        let texts = [
            (Column::Product, &filter.product),
            (Column::Service, &filter.service),
            (Column::Method, &filter.method),
            (Column::PrincipalId, &filter.principal),
            (Column::Project, &filter.project),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                keep(&mut mask, events, column, text);
            }
        }
        if let Some(status) = filter.status {
            let statuses = events.statuses();
            for (keep, row) in mask.iter_mut().zip(statuses) {
                *keep = *keep && row == Some(status);
            }
        }
        if let Some(kind) = &filter.resource_type {
            let references = events.references();
            for (row, keep) in mask.iter_mut().enumerate().filter(|(_, keep)| **keep) {
                *keep = references.of(row).any(|reference| reference.kind == Some(kind));
            }
        }
        // The mask has a place for each event.
        events.filter(&mask).expect("the mask has one entry for each event")
    }
}

fn keep(mask: &mut [bool], events: &Events, column: Column, wanted: &str) {
    events.find(column, |text| text != Some(wanted), |row| mask[row] = false);
}

/// A window that is here and complete.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) range: Range<i64>,
    pub(super) events: Events,
    pub(super) flaws: Flaws,
    used: u64,
    /// Whether the folder has it too.
    pub(super) kept: bool,
}

impl Span {
    pub(super) fn settled(range: Range<i64>, events: Events, flaws: Flaws) -> Self {
        Self { range, events, flaws, used: 0, kept: false }
    }

    fn bytes(&self) -> usize {
        self.events.bytes() + size_of::<Self>()
    }
}

/// What a question accepts of the live edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    /// All that was read then or later is fresh enough.
    pub(super) fresh: i64,
    /// Of what was read then or later, that is good enough which had happened `OVERLAP` before.
    pub(super) steady: i64,
    /// Nothing more can be read: whatever is good enough is wanted.
    pub(super) all: bool,
}

/// A window of which events may still be missing.
#[derive(Clone, Debug)]
struct Edge {
    range: Range<i64>,
    events: Events,
    flaws: Flaws,
    /// When it was read.
    read: i64,
}

/// The windows of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// Apart from each other, the oldest first.
    pub(super) spans: Vec<Span>,
    /// Of what was read again, the last reading.
    edges: Vec<Edge>,
}

/// What a read window turned out to hold.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) range: Range<i64>,
    pub(super) events: Events,
    pub(super) flaws: Flaws,
}

/// What the store has for a question.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    /// Events of windows that are apart from each other.
    pub(super) pieces: Vec<Events>,
    /// What is not here.
    pub(super) missing: Vec<Range<i64>>,
    /// What is here of an older reading than a question would accept if it could read again.
    pub(super) provisional: Vec<Range<i64>>,
    pub(super) flaws: Flaws,
}

impl Served {
    /// Takes what is missing of a window's events, which are those of the series `of`; tells whether anything was.
    pub(super) fn fill(
        &mut self,
        wanted: &Series,
        of: &Series,
        range: &Range<i64>,
        events: &Events,
        flaws: &Flaws,
    ) -> bool {
        let mut taken = false;
        for hole in std::mem::take(&mut self.missing) {
            let part = range.start.max(hole.start)..range.end.min(hole.end);
            let flaws = flaws.within(part.start, part.end);
            // What is malformed may be another list's, and not missing from this one.
            if part.is_empty() || (of != wanted && !flaws.malformed.is_empty()) {
                self.missing.push(hole);
                continue;
            }
            let events = events.within(part.start, part.end);
            if !events.is_empty() {
                self.pieces.push(if of == wanted { events } else { wanted.among(&events) });
            }
            self.missing
                .extend([hole.start..part.start, part.end..hole.end].into_iter().filter(|rest| !rest.is_empty()));
            self.flaws.add(&flaws);
            taken = true;
        }
        taken
    }
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) body_bytes: usize,
}

/// All that is held of an organization's trail.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) series: HashMap<Series, Held>,
    /// How long after it was recorded an event may still be missing from the trail.
    settling: i64,
    /// The most bytes.
    most: usize,
    limits: Limits,
    /// Counts questions, to know what was used last.
    tick: u64,
}

impl Store {
    pub(super) fn new(settling: i64, most: usize, limits: Limits) -> Self {
        Self { series: HashMap::new(), settling, most, limits, tick: 0 }
    }

    /// The most bytes that it holds.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Up to where the trail is complete in what is read at `now`.
    pub(super) fn settled(&self, now: i64) -> i64 {
        now.saturating_sub(self.settling)
    }

    /// The spans that the folder does not have.
    pub(super) fn not_kept(&self) -> Vec<(Series, Span)> {
        let spans = self.series.iter().flat_map(|(series, held)| held.spans.iter().map(move |span| (series, span)));
        spans.filter(|(_, span)| !span.kept).map(|(series, span)| (series.clone(), span.clone())).collect()
    }

    /// The folder has a span now, if it is still the same.
    pub(super) fn kept(&mut self, series: &Series, range: &Range<i64>) {
        let spans = self.series.get_mut(series).into_iter().flat_map(|held| &mut held.spans);
        for span in spans.filter(|span| span.range == *range) {
            span.kept = true;
        }
    }

    pub(super) fn size(&self) -> Size {
        let mut size = Size::default();
        let all = self.series.values().flat_map(|held| {
            let spans = held.spans.iter().map(|span| (&span.events, span.bytes()));
            spans.chain(held.edges.iter().map(|edge| (&edge.events, edge.bytes())))
        });
        for (events, bytes) in all {
            size.events += events.len();
            size.bytes += bytes;
            size.body_bytes += events.body_bytes();
        }
        size
    }

    /// Up to where what was read at a time is good enough.
    pub(super) fn until(&self, read: i64, accepted: &Accepted) -> i64 {
        if read >= accepted.fresh {
            i64::MAX
        } else if read >= accepted.steady {
            read.saturating_sub(OVERLAP.min(self.settling))
        } else {
            self.settled(read)
        }
    }

    /// What is here of a series' window. What was read later than `latest` was so by a clock that has gone back since.
    pub(super) fn serve(&mut self, wanted: &Series, range: &Range<i64>, accepted: &Accepted, latest: i64) -> Served {
        self.tick += 1;
        let mut served = Served { missing: vec![range.clone()], ..Served::default() };
        // What is held for the question itself needs no filter.
        let mut sources: Vec<&Series> = self.series.keys().filter(|series| series.covers(wanted)).collect();
        sources.sort_by_key(|series| (*series != wanted, series.list == List::Combined));
        let sources: Vec<Series> = sources.into_iter().cloned().collect();
        let settled = self.settled(latest);
        for source in &sources {
            let Some(held) = self.series.get_mut(source) else { continue };
            let first = held.spans.partition_point(|span| span.range.end <= range.start);
            for span in held.spans[first..].iter_mut().take_while(|span| span.range.start < range.end) {
                let range = span.range.start..span.range.end.min(settled);
                if served.fill(wanted, source, &range, &span.events, &span.flaws) {
                    span.used = self.tick;
                }
            }
        }
        let held = sources.iter().filter_map(|source| Some((source, self.series.get(source)?)));
        let mut edges: Vec<(&Series, &Edge)> =
            held.flat_map(|(source, held)| held.edges.iter().map(move |edge| (source, edge))).collect();
        edges.retain(|(_, edge)| (accepted.steady..=latest).contains(&edge.read));
        // What was shown once is shown again: the last reading counts, whichever series it was of.
        edges.sort_by_key(|(_, edge)| Reverse(edge.read));
        let (fresh, steady) = edges.split_at(edges.partition_point(|(_, edge)| edge.read >= accepted.fresh));
        for (source, edge) in fresh {
            served.fill(wanted, source, &edge.range, &edge.events, &edge.flaws);
        }
        let mut more = served.clone();
        for (source, edge) in steady {
            let range = edge.range.start..edge.range.end.min(self.until(edge.read, accepted));
            let missing = more.missing.clone();
            if more.fill(wanted, source, &range, &edge.events, &edge.flaws) {
                let parts = missing.into_iter().map(|hole| range.start.max(hole.start)..range.end.min(hole.end));
                let filled =
                    |part: &Range<i64>| !part.is_empty() && more.missing.iter().all(|hole| !hole.contains(&part.start));
                let filled: Vec<_> = parts.filter(filled).collect();
                more.provisional.extend(filled);
            }
        }
        let known = |of: &&Series| {
            let of = steady.iter().filter(|(source, _)| source == of);
            of.map(|(_, edge)| edge.events.len()).sum::<usize>()
        };
        let spares_calls = more.missing.len() <= served.missing.len()
            && sources.iter().map(|of| known(&of)).max() >= Some(self.limits.refreshed_events);
        if accepted.all || more.missing.is_empty() || spares_calls {
            served = more;
        }
        served
    }

    /// Whether malformed events were found in a series' window.
    pub(super) fn is_malformed(&self, series: &Series, range: &Range<i64>) -> bool {
        let Some(held) = self.series.get(series) else { return false };
        let mut flaws = held.spans.iter().map(|span| &span.flaws).chain(held.edges.iter().map(|edge| &edge.flaws));
        flaws.any(|flaws| !flaws.within(range.start, range.end).malformed.is_empty())
    }

    /// Takes in what was read of a series at `read`, which is `now` or earlier.
    pub(super) fn put(&mut self, series: &Series, piece: Piece, read: i64, now: i64) {
        self.tick += 1;
        self.forget(now);
        let settled = piece.range.end.min(self.settled(read)).max(piece.range.start);
        let held = self.series.entry(series.clone()).or_default();
        let Piece { range, events, flaws } = piece;
        // Whoever accepts an older reading accepts this one.
        let (older, newer): (Vec<Edge>, Vec<Edge>) = held.edges.drain(..).partition(|edge| edge.read < read);
        held.edges = newer;
        held.edges.extend(older.into_iter().flat_map(|edge| edge.without(&range)));
        if settled > range.start {
            let range = range.start..settled;
            let within = flaws.within(range.start, range.end);
            let mut span = Span::settled(range.clone(), events.within(range.start, range.end), within);
            span.used = self.tick;
            held.add(span);
        }
        if settled < range.end {
            let (events, flaws) = (events.within(settled, range.end), flaws.within(settled, range.end));
            held.add_edge(Edge { range: settled..range.end, events, flaws, read });
        }
        self.evict();
    }

    /// Drops the edges that no question accepts any more, and what a clock that has gone back since took for settled.
    fn forget(&mut self, now: i64) {
        let settled = self.settled(now);
        for held in self.series.values_mut() {
            // Questions under way may have begun before.
            held.edges.retain(|edge| (now.saturating_sub(2 * AGAIN)..=now).contains(&edge.read));
            held.spans.retain(|span| span.range.start < settled);
            if let Some(span) = held.spans.last_mut().filter(|span| span.range.end > settled) {
                let (from, flaws) = (span.range.start, span.flaws.within(span.range.start, settled));
                *span =
                    Span { used: span.used, ..Span::settled(from..settled, span.events.within(from, settled), flaws) };
            }
        }
    }

    /// Takes in a span that the folder has.
    pub(super) fn restore(&mut self, series: &Series, mut span: Span) {
        span.kept = true;
        self.series.entry(series.clone()).or_default().add(span);
        self.evict();
    }

    /// How many events a nanosecond of the trail holds near a window, as far as what is here can tell; and what part of
    /// them is `wanted`.
    pub(super) fn density(&self, wide: &Series, wanted: &Series, near: &Range<i64>) -> Option<(f64, f64)> {
        let held = self.series.get(wide)?;
        // Of the time after it was read, an edge tells nothing.
        let known = |edge: &Edge| edge.range.start..edge.range.end.min(edge.read).max(edge.range.start);
        let spans = held.spans.iter().map(|span| (span.range.clone(), &span.events));
        let mut pieces: Vec<_> = spans.chain(held.edges.iter().map(|edge| (known(edge), &edge.events))).collect();
        let away = |range: &Range<i64>| near.start.saturating_sub(range.end).max(range.start.saturating_sub(near.end));
        pieces.sort_by_key(|(range, _)| away(range).max(0));
        let (mut events, mut time, mut found) = (0, 0_i64, 0);
        for (range, all) in pieces {
            let (sample, part) = nearest(&range, all, near, self.limits.sampled_events);
            events += sample.len();
            time = time.saturating_add(part.end - part.start);
            found += wanted.among(&sample).len();
            if events >= self.limits.sampled_events {
                break;
            }
        }
        (time > 0).then(|| (ratio(events, time), (to_f64(found) + 1.0) / (to_f64(events) + 1.0)))
    }

    /// Drops what was used longest ago until the rest fits.
    fn evict(&mut self) {
        let mut bytes = self.size().bytes;
        while bytes > self.most {
            let spans = self.series.iter().flat_map(|(series, held)| {
                held.spans.iter().enumerate().map(move |(place, span)| (span.used, span.range.start, series, place))
            });
            let Some((.., series, place)) = spans.min_by_key(|(used, start, ..)| (*used, *start)) else {
                // Edges alone are too much: nothing is held then.
                self.series.clear();
                return;
            };
            let series = series.clone();
            if let Some(held) = self.series.get_mut(&series) {
                bytes = bytes.saturating_sub(held.spans.remove(place).bytes());
            }
        }
        self.series.retain(|_, held| !held.spans.is_empty() || !held.edges.is_empty());
    }
}

/// The events of a piece that are nearest to a window, at most `limit` of them, and the time that they fill.
fn nearest(range: &Range<i64>, events: &Events, near: &Range<i64>, limit: usize) -> (Events, Range<i64>) {
    let all = events.len();
    if all <= limit {
        (events.clone(), range.clone())
    } else if range.end <= near.end {
        let sample = events.newest(limit);
        let part = sample.times().value(limit - 1)..range.end;
        (sample, part)
    } else {
        let sample = events.slice(all - limit..all);
        let part = range.start..sample.times().value(0) + 1;
        (sample, part)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn ratio(events: usize, time: i64) -> f64 {
    events as f64 / time.max(1) as f64
}

impl Held {
    /// Puts a span in its place. What was here of its window is here once.
    fn add(&mut self, mut span: Span) {
        let overlapping = |other: &Span| other.range.start < span.range.end && span.range.start < other.range.end;
        let (same, apart): (Vec<Span>, Vec<Span>) = self.spans.drain(..).partition(overlapping);
        self.spans = apart;
        for other in same {
            // Two readings of a settled window agree; should they not, no event is lost.
            span = span.joined(other);
        }
        let place = self.spans.partition_point(|other| other.range.end <= span.range.start);
        self.spans.insert(place, span);
        self.compact(place);
    }

    /// Puts an edge in its place, what one reading brings home in pieces as one.
    fn add_edge(&mut self, mut edge: Edge) {
        let meet =
            |a: &Edge, b: &Edge| a.read == b.read && (a.range.end == b.range.start || b.range.end == a.range.start);
        while let Some(place) = self.edges.iter().position(|other| meet(other, &edge)) {
            edge = edge.joined(self.edges.swap_remove(place));
        }
        self.edges.push(edge);
    }

    /// Puts neighbours together, small ones first, so that each event is moved a few times only.
    fn compact(&mut self, mut place: usize) {
        loop {
            let joins = |this: &Span, next: &Span| {
                let (small, large) =
                    (this.events.len().min(next.events.len()), this.events.len().max(next.events.len()));
                this.range.end == next.range.start
                    && small + large <= MOST_EVENTS
                    && (small == 0 || large <= FEW || small * 2 >= large)
            };
            let before = place.checked_sub(1).filter(|before| joins(&self.spans[*before], &self.spans[place]));
            let after = self.spans.get(place + 1).is_some_and(|next| joins(&self.spans[place], next)).then_some(place);
            let Some(first) = before.or(after) else { return };
            let next = self.spans.remove(first + 1);
            let this = self.spans.remove(first);
            self.spans.insert(first, this.joined(next));
            place = first;
        }
    }
}

impl Edge {
    fn bytes(&self) -> usize {
        self.events.bytes() + size_of::<Self>()
    }

    /// What of it is not in a range.
    fn without(self, range: &Range<i64>) -> Vec<Self> {
        if self.range.end <= range.start || range.end <= self.range.start {
            return vec![self];
        }
        let rests = [self.range.start..range.start, range.end..self.range.end].into_iter();
        let rest = |range: Range<i64>| {
            let events = self.events.within(range.start, range.end);
            // Packed, it keeps nothing of the rest.
            let events = events.packed().unwrap_or(events);
            Self { events, flaws: self.flaws.within(range.start, range.end), read: self.read, range }
        };
        rests.filter(|rest| !rest.is_empty()).map(rest).collect()
    }

    /// One edge of two that meet.
    fn joined(mut self, other: Self) -> Self {
        self.range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        self.flaws.add(&other.flaws);
        // Edges have far fewer events than rows can be counted.
        self.events = Events::merge(&[self.events, other.events]).expect("cached events of one list fit together");
        self
    }
}

impl Span {
    fn joined(self, other: Self) -> Self {
        let mut flaws = self.flaws;
        flaws.add(&other.flaws);
        let range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        let used = self.used.max(other.used);
        // Nothing is copied where one of them is empty, and it then is in the folder as it was.
        let (events, kept) = match (self.events.is_empty(), other.events.is_empty()) {
            (true, _) => (other.events, false),
            (_, true) => (self.events, false),
            _ => {
                let merged = Events::merge(&[self.events, other.events]);
                // Spans have far fewer events than rows can be counted.
                let merged = merged.and_then(|merged| merged.packed()).expect("cached events of one list fit together");
                (merged, false)
            }
        };
        Self { range, events, flaws, used, kept }
    }
}

/// The list of everything that a region records.
pub(super) fn everything(region: &str) -> Series {
    Series { region: region.to_owned(), list: List::Combined, filter: Filter::default() }
}

/// The lists that together are the list of everything.
pub(super) fn apart(series: &Series) -> Vec<Series> {
    let of = |kind: Kind| Series {
        region: series.region.clone(),
        list: List::Of(kind),
        filter: series.filter.known_to(List::Of(kind)),
    };
    match series.list {
        List::Combined => Kind::ALL.map(of).to_vec(),
        List::Of(_) => vec![series.clone()],
    }
}
