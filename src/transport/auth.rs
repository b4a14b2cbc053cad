//! The authentication of calls.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::error::SetupError;

/// The authentication of a client's calls; its debug output has no secret.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    /// The secret alone, in a header particular to the service.
    Header {
        /// The header's name.
        name: HeaderName,
        /// The header's value.
        secret: SecretString,
    },
    /// `Authorization: Bearer`, with a token.
    Bearer(SecretString),
}

impl Auth {
    pub(super) fn secret(&self) -> &SecretString {
        match self {
            Self::Header { secret, .. } | Self::Bearer(secret) => secret,
        }
    }

    /// The header of a call, flagged as sensitive.
    ///
    /// # Errors
    /// When the secret cannot be a header's value.
    pub(super) fn header(&self) -> Result<(HeaderName, HeaderValue), SetupError> {
        let (name, value) = match self {
            Self::Header { name, secret } => (name.clone(), HeaderValue::from_str(secret.expose_secret())),
            Self::Bearer(secret) => {
                (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", secret.expose_secret())))
            }
        };
        let mut value = value.map_err(|_| SetupError::Secret)?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(secret: &str) -> [Auth; 2] {
        let name = HeaderName::from_static("x-api-key");
        [Auth::Header { name, secret: secret.into() }, Auth::Bearer(secret.into())]
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
