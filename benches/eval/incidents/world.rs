//! An organization: its projects, principals and resources.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// The types of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Server,
    SecurityGroup,
    Interface,
    Volume,
    Balancer,
    Backend,
    Cluster,
    Pool,
    Node,
    Database,
    Backup,
    Container,
    Group,
    Secret,
    Key,
    Policy,
}

/// A resource. Parents and groups are indexes among the resources of the world.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) project: usize,
    /// What it belongs to: a backend's load balancer, a node's pool, an interface's server.
    pub(crate) parent: Option<usize>,
    /// The security group of a server.
    pub(crate) group: Option<usize>,
    /// The address of a server or node.
    pub(crate) address: String,
}

/// What a principal does for a living.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Developer,
    Operator,
    Analyst,
    Security,
    Deployment,
    Terraform,
    Backups,
    Autoscaler,
}

impl Role {
    pub(crate) fn is_person(self) -> bool {
        matches!(self, Self::Developer | Self::Operator | Self::Analyst | Self::Security)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) address: String,
    /// Another address that it comes from now and then.
    pub(crate) elsewhere: String,
    pub(crate) country: &'static str,
    /// The hour at which a person begins, UTC.
    pub(crate) begins: i64,
    pub(crate) projects: Vec<usize>,
    /// How often it acts, beside the others.
    pub(crate) weight: u32,
}

pub(crate) struct World {
    pub(crate) organization: String,
    pub(crate) projects: Vec<String>,
    pub(crate) principals: Vec<Principal>,
    pub(crate) resources: Vec<Resource>,
}

