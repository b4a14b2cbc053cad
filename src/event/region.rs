/// A locality's region: `fr-par-2` is in `fr-par`, `global` stays `global`.
pub(crate) fn region_of(locality: &str) -> &str {
    match locality.rsplit_once('-') {
        Some((region, zone)) if !zone.is_empty() && zone.bytes().all(|b| b.is_ascii_digit()) => region,
        _ => locality,
    }
}

/// The product whose calls may have no principal: session renewals and log-ins name the user as a resource.
pub(crate) const PRODUCT_WITHOUT_PRINCIPAL: &str = "iam";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_locality_without_its_zone() {
        for (locality, region) in [
            ("fr-par-2", "fr-par"),
            ("fr-par", "fr-par"),
            ("global", "global"),
            ("x-", "x-"),
            ("a-1b", "a-1b"),
            ("-1", ""),
        ] {
            assert_eq!(region_of(locality), region);
        }
    }
}
