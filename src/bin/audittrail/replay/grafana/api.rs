//! Calls to Grafana.

use std::env;
use std::str::FromStr;
use std::time::Duration;

use audittrail::query::text;
use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use url::Url;

use crate::Error;

/// The user and the password of a new Grafana.
const FRESH: &str = "admin";

/// The variable of the environment with an address.
const VARIABLE: &str = "GRAFANA_URL";

/// The whole text of the error about an address: what is wrong with it may be a password in the wrong place.
const NO_ADDRESS: &str =
    "the URL of Grafana is not one such as http://127.0.0.1:3000 or http://USER:PASSWORD@127.0.0.1:3000";

/// The address of a Grafana, with a user and a password. It has no form for people to read, such as that of `Debug`.
#[derive(Clone)]
pub(in super::super) struct Address {
    /// Without user and password, and with a slash at the end.
    url: Url,
    user: String,
    password: String,
}

impl Address {
    /// The address in the environment.
    pub(in super::super) fn of_environment() -> Result<Self, Error> {
        let text = env::var(VARIABLE).map_err(|_| format!("--grafana without a URL needs one in {VARIABLE}"))?;
        Ok(text.parse()?)
    }
}

impl FromStr for Address {
    type Err = &'static str;

    /// The address of a URL, whose user and password are those of a fresh Grafana if it has none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = Url::parse(text).map_err(|_| NO_ADDRESS)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NO_ADDRESS);
        }
        let part = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = if url.username().is_empty() { FRESH.to_owned() } else { part(url.username()) };
        let password = url.password().map_or_else(|| FRESH.to_owned(), part);
        // Errors of calls quote the URL.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| NO_ADDRESS)?;
        // A path is joined to the part before the last slash.
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        Ok(Self { url, user, password })
    }
}

/// Parses addresses; clap's own parsers quote what they cannot parse.
#[derive(Clone)]
pub(in super::super) struct AddressParser;

impl TypedValueParser for AddressParser {
    type Value = Address;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Address, clap::Error> {
        let address = value.to_str().ok_or(NO_ADDRESS).and_then(str::parse);
        address.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).with_cmd(command))
    }
}

impl ValueParserFactory for Address {
    type Parser = AddressParser;

    fn value_parser() -> AddressParser {
        AddressParser
    }
}

/// A Grafana, as an administrator.
pub(super) struct Grafana {
    client: Client,
    address: Address,
}

impl Grafana {
    pub(super) fn new(address: &Address) -> Result<Self, Error> {
        // A second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, address: address.clone() })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Deletes the object at a path.
    pub(super) async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let Address { url, user, password } = &self.address;
        let mut request = self.client.request(method.clone(), url.join(path)?).basic_auth(user, Some(password));
        if let Some(body) = body {
            // Without the other header, the rules could only be changed by this way again.
            request = request.header(CONTENT_TYPE, "application/json").header("X-Disable-Provenance", "true");
            request = request.body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, answer) = (answer.status(), answer.text().await?);
        let is_gone = method == Method::DELETE && status == StatusCode::NOT_FOUND;
        if !status.is_success() && !is_gone {
            let answer = text::lines(&answer.chars().take(300).collect::<String>());
            return Err(format!("Grafana answered {method} {path} with {status}: {answer}").into());
        }
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_after_that_of_the_address_and_its_user_is_in_no_url() {
        for (text, joined, user, password) in [
            ("http://host:3000", "http://host:3000/api/folders", "admin", "admin"),
            ("https://host/grafana", "https://host/grafana/api/folders", "admin", "admin"),
            ("http://me:a%20b@host/grafana/", "http://host/grafana/api/folders", "me", "a b"),
        ] {
            let address: Address = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(address.url.join("api/folders").unwrap().as_str(), joined);
            assert_eq!((&*address.user, &*address.password), (user, password));
        }
    }

    #[tokio::test]
    async fn a_call_that_fails_does_not_name_the_password() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let address: Address =
            format!("http://admin:canary@127.0.0.1:{port}").parse().unwrap_or_else(|error| panic!("{error}"));
        let grafana = Grafana::new(&address).unwrap();
        let error = grafana.get("api/folders").await.unwrap_err();
        let texts = [error.to_string(), format!("{error:?}")];
        assert!(texts.iter().all(|text| !text.contains("canary")) && texts[0].contains("127.0.0.1"), "{texts:?}");
    }
}
