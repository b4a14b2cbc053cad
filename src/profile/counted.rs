use super::day::Day;
use super::days::Profile;
use super::tally::Counting;
use crate::event::Events;

impl Profile {
    /// The profile with a day that is counted from all of its events; as it is where it knows the day.
    pub(crate) fn with_day(&self, day: Day, events: &Events) -> Self {
        let mut profile = self.clone();
        if !self.knows(day) {
            let mut counting = Counting::new(self.salt);
            counting.add(&events.within(day.interval()));
            profile.add(day, counting.finish());
        }
        profile
    }
}
