use super::act::Act;
use super::hash::mix;

/// An entry of a tally: a list, and an item of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The hash of the list's name.
    pub(super) list: u64,
    /// The item: an hour, or a part of a hash. A list has few items, and two of the same hash are taken for one.
    pub(super) item: u32,
}

/// Which list a key is of.
#[derive(Clone, Copy)]
enum List {
    Principal = 1,
    Method,
    Hours,
    MethodHours,
    Addresses,
    Address,
    Countries,
    Country,
    Resources,
}

/// The item that stands for all items of a list that is too long.
pub(super) const MANY: u32 = u32::MAX;

fn item(hash: u64) -> u32 {
    u32::try_from(hash >> 32).expect("32 bits").min(MANY - 1)
}

fn list<const N: usize>(list: List, parts: [u64; N]) -> u64 {
    mix([list as u64, mix(parts)])
}

impl Act {
    /// The events of its principal.
    pub(crate) fn of_principal(&self) -> Key {
        Key { list: list(List::Principal, [self.principal]), item: 0 }
    }

    /// The principals that call its method, with its own.
    pub(crate) fn of_method(&self) -> Key {
        Key { list: list(List::Method, [self.method]), item: item(self.principal) }
    }

    /// The hours of its principal, with one of them.
    pub(super) fn of_hour(&self, hour: u8) -> Key {
        Key { list: list(List::Hours, [self.principal]), item: hour.into() }
    }

    /// The hours of its principal's calls of its method, with one of them.
    pub(super) fn of_method_hour(&self, hour: u8) -> Key {
        Key { list: list(List::MethodHours, [self.principal, self.method]), item: hour.into() }
    }

    /// The hours of its principal, with its own.
    pub(crate) fn of_own_hour(&self) -> Key {
        self.of_hour(self.hour)
    }

    /// The hours of its principal's calls of its method, with its own.
    pub(crate) fn of_method_own_hour(&self) -> Key {
        self.of_method_hour(self.hour)
    }

    /// The addresses of its principal, with its own.
    pub(crate) fn of_address(&self) -> Option<Key> {
        Some(Key { list: list(List::Addresses, [self.principal]), item: item(self.address?) })
    }

    /// The events from its address, of any principal.
    pub(crate) fn of_any_address(&self) -> Option<Key> {
        Some(Key { list: list(List::Address, [self.address?]), item: 0 })
    }

    /// The countries of its principal, with its own.
    pub(crate) fn of_country(&self) -> Option<Key> {
        Some(Key { list: list(List::Countries, [self.principal]), item: item(self.country?) })
    }

    /// The events from its country, of any principal.
    pub(crate) fn of_any_country(&self) -> Option<Key> {
        Some(Key { list: list(List::Country, [self.country?]), item: 0 })
    }

    /// The resources of its principal's calls of its method, with its own.
    pub(crate) fn of_resource(&self) -> Option<Key> {
        Some(Key { list: list(List::Resources, [self.principal, self.method]), item: item(self.resource?) })
    }

    /// All keys that count the act.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        let always = [self.of_principal(), self.of_method(), self.of_hour(self.hour), self.of_method_hour(self.hour)];
        let others =
            [self.of_address(), self.of_any_address(), self.of_country(), self.of_any_country(), self.of_resource()];
        always.into_iter().chain(others.into_iter().flatten())
    }
}
