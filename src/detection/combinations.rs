//! The combinations of texts that events have, as numbers.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::event::{Column, Events};

/// The number of an absent text, and of a combination that lacks one.
const ABSENT: u32 = 0;

/// The combinations of some columns' texts: for each event a number, where equal numbers are equal texts.
pub(super) struct Combinations {
    numbers: Vec<u32>,
    count: usize,
}

impl Combinations {
    /// The combinations of `columns`, in each of which an event needs a text, and of `others`, in which it may lack one.
    pub(super) fn of(events: &Events, columns: &[Column], others: &[Column]) -> Self {
        let of = |column: &Column| Self::of_column(events, *column);
        let needed = columns.iter().map(of).reduce(|all, texts| all.with(texts, true));
        let needed = needed.expect("a combination needs a text");
        others.iter().map(of).fold(needed, |all, texts| all.with(texts, false))
    }

    /// The texts of one column.
    fn of_column(events: &Events, column: Column) -> Self {
        let mut known: HashMap<&str, u32, RandomState> = HashMap::default();
        let numbers = events.numbers(column, ABSENT, |text| {
            let next = number_of(known.len() + 1);
            *known.entry(text).or_insert(next)
        });
        Self { numbers, count: known.len() }
    }

    /// The combinations with the texts of one more column.
    fn with(mut self, texts: Self, is_needed: bool) -> Self {
        let mut known: HashMap<(u32, u32), u32, RandomState> = HashMap::default();
        for (number, text) in self.numbers.iter_mut().zip(texts.numbers) {
            if is_needed && text == ABSENT {
                *number = ABSENT;
            } else if *number != ABSENT {
                let next = number_of(known.len() + 1);
                *number = *known.entry((*number, text)).or_insert(next);
            }
        }
        Self { count: known.len(), ..self }
    }

    /// The number of combinations; those of events are below it.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The number of events of a combination.
    pub(super) fn events(&self, combination: usize) -> u64 {
        self.numbers.iter().filter(|number| **number as usize == combination + 1).count() as u64
    }

    /// The combination of an event; none where it lacks a text.
    pub(super) fn get(&self, row: usize) -> Option<usize> {
        (self.numbers[row] as usize).checked_sub(1)
    }
}

fn number_of(count: usize) -> u32 {
    u32::try_from(count).expect("there are fewer than 2^32 events")
}