pub(crate) fn uuid(rng: &mut ChaCha8Rng) -> String {
    let [a, b]: [u64; 2] = rng.random();
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

impl World {
    pub(crate) fn new(rng: &mut ChaCha8Rng) -> Self {
        let projects: Vec<String> = (0..rng.random_range(3..7)).map(|_| uuid(rng)).collect();
        let mut world = Self { organization: uuid(rng), projects, principals: Vec::new(), resources: Vec::new() };
        for project in 0..world.projects.len() {
            world.build(project, rng);
        }
        world.staff(rng);
        world
    }

    fn staff(&mut self, rng: &mut ChaCha8Rng) {
        let machines = [Role::Deployment, Role::Terraform, Role::Backups, Role::Autoscaler];
        let people = [Role::Developer, Role::Developer, Role::Operator, Role::Operator, Role::Analyst, Role::Security];
        let more = (0..rng.random_range(2..10)).map(|_| *people.choose(rng).expect("not empty")).collect::<Vec<_>>();
        for role in machines.into_iter().chain(people).chain(more) {
            let all = role.is_person() && role != Role::Operator && role != Role::Security;
            let projects: Vec<usize> = if all {
                (0..self.projects.len()).filter(|_| rng.random_bool(0.6)).collect()
            } else {
                (0..self.projects.len()).collect()
            };
            let number = self.principals.len();
            self.principals.push(Principal {
                id: uuid(rng),
                role,
                address: format!("203.0.113.{number}"),
                elsewhere: format!("198.51.{}.{}", rng.random_range(0..200), rng.random_range(1..250)),
                country: ["FR", "FR", "FR", "NL", "PL", "IT"].choose(rng).expect("not empty"),
                begins: rng.random_range(6..10),
                projects: if projects.is_empty() { vec![0] } else { projects },
                weight: if role.is_person() { rng.random_range(1..5) } else { rng.random_range(4..14) },
            });
        }
    }

    fn add(&mut self, kind: Type, name: String, project: usize, parent: Option<usize>, rng: &mut ChaCha8Rng) -> usize {
        let address = format!("172.16.{project}.{}", self.resources.len() % 250 + 2);
        self.resources.push(Resource { id: uuid(rng), name, kind, project, parent, group: None, address });
        self.resources.len() - 1
    }

    /// The resources of a project.
    fn build(&mut self, project: usize, rng: &mut ChaCha8Rng) {
        for tier in ["web", "api", "worker"] {
            let group = self.add(Type::SecurityGroup, format!("sg-{tier}-{project}"), project, None, rng);
            let scaling = self.add(Type::Group, format!("asg-{tier}-{project}"), project, None, rng);
            for number in 1..=rng.random_range(3..8) {
                let server = self.add(Type::Server, format!("{tier}-{project}-{number}"), project, Some(scaling), rng);
                self.resources[server].group = Some(group);
                self.add(Type::Interface, format!("nic-{tier}-{project}-{number}"), project, Some(server), rng);
                self.add(Type::Volume, format!("vol-{tier}-{project}-{number}"), project, Some(server), rng);
            }
        }
        for number in 1..=rng.random_range(1..3) {
            let balancer = self.add(Type::Balancer, format!("lb-{project}-{number}"), project, None, rng);
            for backend in 1..=rng.random_range(1..4) {
                self.add(Type::Backend, format!("be-{project}-{number}-{backend}"), project, Some(balancer), rng);
            }
        }
        let cluster = self.add(Type::Cluster, format!("k8s-{project}"), project, None, rng);
        for number in 1..=rng.random_range(2..5) {
            let pool = self.add(Type::Pool, format!("pool-{project}-{number}"), project, Some(cluster), rng);
            for node in 1..=rng.random_range(2..6) {
                self.add(Type::Node, format!("node-{project}-{number}-{node}"), project, Some(pool), rng);
            }
        }
        for number in 1..=rng.random_range(1..4) {
            let database = self.add(Type::Database, format!("db-{project}-{number}"), project, None, rng);
            for backup in 1..4 {
                self.add(Type::Backup, format!("backup-{project}-{number}-{backup}"), project, Some(database), rng);
            }
        }
        for number in 1..=rng.random_range(2..5) {
            self.add(Type::Container, format!("app-{project}-{number}"), project, None, rng);
            self.add(Type::Secret, format!("secret-{project}-{number}"), project, None, rng);
            self.add(Type::Key, format!("key-{project}-{number}"), project, None, rng);
            self.add(Type::Policy, format!("policy-{project}-{number}"), project, None, rng);
        }
    }

    pub(crate) fn of(&self, kind: Type) -> impl Iterator<Item = usize> {
        (0..self.resources.len()).filter(move |index| self.resources[*index].kind == kind)
    }

    /// A resource of a type, in one of some projects where it has one.
    pub(crate) fn pick(&self, kind: Type, projects: &[usize], rng: &mut ChaCha8Rng) -> usize {
        let near: Vec<usize> =
            self.of(kind).filter(|index| projects.contains(&self.resources[*index].project)).collect();
        near.choose(rng).copied().unwrap_or_else(|| self.of(kind).next().expect("each project has each type"))
    }

    pub(crate) fn any(&self, kind: Type, rng: &mut ChaCha8Rng) -> usize {
        let all: Vec<usize> = self.of(kind).collect();
        *all.choose(rng).expect("each project has each type")
    }

    pub(crate) fn principal(&self, roles: &[Role], rng: &mut ChaCha8Rng) -> &Principal {
        let fit: Vec<&Principal> = self.principals.iter().filter(|principal| roles.contains(&principal.role)).collect();
        fit.choose(rng).expect("each role is staffed")
    }

    pub(crate) fn below(&self, parent: usize) -> Vec<usize> {
        (0..self.resources.len()).filter(|index| self.resources[*index].parent == Some(parent)).collect()
    }

    /// The nodes of a cluster.
    pub(crate) fn nodes(&self, cluster: usize) -> Vec<usize> {
        self.below(cluster).into_iter().flat_map(|pool| self.below(pool)).collect()
    }

    /// The servers of the same tier.
    pub(crate) fn tier(&self, server: usize) -> Vec<usize> {
        let group = self.resources[server].group;
        self.of(Type::Server).filter(|index| self.resources[*index].group == group).collect()
    }
}
