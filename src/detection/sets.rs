use std::collections::HashMap;

use parking_lot::Mutex;

/// The number of the empty set.
pub(super) const NONE: u16 = 0;

/// In the place of a number: the pack has too many sets to number this one.
pub(super) const UNNUMBERED: u16 = u16::MAX;

/// The most rules of all numbered sets together: 16 MiB.
const MOST: usize = 1 << 22;

/// Sets of rules, each with its number, which never changes. Few of all possible sets occur.
#[derive(Debug, Default)]
pub(super) struct Sets(Mutex<Known>);

#[derive(Debug)]
struct Known {
    /// The rules of each number, ascending.
    rules: Vec<Box<[u32]>>,
    /// The number of a set with one more rule, which is above its others.
    larger: HashMap<(u16, u32), u16>,
    /// The rules of all sets together.
    size: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self { rules: vec![Box::default()], larger: HashMap::new(), size: 0 }
    }
}

impl Sets {
    /// The number of a set with one more rule, above its others; [`UNNUMBERED`] where there are too many sets.
    pub(super) fn with(&self, set: u16, rule: u32) -> u16 {
        if set == UNNUMBERED {
            return UNNUMBERED;
        }
        let Known { rules, larger, size } = &mut *self.0.lock();
        if let Some(number) = larger.get(&(set, rule)) {
            return *number;
        }
        let with: Box<[u32]> = rules[usize::from(set)].iter().copied().chain([rule]).collect();
        match u16::try_from(rules.len()) {
            Ok(number) if number < UNNUMBERED && *size + with.len() <= MOST => {
                *size += with.len();
                rules.push(with);
                larger.insert((set, rule), number);
                number
            }
            _ => UNNUMBERED,
        }
    }

    /// The rules of each number, ascending.
    pub(super) fn rules(&self) -> Vec<Box<[u32]>> {
        self.0.lock().rules.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_one_number() {
        let sets = Sets::default();
        let numbers: Vec<u16> = [&[1, 5, 9][..], &[1, 5], &[5, 9], &[], &[1, 5, 9]]
            .into_iter()
            .map(|rules| rules.iter().fold(NONE, |set, rule| sets.with(set, *rule)))
            .collect();
        assert_eq!(numbers[0], numbers[4]);
        assert_eq!(numbers[3], NONE);
        let rules = sets.rules();
        assert_eq!(*rules[usize::from(numbers[0])], [1, 5, 9]);
        assert_eq!(*rules[usize::from(numbers[2])], [5, 9]);
    }

    #[test]
    fn sets_beyond_the_last_number_have_none() {
        let sets = Sets::default();
        let last = (1..=u32::from(UNNUMBERED)).map(|rule| sets.with(NONE, rule)).last();
        assert_eq!(last, Some(UNNUMBERED));
        assert_eq!(sets.with(UNNUMBERED, 70_000), UNNUMBERED);
        assert_eq!(sets.rules().len(), usize::from(UNNUMBERED));
    }
}
