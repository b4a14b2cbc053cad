//! Settings of a data source: an error never quotes the secret key.
#![no_main]

use std::collections::HashMap;

use audittrail::settings::Settings;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "SCWfuzzfuzzfuzzfuzzfuzzfuzz";

fuzz_target!(|bytes: &[u8]| {
    let secrets = HashMap::from([("secretKey".to_owned(), SECRET.to_owned())]);
    if let Err(error) = Settings::parse(bytes, &secrets) {
        assert!(!error.to_string().contains(SECRET));
    }
});
