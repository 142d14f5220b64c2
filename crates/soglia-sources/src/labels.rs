//! Which of a platform's free attributes carry the contract's own vocabulary. Read [`Labels`].
//!
//! FreeSWITCH channel variables, Amazon Connect contact attributes and Genesys participant
//! attributes are named by whoever wrote the IVR; the importer says which name means what.

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
