//! Events, as the API writes them.

use std::fmt::Write as _;

use audittrail::event::{Decoder, Events, Kind, List};
use audittrail::time::Time;
use rand_chacha::ChaCha8Rng;

use super::world::{Principal, Type, World, uuid};

/// A page has so many events.
const PAGE: usize = 2_000;

/// A call, before it has an id.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) at: Time,
    pub(crate) principal: Option<&'a Principal>,
    /// Another address than the principal's usual one.
    pub(crate) from: Option<&'a str>,
    pub(crate) product: &'a str,
    pub(crate) service: &'a str,
    pub(crate) method: &'a str,
    pub(crate) status: u16,
    pub(crate) on: usize,
    /// JSON.
    pub(crate) body: String,
}

/// Writes events page by page.
pub(crate) struct Writer<'a> {
    world: &'a World,
    decoder: Decoder,
    /// The page of each kind, and how many events it has.
    pages: [(Kind, String, usize); 3],
}

impl<'a> Writer<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, decoder: Decoder::new("fr-par"), pages: Kind::ALL.map(|kind| (kind, String::new(), 0)) }
    }

    /// Adds a call; its id.
    pub(crate) fn call(&mut self, call: &Call<'_>, rng: &mut ChaCha8Rng) -> String {
        let id = uuid(rng);
        let world = self.world;
        let resource = &world.resources[call.on];
        let is_of_iam = matches!(resource.kind, Type::Key | Type::Policy);
        let kind = if call.principal.is_some() { Kind::Api } else { Kind::System };
        let out = self.event(kind);
        let _ = write!(out, r#"{{"id":"{id}","recorded_at":"{}","organization_id":"{}""#, call.at, world.organization);
        let _ = write!(
            out,
            r#","locality":"{}","product_name":"{}""#,
            if is_of_iam { "global" } else { "fr-par-1" },
            call.product
        );
        if !is_of_iam {
            let _ = write!(out, r#","project_id":"{}""#, world.projects[resource.project]);
        }
        match call.principal {
            Some(principal) => {
                let from = call.from.unwrap_or(&principal.address);
                let from = if call.product == "kubernetes" { "" } else { from };
                let _ = write!(
                    out,
                    r#","principal":{{"id":"{}"}},"source_ip":"{from}","service_name":"{}","method_name":"{}","status_code":{}"#,
                    principal.id, call.service, call.method, call.status
                );
            }
            None => {
                let _ = write!(
                    out,
                    r#","source":"{}","system_name":"{}","kind":"notification""#,
                    call.service, call.method
                );
            }
        }
        let _ = write!(out, r#","request_body":{},"resources":["#, call.body);
        resource_json(world, call.on, out);
        out.push_str("]}");
        self.end(kind);
        id
    }

    /// Adds a log-in of a person.
    pub(crate) fn log_in(&mut self, at: Time, person: &Principal, from: (&str, &str), ok: bool, rng: &mut ChaCha8Rng) {
        let (address, country) = from;
        let (result, reason) = if ok { ("success", "unknown_failure_reason") } else { ("failure", "invalid_password") };
        let id = uuid(rng);
        let organization = &self.world.organization;
        let out = self.event(Kind::Authentication);
        let _ = write!(
            out,
            r#"{{"id":"{id}","recorded_at":"{at}","organization_id":"{organization}","source_ip":"{address}","country_code":"{country}","result":"{result}","failure_reason":"{reason}","method":"password","origin":"public_api","resources":[{{"id":"{}","type":"iam_user"}}]}}"#,
            person.id
        );
        self.end(Kind::Authentication);
    }

    fn event(&mut self, kind: Kind) -> &mut String {
        let (_, page, events) = &mut self.pages[kind as usize];
        page.push_str(if *events == 0 { r#"{"events":["# } else { "," });
        *events += 1;
        page
    }

    fn end(&mut self, kind: Kind) {
        let (kind, page, events) = &mut self.pages[kind as usize];
        if *events == PAGE {
            flush(*kind, &mut self.decoder, page);
            *events = 0;
        }
    }

    pub(crate) fn finish(mut self) -> Events {
        for (kind, mut page, _) in self.pages.into_iter().filter(|(_, _, events)| *events > 0) {
            flush(kind, &mut self.decoder, &mut page);
        }
        self.decoder.finish().expect("the events fit into columns")
    }
}

fn flush(kind: Kind, decoder: &mut Decoder, page: &mut String) {
    page.push_str("]}");
    let read = decoder.page(List::Of(kind), std::mem::take(page)).expect("pages are JSON");
    assert!(read.malformed.is_empty(), "{:?}", read.malformed);
}

/// A resource as an event lists it.
fn resource_json(world: &World, index: usize, out: &mut String) {
    let resource = &world.resources[index];
    let parent = resource.parent.map(|parent| &world.resources[parent]);
    let (id, name) = (&resource.id, &resource.name);
    let parent_id = parent.map_or("", |parent| &parent.id);
    let _ = match resource.kind {
        Type::Server => write!(
            out,
            r#"{{"id":"{id}","type":"instance_server","name":"{name}","instance_server_info":{{"name":"{name}"}}}}"#
        ),
        Type::SecurityGroup => write!(out, r#"{{"id":"{id}","type":"instance_security_group","name":"{name}"}}"#),
        Type::Interface => {
            let group = parent.and_then(|server| server.group).map_or("", |group| &world.resources[group].id);
            write!(
                out,
                r#"{{"id":"{id}","type":"instance_private_network_interface","instance_private_network_interface_info":{{"server_id":"{parent_id}","security_group_id":"{group}"}}}}"#
            )
        }
        Type::Volume => write!(out, r#"{{"id":"{id}","type":"instance_volume","name":"{name}"}}"#),
        Type::Balancer => write!(
            out,
            r#"{{"id":"{id}","type":"load_balancer_lb","name":"{name}","load_balancer_lb_info":{{"name":"{name}"}}}}"#
        ),
        Type::Backend => write!(
            out,
            r#"{{"id":"{id}","type":"load_balancer_backend","name":"{name}","load_balancer_backend_info":{{"lb_id":"{parent_id}","name":"{name}"}}}}"#
        ),
        Type::Cluster => {
            write!(out, r#"{{"id":"{id}","type":"kube_cluster","name":"{name}","kube_cluster_info":{{}}}}"#)
        }
        Type::Pool => {
            let cluster = parent.map_or("", |cluster| &cluster.name);
            write!(
                out,
                r#"{{"id":"{parent_id}","type":"kube_pool","name":"{cluster}","kube_pool_info":{{"id":"{id}","name":"{name}"}}}}"#
            )
        }
        Type::Node => {
            let cluster = parent.and_then(|pool| pool.parent).map(|cluster| &world.resources[cluster]);
            let (of, called) = cluster.map_or(("", ""), |cluster| (&cluster.id, &cluster.name));
            write!(
                out,
                r#"{{"id":"{of}","type":"kube_node","name":"{called}","kube_node_info":{{"id":"{id}","name":"{name}"}}}}"#
            )
        }
        Type::Database => write!(out, r#"{{"id":"{id}","type":"rdb_instance","name":"{name}"}}"#),
        Type::Backup => write!(out, r#"{{"id":"{id}","type":"rdb_instance_backup","name":"{name}"}}"#),
        Type::Container => write!(out, r#"{{"id":"{id}","type":"serverless_containers_container","name":"{name}"}}"#),
        Type::Group => write!(out, r#"{{"id":"{id}","type":"autoscaling_group","name":"{name}"}}"#),
        Type::Secret => write!(out, r#"{{"id":"{id}","type":"secret_manager_secret","name":"{name}"}}"#),
        Type::Key => write!(out, r#"{{"id":"{id}","type":"iam_api_key"}}"#),
        Type::Policy => write!(out, r#"{{"id":"{id}","type":"iam_policy","name":"{name}"}}"#),
    };
}
