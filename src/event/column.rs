/// The index of the first text column in the schema, after the columns of other types.
pub(super) const FIRST_TEXT: usize = 8;

/// A text column, dictionary-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// `api`, `authentication` or `system`.
    Kind,
    /// The locality without its zone number, or the region asked when an event has no locality; `global` for IAM.
    Region,
    /// Region, zone or `global`, as sent.
    Locality,
    /// The organization's id.
    Organization,
    /// The project's id; absent for organization-wide products.
    Project,
    /// The principal's id; for log-ins and session renewals, which name no principal, the id of the user concerned.
    PrincipalId,
    /// `product_name`.
    Product,
    /// `service_name`; a system event's `source`.
    Service,
    /// `method_name`; an authentication event's log-in method; a system event's `system_name`.
    Method,
    /// The first resource's id; where a delete names none, the id in its request body.
    ResourceId,
    /// The first resource's type.
    ResourceType,
    /// The first resource's name.
    ResourceName,
    /// The caller's address; absent for Kubernetes.
    SourceIp,
    /// The caller's user agent: text of the caller's choice.
    UserAgent,
    /// `succeeded`, `denied` or `failed`; absent for system events.
    StatusClass,
    /// A log-in's `result`.
    Result,
    /// A failed log-in's `failure_reason`.
    FailureReason,
    /// A log-in's country, ISO 3166 alpha-2.
    Country,
    /// A log-in's `origin`.
    Origin,
    /// A log-in's second factor, as far as Scaleway knows it: an identity provider has its own, and a passkey is one.
    Mfa,
    /// What an Instance's `ServerAction` does, which only its request body says.
    Action,
}

impl Column {
    /// All text columns in the order of the schema.
    pub const ALL: [Self; 21] = [
        Self::Kind,
        Self::Region,
        Self::Locality,
        Self::Organization,
        Self::Project,
        Self::PrincipalId,
        Self::Product,
        Self::Service,
        Self::Method,
        Self::ResourceId,
        Self::ResourceType,
        Self::ResourceName,
        Self::SourceIp,
        Self::UserAgent,
        Self::StatusClass,
        Self::Result,
        Self::FailureReason,
        Self::Country,
        Self::Origin,
        Self::Mfa,
        Self::Action,
    ];

    /// The column's index in the schema.
    pub(super) const fn place(self) -> usize {
        FIRST_TEXT + self as usize
    }

    /// The column's name in frames, labels and queries; every one is a legal Prometheus label name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Region => "region",
            Self::Locality => "locality",
            Self::Organization => "organization",
            Self::Project => "project",
            Self::PrincipalId => "principal_id",
            Self::Product => "product",
            Self::Service => "service",
            Self::Method => "method",
            Self::ResourceId => "resource_id",
            Self::ResourceType => "resource_type",
            Self::ResourceName => "resource_name",
            Self::SourceIp => "source_ip",
            Self::UserAgent => "user_agent",
            Self::StatusClass => "status_class",
            Self::Result => "result",
            Self::FailureReason => "failure_reason",
            Self::Country => "country",
            Self::Origin => "origin",
            Self::Mfa => "mfa",
            Self::Action => "action",
        }
    }
}
