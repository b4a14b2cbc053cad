use std::time::Duration;

use super::super::ranking::Suspect;
use super::credential::Credential;
use crate::time::Time;

/// How long before the onset a credential was made that links its maker to the story.
pub(super) const REACH: Duration = Duration::from_hours(24);

/// How many links from a suspect's principal a principal of the story is at most.
const LINKS: usize = 2;

/// A story has at most so many principals.
const MOST: usize = 12;

/// A principal of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The principal's id.
    pub principal: String,
    /// Why it is in the story.
    pub role: Role,
}

/// Why a principal is in the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the principal of a suspect.
    Suspect,
    /// It made a credential that this principal uses.
    Maker(String),
    /// It uses a credential that this principal made.
    User(String),
}

/// The principals of the suspects, and those linked to them by credentials.
pub(super) fn members(suspects: &[&Suspect], credentials: &[Credential], onset: Time) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for principal in suspects.iter().filter_map(|suspect| suspect.principal.as_deref()) {
        add(&mut members, principal, Role::Suspect);
    }
    for _ in 0..LINKS {
        let known: Vec<String> = members.iter().map(|member| member.principal.clone()).collect();
        for credential in credentials.iter().filter(|credential| credential.time + REACH >= onset) {
            let (Some(maker), Some(user)) = (&credential.maker, &credential.principal) else { continue };
            if known.contains(user) {
                add(&mut members, maker, Role::Maker(user.clone()));
            }
            if known.contains(maker) {
                add(&mut members, user, Role::User(maker.clone()));
            }
        }
    }
    members
}

fn add(members: &mut Vec<Member>, principal: &str, role: Role) {
    if members.len() < MOST && members.iter().all(|member| member.principal != principal) {
        members.push(Member { principal: principal.to_owned(), role });
    }
}
