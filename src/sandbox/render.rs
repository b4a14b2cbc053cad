//! An event as JSON, and the fields of it that the trail's filters compare.
//!
//! Byte for byte in the recorded style: `", "` between members, nothing after `:`, and each product's own order of keys.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, SecondsFormat};

/// Nanoseconds since 1970.
pub(super) type Nanos = i64;

/// An API call, a log-in or an action of the platform.
#[derive(Debug)]
pub(super) enum Event<'a> {
    Api(ApiCall<'a>),
    Login(Login<'a>),
    System(SystemEvent<'a>),
}

#[derive(Debug)]
pub(super) struct ApiCall<'a> {
    pub(super) at: Nanos,
    pub(super) id: String,
    pub(super) locality: &'a str,
    pub(super) principal: Option<&'a str>,
    pub(super) organization: &'a str,
    pub(super) project: Option<&'a str>,
    pub(super) source_ip: &'a str,
    pub(super) user_agent: Option<&'a str>,
    pub(super) product: &'a str,
    pub(super) service: &'a str,
    pub(super) method: &'a str,
    pub(super) request_id: String,
    /// JSON.
    pub(super) body: String,
    pub(super) status: u16,
    pub(super) resources: Vec<Touched<'a>>,
}

#[derive(Debug)]
pub(super) struct Login<'a> {
    pub(super) at: Nanos,
    pub(super) id: String,
    pub(super) organization: &'a str,
    pub(super) source_ip: &'a str,
    pub(super) user_agent: Option<&'a str>,
    pub(super) resources: Vec<Touched<'a>>,
    pub(super) result: &'a str,
    pub(super) failure_reason: Option<&'a str>,
    pub(super) country: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) origin: &'a str,
    pub(super) mfa: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct SystemEvent<'a> {
    pub(super) at: Nanos,
    pub(super) id: String,
    pub(super) locality: &'a str,
    pub(super) organization: &'a str,
    pub(super) project: Option<&'a str>,
    pub(super) product: &'a str,
    pub(super) source: &'a str,
    pub(super) system_name: &'a str,
    pub(super) resources: Vec<Touched<'a>>,
    pub(super) kind: &'a str,
}

/// A resource as an event lists it.
#[derive(Debug)]
pub(super) struct Touched<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) kind: &'a str,
    pub(super) created_at: Nanos,
    pub(super) updated_at: Nanos,
    pub(super) deleted_at: Option<Nanos>,
    pub(super) name: Option<Cow<'a, str>>,
    /// The `*_info` member, or nothing.
    pub(super) info: String,
}

/// The hash of a text that a filter compares; never stored, so the hasher may change with the toolchain.
pub(super) type Symbol = u64;

/// The symbol of an absent field.
pub(super) const ABSENT: Symbol = 0;

pub(super) fn symbol(text: &str) -> Symbol {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn symbol_of(text: Option<&str>) -> Symbol {
    text.map_or(ABSENT, symbol)
}

/// The fields that the filters of the API compare.
#[derive(Debug, Clone, Default)]
pub(super) struct Facets {
    pub(super) project: Symbol,
    pub(super) product: Symbol,
    pub(super) service: Symbol,
    pub(super) method: Symbol,
    pub(super) principal: Symbol,
    pub(super) source_ip: Symbol,
    pub(super) status: u16,
    /// Type and id of the first resource; the others are in `more_resources`, mostly empty.
    pub(super) resource: (Symbol, Symbol),
    pub(super) more_resources: Box<[(Symbol, Symbol)]>,
}

impl Facets {
    pub(super) fn set_resources<'a>(&mut self, resources: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut symbols = resources.into_iter().map(|(kind, id)| (symbol(kind), symbol(id)));
        self.resource = symbols.next().unwrap_or((ABSENT, ABSENT));
        self.more_resources = symbols.collect();
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = &(Symbol, Symbol)> {
        std::iter::once(&self.resource).chain(&self.more_resources)
    }
}

impl Event<'_> {
    pub(super) fn at(&self) -> Nanos {
        match self {
            Event::Api(call) => call.at,
            Event::Login(login) => login.at,
            Event::System(event) => event.at,
        }
    }

    pub(super) fn facets(&self) -> Facets {
        let mut facets = Facets::default();
        let resources = match self {
            Event::Api(call) => {
                facets.project = symbol_of(call.project);
                facets.product = symbol(call.product);
                facets.service = symbol(call.service);
                facets.method = symbol(call.method);
                facets.principal = symbol_of(call.principal);
                facets.source_ip = symbol(call.source_ip);
                facets.status = call.status;
                &call.resources
            }
            Event::Login(login) => &login.resources,
            Event::System(event) => {
                facets.project = symbol_of(event.project);
                &event.resources
            }
        };
        facets.set_resources(resources.iter().map(|resource| (resource.kind, &*resource.id)));
        facets
    }

    pub(super) fn render(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        match self {
            Event::Api(call) => call.render(&mut object),
            Event::Login(login) => login.render(&mut object),
            Event::System(event) => event.render(&mut object),
        }
        object.close();
    }
}

