//! The setting `caCertificate`: PEM, or the path of a file with PEM.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use super::field::{Error, error, text};

pub(super) fn ca_certificate(value: &Value) -> Result<Option<String>, Error> {
    const ALLOWED: &str = "one or more certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE, or the absolute path of a \
                           file with such certificates";
    let Some(text) = text("caCertificate", value, ALLOWED)? else { return Ok(None) };
    let path = Path::new(&text);
    let written = if path.is_absolute() && !text.contains("-----BEGIN") {
        contents(path).map_err(|problem| error("caCertificate", format!("is the path {text:?}, {problem}"), ALLOWED))?
    } else {
        text
    };
    let pem = rewrapped(&written);
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().unwrap_or_default();
    if certificates.is_empty() {
        return Err(error("caCertificate", "is not a certificate", ALLOWED));
    }
    // Checked here, since an error of TLS would not name the setting.
    let mut roots = RootCertStore::empty();
    match certificates.into_iter().position(|certificate| roots.add(certificate).is_err()) {
        None => Ok(Some(pem)),
        Some(index) => {
            let problem = format!("holds what is not a certificate (number {})", index + 1);
            Err(error("caCertificate", problem, ALLOWED))
        }
    }
}

/// A bundle of all public authorities has 200 KiB.
const LARGEST_FILE: u64 = 1 << 20;

/// The content of a file of certificates, or the problem with the path.
fn contents(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("which cannot be read ({error})");
    let about = std::fs::metadata(path).map_err(failed)?;
    // A read from a pipe or a device might never end.
    if !about.is_file() {
        return Err("which is not a file".to_owned());
    }
    if about.len() > LARGEST_FILE {
        return Err(format!("which is larger than {} MiB", LARGEST_FILE >> 20));
    }
    String::from_utf8(std::fs::read(path).map_err(failed)?).map_err(|_| "which is not in PEM".to_owned())
}

/// The certificates of a text with the line breaks of PEM. Environment variables and YAML turn line breaks into `\n` as two
/// characters, or into spaces.
fn rewrapped(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut pem = String::with_capacity(text.len());
    for block in text.split(BEGIN).skip(1) {
        let (body, end) = block.split_once(END).map_or((block, ""), |(body, _)| (body, END));
        let body = body.replace("\\r", "").replace("\\n", "").replace('\\', "");
        let body: Vec<char> = body.chars().filter(|c| !c.is_whitespace()).collect();
        pem.push_str(BEGIN);
        for line in body.chunks(64) {
            pem.push('\n');
            pem.extend(line);
        }
        pem.push('\n');
        pem.push_str(end);
        pem.push('\n');
    }
    pem
}
