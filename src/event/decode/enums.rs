//! Values of the API's enums.

use crate::event::status_class;

/// Whether a value of an enum of the API is a value: each enum has one for an absent value, such as `unknown_mfa_type`.
pub(super) fn is_known(value: &[u8]) -> bool {
    !value.starts_with(b"unknown_")
}

/// The class of a log-in's result.
pub(super) fn class_of(result: &[u8]) -> Option<&'static [u8]> {
    match result {
        b"success" => Some(status_class::SUCCEEDED.as_bytes()),
        b"failure" => Some(status_class::FAILED.as_bytes()),
        _ => None,
    }
}