impl ApiCall<'_> {
    fn render(&self, object: &mut Object) {
        object.text("id", &self.id).text("recorded_at", &timestamp(self.at)).text("locality", self.locality);
        if let Some(id) = self.principal {
            object.raw("principal", &format!("{{\"id\":\"{id}\"}}"));
        }
        object.text("organization_id", self.organization);
        object.optional("project_id", self.project).text("source_ip", self.source_ip);
        object.optional("user_agent", self.user_agent).text("product_name", self.product);
        object.text("service_name", self.service).text("method_name", self.method);
        match self.product {
            // Instance has another order of keys.
            "instance" => {
                object.resources(&self.resources).text("request_id", &self.request_id);
                object.raw("request_body", &self.body).raw("status_code", &self.status.to_string());
            }
            product => {
                object.text("request_id", &self.request_id).raw("request_body", &self.body);
                object.raw("status_code", &self.status.to_string()).resources(&self.resources);
                if product == "quantum" {
                    object.raw("correlation", r#"{"trace":["a", null, 3], "sampled":true}"#);
                }
            }
        }
    }
}

impl Login<'_> {
    fn render(&self, object: &mut Object) {
        object.text("id", &self.id).text("recorded_at", &timestamp(self.at));
        object.text("organization_id", self.organization).text("source_ip", self.source_ip);
        object.optional("user_agent", self.user_agent).resources(&self.resources).text("result", self.result);
        object.optional("failure_reason", self.failure_reason).optional("country_code", self.country);
        object.text("method", self.method).text("origin", self.origin).optional("mfa_type", self.mfa);
    }
}

impl SystemEvent<'_> {
    fn render(&self, object: &mut Object) {
        object.text("id", &self.id).text("recorded_at", &timestamp(self.at)).text("locality", self.locality);
        object.text("organization_id", self.organization).optional("project_id", self.project);
        object.text("product_name", self.product).text("source", self.source);
        object.text("system_name", self.system_name).resources(&self.resources).text("kind", self.kind);
    }
}

impl Touched<'_> {
    fn render(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.text("id", &self.id).text("type", self.kind);
        object.text("created_at", &timestamp(self.created_at)).text("updated_at", &timestamp(self.updated_at));
        match self.deleted_at {
            Some(at) => object.text("deleted_at", &timestamp(at)),
            None => object.raw("deleted_at", "null"),
        };
        object.optional("name", self.name.as_deref());
        object.member(&self.info);
        object.close();
    }
}

/// A JSON object being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }

    /// A member as `"key":value`; an empty text adds nothing.
    fn member(&mut self, member: &str) -> &mut Self {
        if !member.is_empty() {
            self.separate();
            self.out.extend_from_slice(member.as_bytes());
        }
        self
    }

    fn separate(&mut self) {
        if !self.empty {
            self.out.extend_from_slice(b", ");
        }
        self.empty = false;
    }

    fn key(&mut self, key: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A member whose value is JSON already.
    pub(super) fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(json.as_bytes());
        self
    }

    pub(super) fn text(&mut self, key: &str, text: &str) -> &mut Self {
        self.key(key);
        serde_json::to_writer(&mut *self.out, text).expect("a vector takes any text");
        self
    }

    fn optional(&mut self, key: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    fn resources(&mut self, resources: &[Touched]) -> &mut Self {
        self.key("resources");
        self.out.push(b'[');
        for (index, resource) in resources.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            resource.render(self.out);
        }
        self.out.push(b']');
        self
    }
}

/// A text as it stands between the quotes of a JSON string.
pub(super) fn escaped(text: &str) -> String {
    let mut json = serde_json::to_string(text).expect("a text is JSON");
    json.pop();
    json.remove(0);
    json
}

/// RFC 3339 with 0, 3, 6 or 9 digits, as few as the time needs.
pub(super) fn timestamp(at: Nanos) -> String {
    DateTime::from_timestamp_nanos(at).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_json() {
        for text in ["plain", "say \"hi\" \\", "two\nlines\tand \u{7}", "🚀 \u{202e}"] {
            let json = format!("\"{}\"", escaped(text));
            assert_eq!(serde_json::from_str::<String>(&json).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn times_have_as_few_digits_as_they_need() {
        let second = 1_759_738_608 * 1_000_000_000;
        assert_eq!(timestamp(second), "2025-10-06T08:16:48Z");
        assert_eq!(timestamp(second + 175_000_000), "2025-10-06T08:16:48.175Z");
        assert_eq!(timestamp(second + 493_912_000), "2025-10-06T08:16:48.493912Z");
        assert_eq!(timestamp(second + 493_912_656), "2025-10-06T08:16:48.493912656Z");
    }
}
