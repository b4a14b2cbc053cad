/// The fields of an event that decide its risk. Absent and unknown are the same: `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Action<'a> {
    /// `api`, `authentication` or `system`.
    pub kind: &'a str,
    /// The product, such as `iam`.
    pub product: Option<&'a str>,
    /// The service, such as `scaleway.iam.v1alpha1.Api`: used when the product does not know the method.
    pub service: Option<&'a str>,
    /// The method, such as `CreateAPIKey`.
    pub method: Option<&'a str>,
    /// The principal's id.
    pub principal: Option<&'a str>,
    /// The HTTP status of the answer. An action without a status counts as successful.
    pub status: Option<u16>,
    /// For an authentication event: whether it failed.
    pub failed_login: bool,
    /// The request body as JSON text, written by the caller.
    pub request_body: Option<&'a str>,
}
