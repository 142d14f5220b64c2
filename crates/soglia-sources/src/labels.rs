//! Which of a platform's free attributes carry the contract's own vocabulary. Read [`Labels`].
//!
//! FreeSWITCH channel variables, Amazon Connect contact attributes and Genesys participant
//! attributes are named by whoever wrote the IVR; the importer says which name means what.

use std::borrow::Cow;
use std::collections::BTreeSet;

use soglia_domain::contract::{AttributeNames, Contract};
use soglia_domain::facts::{Call, Disposition};

use crate::outcome::Totals;

/// Names of attributes; `None` where the platform's configuration has no such attribute.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Labels {
    /// The IVR choices made.
    pub ivr_path: Option<String>,
    /// Topic code.
    pub topic: Option<String>,
    /// Priority class of the prescription.
    pub priority_class: Option<String>,
    /// Booking system used.
    pub booking_system: Option<String>,
    /// What became of a call that no operator answered, by [`Disposition::name`]: the IVR knows
    /// that it said "we are closed", the record alone does not.
    pub disposition: Option<String>,
}

impl From<&AttributeNames> for Labels {
    fn from(names: &AttributeNames) -> Self {
        let AttributeNames { ivr_path, topic, priority_class, booking_system, disposition } =
            names.clone();
        Self { ivr_path, topic, priority_class, booking_system, disposition }
    }
}

impl Labels {
    /// Fills what the attributes say into a call; `value` looks an attribute up by name.
    pub fn apply(
        &self,
        call: &mut Call,
        totals: &mut Totals,
        value: impl Fn(&str) -> Option<String>,
    ) {
        let read = |name: &Option<String>| {
            let text = value(name.as_deref()?)?;
            (!text.trim().is_empty()).then(|| text.trim().to_owned())
        };
        fill(&mut call.ivr_path, read(&self.ivr_path));
        fill(&mut call.topic, read(&self.topic));
        fill(&mut call.priority_class, read(&self.priority_class));
        fill(&mut call.booking_system, read(&self.booking_system));
        let Some(name) = read(&self.disposition) else { return };
        match Disposition::from_name(&name) {
            Some(Disposition::Answered) | None => totals.note("unusable_disposition_label"),
            Some(_) if call.disposition == Disposition::Answered => {}
            Some(disposition) => call.disposition = disposition,
        }
    }
}

fn fill(field: &mut Option<String>, value: Option<String>) {
    if value.is_some() {
        *field = value;
    }
}

/// A caller's number without spaces, signs and the international prefix of Italy: two ways of
/// writing one number give one text.
pub fn normalised(number: &str) -> Cow<'_, str> {
    if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with("0039") {
        return Cow::Borrowed(number);
    }
    let compact: String = number.chars().filter(|c| !" -./()".contains(*c)).collect();
    let national = compact.strip_prefix("+39").or_else(|| compact.strip_prefix("0039"));
    Cow::Owned(national.map_or_else(|| compact.clone(), str::to_owned))
}

/// The contract's test callers, [`normalised`].
pub fn test_callers(contract: &Contract) -> BTreeSet<String> {
    contract.sources.test_callers.iter().map(|number| normalised(number).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_several_spellings() {
        for written in ["0971555000", "+390971555000", "00390971555000", "0971 555-000"] {
            assert_eq!(normalised(written), "0971555000");
        }
    }
}
