//! Regions and their zones.

/// Events of global products are in fr-par; a zone belongs to the region it starts with.
pub(super) fn region_of(locality: &str) -> &str {
    match locality.rsplit_once('-') {
        _ if locality == "global" => "fr-par",
        Some((region, zone)) if zone.bytes().all(|byte| byte.is_ascii_digit()) => region,
        _ => locality,
    }
}
