//! Sigma, as `rsigma` parses, compiles and judges it: the only file that names it.

use super::field::Field;

/// What a value is compared with.
#[derive(Debug)]
pub(crate) struct Matcher {
    fields: Vec<Field>,
}

impl Matcher {
    /// The other fields that the comparison reads.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }
}
