//! The certificate authorities that a client trusts.

use reqwest::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The trusted roots: built-in ones, for images without any; the system's; and the configured ones, in PEM that the
/// settings have checked.
pub(super) fn trusted(configured: Option<&[u8]>) -> Vec<Certificate> {
    let native = rustls_native_certs::load_native_certs().certs;
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let der = built_in.map(AsRef::as_ref).chain(native.iter().map(AsRef::as_ref));
    let mut certificates: Vec<Certificate> = der.filter_map(|der: &[u8]| Certificate::from_der(der).ok()).collect();
    for der in CertificateDer::pem_slice_iter(configured.unwrap_or_default()) {
        let der = der.expect("the settings check each certificate");
        certificates.push(Certificate::from_der(&der).expect("the settings check each certificate"));
    }
    certificates
}
