//! Whether what an action touched moved, and what it did not touch did not.

use std::collections::HashSet;

use super::super::scale::number;
use super::closeness::{acted_on, names};
use super::signal::{Signal, Signals};
use super::symptom::Member;
use super::trail::Trail;

/// Sets the signals about the members that the events of some rows touched. Nothing is known where they touched none or all.
pub(super) fn signal(trail: &Trail<'_>, rows: &[usize], body: Option<&str>, members: &[Member], signals: &mut Signals) {
    if members.len() < 2 {
        return;
    }
    let acted: HashSet<&str> = rows.iter().flat_map(|row| acted_on(trail, *row)).collect();
    let touched: Vec<bool> = members.iter().map(|member| is_touched(member, &acted, body)).collect();
    let mut best = agreement(members, &touched);
    // A list that is set anew touches what is no longer in it.
    if trail.methods.get(rows[0]).is_some_and(|method| method.starts_with("Set")) {
        let rest: Vec<bool> = touched.iter().map(|touched| !touched).collect();
        best = [best, agreement(members, &rest)].into_iter().flatten().max_by(|a, b| a.0.total_cmp(&b.0));
    }
    if let Some((agrees, differs)) = best {
        signals[Signal::Agrees] = agrees;
        signals[Signal::Differs] = differs;
    }
}

/// Whether an action acted on a member, or names it in its request.
fn is_touched(member: &Member, acted: &HashSet<&str>, body: Option<&str>) -> bool {
    member.names.iter().any(|name| acted.contains(&**name) || body.is_some_and(|body| names(body, name)))
}

/// How much more of the touched members moved than of the others; and how far that is from all and none.
fn agreement(members: &[Member], touched: &[bool]) -> Option<(f64, f64)> {
    let of_touched = share_that_moved(members, touched, true)?;
    let of_others = share_that_moved(members, touched, false)?;
    Some(((of_touched - of_others).max(0.0), (of_others + 1.0 - of_touched).min(1.0)))
}

/// The share of the members that moved, of those that are touched or not; `None` where there are none.
fn share_that_moved(members: &[Member], touched: &[bool], wanted: bool) -> Option<f64> {
    let group = members.iter().zip(touched).filter(|(_, touched)| **touched == wanted);
    let (all, moved) = group.fold((0, 0), |(all, moved), (member, _)| (all + 1, moved + usize::from(member.moved)));
    (all > 0).then(|| number(moved) / number(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(moved: &[bool]) -> Vec<Member> {
        moved.iter().map(|moved| Member { names: Vec::new(), moved: *moved }).collect()
    }

    #[test]
    fn agreement_is_greatest_where_exactly_the_touched_moved() {
        let of = |moved: &[bool], touched: &[bool]| agreement(&members(moved), touched);
        assert_eq!(of(&[true, true, false], &[true, true, false]), Some((1.0, 0.0)));
        assert_eq!(of(&[true, true, true], &[true, false, false]), Some((0.0, 1.0)), "all moved");
        assert_eq!(of(&[false, true], &[true, false]), Some((0.0, 1.0)), "another one moved");
        assert_eq!(of(&[true, false], &[false, false]), None, "none touched");
        assert_eq!(of(&[true, false], &[true, true]), None, "all touched");
    }
}
