//! Names that events have of their own principals.

use crate::event::{Column, Events, Kind, PRODUCT_WITHOUT_PRINCIPAL};

/// The principals' names in the events themselves: the user that logs in, or renews a session, is the event's resource.
pub(super) struct OwnNames {
    /// By row, ascending.
    names: Vec<(usize, String)>,
}

impl OwnNames {
    /// The names of those principals whose id is `wanted`.
    pub(super) fn of(events: &Events, wanted: impl Fn(&str) -> bool) -> Self {
        let mut known = vec![true; events.len()];
        events.find(Column::PrincipalId, |id| id.is_some_and(&wanted), |row| known[row] = false);
        if !known.contains(&false) {
            return Self { names: Vec::new() };
        }
        let mut mask = vec![false; events.len()];
        for (column, of) in
            [(Column::Kind, Kind::Authentication.as_str()), (Column::Product, PRODUCT_WITHOUT_PRINCIPAL)]
        {
            events.find(column, |text| text == Some(of), |row| mask[row] = !known[row]);
        }
        let rows: Vec<usize> = (0..mask.len()).filter(|row| mask[*row]).collect();
        let few = events.filter(&mask).expect("the mask has one entry for each event");
        let (principal, resource, name) =
            (few.text(Column::PrincipalId), few.text(Column::ResourceId), few.text(Column::ResourceName));
        let own = rows
            .into_iter()
            .enumerate()
            .filter(|(index, _)| principal.get(*index).is_some() && principal.get(*index) == resource.get(*index));
        Self { names: own.filter_map(|(index, row)| Some((row, name.get(index)?.to_owned()))).collect() }
    }

    /// The name in the event of a row.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let index = self.names.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        Some(&self.names[index].1)
    }

    /// All names, by row.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        self.names.iter().map(|(row, name)| (*row, name.as_str()))
    }
}
