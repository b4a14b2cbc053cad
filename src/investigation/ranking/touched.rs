//! Whether what an action touched moved, and what it did not touch did not.

use std::collections::HashSet;

use super::super::scale::number;
use super::closeness::{acted_on, names};
use super::question::Member;
use super::signal::{Signal, Signals};
use super::trail::Trail;

/// Sets the signals about the members that the events of some rows touched. Nothing is known where they touched none or all.
pub(super) fn signal(trail: &Trail<'_>, rows: &[usize], body: Option<&str>, members: &[Member], signals: &mut Signals) {
    if members.len() < 2 {
        return;
    }
    let acted: HashSet<&str> = rows.iter().flat_map(|row| acted_on(trail, *row)).collect();
    let is_acted_on = |member: &Member| member.names.iter().any(|name| acted.contains(&**name));
    let is_named = |member: &Member| body.is_some_and(|body| member.names.iter().any(|name| names(body, name)));
    let touched: Vec<bool> = members.iter().map(|member| is_acted_on(member) || is_named(member)).collect();
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

/// How much more of the touched members moved than of the others; and how far that is from all and none.
fn agreement(members: &[Member], touched: &[bool]) -> Option<(f64, f64)> {
    let share = |wanted: bool| {
        let group = members.iter().zip(touched).filter(|(_, touched)| **touched == wanted);
        let (all, moved) = group.fold((0, 0), |(all, moved), (member, _)| (all + 1, moved + usize::from(member.moved)));
        (all > 0).then(|| number(moved) / number(all))
    };
    let (of_touched, of_others) = (share(true)?, share(false)?);
    Some(((of_touched - of_others).max(0.0), (of_others + 1.0 - of_touched).min(1.0)))
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
