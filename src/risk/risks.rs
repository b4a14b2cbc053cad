use super::class::Risk;
use super::severity::Severity;

/// The number of events without a risk.
pub(super) const NONE: u16 = 0;

/// The number of a failed login.
pub(super) const LOGIN_FAILURE: u16 = 1;

/// The number of a successful login.
pub(super) const LOGIN: u16 = 2;

/// The number of a refused call: an attempt without permission, or a search for permissions.
pub(super) const DENIED: u16 = 3;

/// The number of a refused call to a method of high severity.
pub(super) const DENIED_HIGH: u16 = 4;

/// The risks of a rule set, each once, numbered from 1.
#[derive(Debug)]
pub(super) struct Risks(Vec<Risk>);

impl Risks {
    /// The risks that are in no row of the table.
    pub(super) fn beside_the_table() -> Self {
        let denied = risk("denied_actions", Severity::Medium, &["T1078.004", "T1526", "T1580"]);
        Self(vec![
            risk("login_failures", Severity::Medium, &["T1110"]),
            risk("session", Severity::Low, &[]),
            denied.clone(),
            Risk { severity: Severity::High, ..denied },
        ])
    }

    /// The number of a risk; a new risk is added.
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
