//! Classes of outcome. An Instance action answers 202, so that success is any 2xx.

/// A 2xx status, or a successful log-in.
pub(crate) const SUCCEEDED: &str = "succeeded";
/// Status 401 or 403.
pub(crate) const DENIED: &str = "denied";
/// Any other status, or a failed log-in.
pub(crate) const FAILED: &str = "failed";
/// All classes.
pub(crate) const ALL: [&str; 3] = [SUCCEEDED, DENIED, FAILED];

/// The class of an HTTP status.
pub(crate) fn of(status: u16) -> &'static str {
    match status {
        200..=299 => SUCCEEDED,
        401 | 403 => DENIED,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_any_status_from_200_to_299() {
        for (status, class) in
            [(200, "succeeded"), (202, "succeeded"), (299, "succeeded"), (401, "denied"), (403, "denied")]
        {
            assert_eq!(of(status), class);
        }
        for status in [0, 100, 199, 300, 400, 402, 404, 429, 500, u16::MAX] {
            assert_eq!(of(status), "failed", "{status}");
        }
    }
}
