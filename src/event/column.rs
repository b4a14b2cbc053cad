//! The text columns of an event, in one table.

/// The index of the first text column in the schema, after the columns of other types.
pub(super) const FIRST_TEXT: usize = 8;

/// Makes the columns of a table: each with its documentation, and its name in frames, labels and queries.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident = $name:literal,)*) => {
        /// A text column, dictionary-encoded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column {
            $($(#[$doc])* $column,)*
        }

        impl Column {
            /// All text columns in the order of the schema.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$column),*];

            /// The column's name in frames, labels and queries; every one is a legal Prometheus label name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }
        }
    };
}

columns! {
    /// `api`, `authentication` or `system`.
    Kind = "kind",
    /// The locality without its zone number, or the region asked when an event has no locality; `global` for IAM.
    Region = "region",
    /// Region, zone or `global`, as sent.
    Locality = "locality",
    /// The organization's id.
    Organization = "organization",
    /// The project's id; absent for organization-wide products.
    Project = "project",
    /// The principal's id; for log-ins and session renewals, which name no principal, the id of the user concerned.
    PrincipalId = "principal_id",
    /// `product_name`.
    Product = "product",
    /// `service_name`; a system event's `source`.
    Service = "service",
    /// `method_name`; an authentication event's log-in method; a system event's `system_name`.
    Method = "method",
    /// The first resource's id; where a delete names none, the id in its request body.
    ResourceId = "resource_id",
    /// The first resource's type.
    ResourceType = "resource_type",
    /// The first resource's name.
    ResourceName = "resource_name",
    /// The caller's address; absent for Kubernetes.
    SourceIp = "source_ip",
    /// The caller's user agent: text of the caller's choice.
    UserAgent = "user_agent",
    /// `succeeded`, `denied` or `failed`; absent for system events.
    StatusClass = "status_class",
    /// A log-in's `result`.
    Result = "result",
    /// A failed log-in's `failure_reason`.
    FailureReason = "failure_reason",
    /// A log-in's country, ISO 3166 alpha-2.
    Country = "country",
    /// A log-in's `origin`.
    Origin = "origin",
    /// A log-in's second factor, as far as Scaleway knows it: an identity provider has its own, and a passkey is one.
    Mfa = "mfa",
    /// The action of an Instance's `ServerAction`, which only its request body has.
    Action = "action",
}

impl Column {
    /// The column's index in the schema.
    pub(super) const fn index(self) -> usize {
        FIRST_TEXT + self as usize
    }
}
