//! The authentication of calls.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::error::SetupError;

/// The authentication of a client's calls; its debug output has no secret.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    /// The header's name.
    pub(crate) header: HeaderName,
    /// The text before the secret in the header's value, such as `Bearer `.
    pub(crate) scheme: &'static str,
    /// The secret.
    pub(crate) secret: SecretString,
}

impl Auth {
    /// The header of a call, flagged as sensitive.
    ///
    /// # Errors
    /// When the secret cannot be a header's value.
    pub(super) fn header(&self) -> Result<(HeaderName, HeaderValue), SetupError> {
        let value = format!("{}{}", self.scheme, self.secret.expose_secret());
        let mut value = HeaderValue::from_str(&value).map_err(|_| SetupError::Secret)?;
        value.set_sensitive(true);
        Ok((self.header.clone(), value))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::AUTHORIZATION;

    use super::*;

    fn both(secret: &str) -> [Auth; 2] {
        [(HeaderName::from_static("x-api-key"), ""), (AUTHORIZATION, "Bearer ")].map(|(header, scheme)| Auth {
            header,
            scheme,
            secret: secret.into(),
        })
    }

    #[test]
    fn header_carries_the_secret_and_prints_none() {
        for (auth, expected) in
            both("hunter2").iter().zip([("x-api-key", "hunter2"), ("authorization", "Bearer hunter2")])
        {
            let (name, value) = auth.header().unwrap();
            assert_eq!((name.as_str(), value.to_str().unwrap()), expected);
            assert!(!format!("{auth:?} {value:?}").contains("hunter2"));
        }
    }

    #[test]
    fn secret_with_a_line_break_is_an_error() {
        for auth in both("hunter\n2") {
            assert_eq!(auth.header(), Err(SetupError::Secret));
        }
    }
}
