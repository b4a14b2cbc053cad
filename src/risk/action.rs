/// The part of an event that decides what it means. Absent and unknown are the same: `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Action<'a> {
    /// `api`, `authentication` or `system`.
    pub kind: &'a str,
    /// The product, such as `iam`.
    pub product: Option<&'a str>,
    /// The service, such as `scaleway.iam.v1alpha1.Api`: asked when the product does not know the method.
    pub service: Option<&'a str>,
    /// The method, such as `CreateAPIKey`.
    pub method: Option<&'a str>,
    /// The id of who did it.
    pub principal: Option<&'a str>,
    /// The HTTP status the API answered. Without one, the action is taken to have succeeded.
    pub status: Option<u16>,
    /// For an authentication event: whether it failed.
    pub failed_login: bool,
    /// The request body, as JSON text. Whoever called the API wrote it.
    pub request_body: Option<&'a str>,
}
