//! Regions and their zones.

use crate::event::region;

/// The region whose trail has the events of a locality; global events are in fr-par.
pub(super) fn region_of(locality: &str) -> &str {
    if locality == "global" { "fr-par" } else { region::region_of(locality) }
}
