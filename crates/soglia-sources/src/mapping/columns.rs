//! The columns of each fact table, as mapping files name them. Read [`Column`] first.

use super::raw::FactKind;

/// A column that a mapping can fill.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in mapping files.
    pub name: &'static str,
    /// What its expression must yield.
    pub kind: Kind,
    /// Whether the mapping must have it, and every row a value.
    pub required: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// What an expression must yield.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text; whole numbers are written out.
    Text,
    /// A timestamp with a zone.
    Instant,
    /// A number of seconds, or an interval.
    Seconds,
    /// True or false.
    Boolean,
    /// A whole number from 0 to 4 294 967 295.
    Count,
}

const fn must(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, required: true, meaning }
}

const fn may(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column { name, kind, required: false, meaning }
}

const SERVICE: Column = may("service", Kind::Text, "service code; else `service` of the mapping");

const CALLS: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier, unique over all files"),
    SERVICE,
    may("direction", Kind::Text, "`inbound` (default), `outbound` or `internal`"),
    must("arrived", Kind::Instant, "when it reached the platform"),
    must("disposition", Kind::Text, "what became of it, one of the ten names below"),
    may("dialled", Kind::Text, "the number that was dialled"),
    may("ivr_path", Kind::Text, "the IVR choices made"),
    may("first_queue", Kind::Text, "the first queue entered"),
    may("queued", Kind::Instant, "when the first queue was entered"),
    may("first_rang", Kind::Instant, "when an operator's phone first rang"),
    may("answered", Kind::Instant, "when an operator answered; else `queued` + `wait_s`"),
    may("ended", Kind::Instant, "when the call ended for the caller"),
    may("wait_s", Kind::Seconds, "queue to answer or to leaving; else from the instants"),
    may("talk_s", Kind::Seconds, "conversation, without hold"),
    may("hold_s", Kind::Seconds, "time on hold"),
    may("wrap_s", Kind::Seconds, "after-call work"),
    may("transfers", Kind::Count, "transfers after the first answer; 0 by default"),
    may("called_back", Kind::Instant, "when a requested call-back reached the caller"),
    may("topic", Kind::Text, "topic code"),
    may("priority_class", Kind::Text, "priority class of the prescription (U, B, D, P)"),
    may("booking_system", Kind::Text, "booking system used"),
    may("group", Kind::Text, "the operator's group, never the operator"),
    may("caller", Kind::Text, "caller's number or customer code; pseudonymised on import"),
];

const MESSAGES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("channel", Kind::Text, "`email`, `pec`, `fax`, `sms`, `letter`, `web_form`"),
    must("received", Kind::Instant, "when it was received; for letters, registered"),
    may("first_reply", Kind::Instant, "when a person first gave a qualified reply"),
    may("resolved", Kind::Instant, "when the request was resolved; empty while it is not"),
    may("case", Kind::Text, "the case it belongs to"),
    may("topic", Kind::Text, "topic code"),
    may("excluded", Kind::Text, "why it needs no reply: `spam`, `duplicate`, `receipt` …"),
    may("sender", Kind::Text, "the sender's address; pseudonymised on import"),
];

const CASES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    may("opened_by", Kind::Text, "id of the call or message that opened it"),
    may("channel", Kind::Text, "the channel of that contact"),
    must("opened", Kind::Instant, "when it was opened"),
    may("escalated", Kind::Instant, "when it was handed to the second level"),
    may("taken_in_charge", Kind::Instant, "when the second level took it in charge"),
    may("suspended_from", Kind::Instant, "start of the one suspension"),
    may("suspended_until", Kind::Instant, "its end; empty while it lasts"),
    may("suspension_reason", Kind::Text, "its reason"),
    may("suspensions", Kind::Text, "several, as JSON: `[{\"from\", \"until\", \"reason\"}]`"),
    may("resolved", Kind::Instant, "when it was resolved"),
    may("closed", Kind::Instant, "when it was closed"),
    may("reopened", Kind::Instant, "when it was first reopened"),
    must("contacts", Kind::Count, "contacts it took; 1 is closed in the opening contact"),
    may("closed_by_level", Kind::Count, "1 or 2"),
    may("outcome", Kind::Text, "outcome code"),
    may("topic", Kind::Text, "topic code"),
    may("priority_class", Kind::Text, "priority class of the prescription (U, B, D, P)"),
    may("booking_system", Kind::Text, "booking system used"),
    may("third_party", Kind::Boolean, "handed to a third party; false by default"),
    may("cancelled", Kind::Text, "why it was cancelled, if it was"),
];

const OUTBOUND_RECORDS: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    may("batch", Kind::Text, "the batch it came in"),
    must("released", Kind::Instant, "when the client released it"),
    must("attempts", Kind::Count, "calls attempted"),
    may("reached", Kind::Instant, "when somebody was reached"),
    may("closed", Kind::Instant, "when it reached a terminal outcome"),
    may("outcome", Kind::Text, "`positive`, `refused`, `wrong_number`, `unreachable`, `excluded`"),
];

const OUTBOUND_BATCHES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("released", Kind::Instant, "when a complete, valid list was released"),
    must("n_records", Kind::Count, "records in the list"),
    may("first_attempt", Kind::Instant, "when the first call was made"),
    may("last_attempt", Kind::Instant, "when the last attempt was made"),
    may("completed", Kind::Instant, "when the last record reached a terminal outcome"),
];

const OUTAGES: &[Column] = &[
    must("id", Kind::Text, "the platform's identifier"),
    SERVICE,
    must("component", Kind::Text, "the component, as the contract names it"),
    must("from", Kind::Instant, "from when"),
    may("until", Kind::Instant, "until when; empty while it lasts"),
    may("planned", Kind::Boolean, "planned maintenance; false by default"),
    may("notified", Kind::Instant, "when planned maintenance was notified"),
    may("cause", Kind::Text, "cause code"),
    may("weight_permille", Kind::Count, "share of the service lost, 1 to 1000; 1000 by default"),
];

impl FactKind {
    /// Returns the columns that a mapping can fill, the same for every mapping of this kind.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Calls => CALLS,
            Self::Messages => MESSAGES,
            Self::Cases => CASES,
            Self::OutboundRecords => OUTBOUND_RECORDS,
            Self::OutboundBatches => OUTBOUND_BATCHES,
            Self::Outages => OUTAGES,
        }
    }

    /// Returns the column that holds a person's number or address.
    pub const fn private_column(self) -> Option<&'static str> {
        match self {
            Self::Calls => Some("caller"),
            Self::Messages => Some("sender"),
            _ => None,
        }
    }
}

impl Kind {
    /// Returns the name used in documentation and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Instant => "instant",
            Self::Seconds => "seconds",
            Self::Boolean => "boolean",
            Self::Count => "count",
        }
    }
}
