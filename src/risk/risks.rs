use super::class::Risk;
use super::severity::Severity;

/// The number of no risk.
pub(super) const NONE: u16 = 0;

/// The number of a login that was refused.
pub(super) const LOGIN_FAILURE: u16 = 1;

/// The number of a login that succeeded.
pub(super) const LOGIN: u16 = 2;

/// The number of a call that was refused: someone tried what they may not do, or is finding out what they may.
pub(super) const DENIED: u16 = 3;

/// The number of a refused call to a method of high severity.
pub(super) const DENIED_HIGH: u16 = 4;

/// All that the rules of a set can mean, each once, numbered from 1.
#[derive(Debug)]
pub(super) struct Risks(Vec<Risk>);

impl Risks {
    /// What is in no row of the table.
    pub(super) fn beside_the_table() -> Self {
        let denied = risk("denied_actions", Severity::Medium, &["T1078.004", "T1526", "T1580"]);
        Self(vec![
            risk("login_failures", Severity::Medium, &["T1110"]),
            risk("session", Severity::Low, &[]),
            denied.clone(),
            Risk { severity: Severity::High, ..denied },
        ])
    }

    /// The number of a risk, which is added where it is new.
    pub(super) fn number(&mut self, risk: Risk) -> Result<u16, String> {
        let index = self.0.iter().position(|known| *known == risk).unwrap_or_else(|| {
            self.0.push(risk);
            self.0.len() - 1
        });
        u16::try_from(index + 1).map_err(|_| format!("there are more than {} risks", u16::MAX))
    }

    /// The risk of a number.
    pub(super) fn get(&self, number: u16) -> Option<&Risk> {
        self.0.get(usize::from(number).checked_sub(1)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Risk> {
        self.0.iter()
    }
}

fn risk(class: &str, severity: Severity, attack: &[&str]) -> Risk {
    Risk { class: class.to_owned(), severity, attack: attack.iter().map(|&id| id.to_owned()).collect() }
}
