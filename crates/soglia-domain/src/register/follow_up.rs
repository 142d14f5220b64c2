//! Follow-up of earlier reviews: open items, carried over by the program.

use super::{Field, Register, Transition, check_nothing, closed, fill_nothing, open};
use crate::access::Permission as P;
use crate::text::Label;

const PERIOD: Field = Field::line("period", "Riesame in corso", "Review it is in").required();
const ITEM: Field = Field::line("item", "Voce seguita", "Item followed").required();
const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const FIRST_SEEN: Field =
    Field::line("first_seen", "Dal riesame", "Since the review of").required();
const DUE_ON: Field = Field::date("due_on", "Scadenza", "Due on");
const STATE_THEN: Field =
    Field::line("state_then", "Stato alla ripresa", "State when carried over").required();
const PROGRESS: Field = Field::text("progress", "Avanzamento", "Progress");

/// Follow-up of earlier reviews.
pub const FOLLOW_UP: Register = Register {
    code: "follow_up",
    prefix: "SEG",
    label: Label::new("Azioni a seguire da precedenti resoconti", "Follow-up of earlier reviews"),
    about: Label::new(
        "Azioni e raccomandazioni ancora aperte, riprese dal programma a ogni riesame.",
        "Actions and recommendations still open, carried over by the program at each review.",
    ),
    fields: &[PERIOD, ITEM, TITLE, FIRST_SEEN, DUE_ON, STATE_THEN, PROGRESS],
    states: &[
        open("carried_over", "ripresa", "carried over"),
        open("reviewed", "esaminata", "reviewed"),
        closed("settled", "conclusa", "settled"),
    ],
    transitions: &[
        Transition {
            code: "review",
            label: Label::new("esamina", "review"),
            from: &["carried_over"],
            to: "reviewed",
            needs: &["progress"],
            by: &[P::PrepareReview, P::RecordSupplier],
        },
        Transition {
            code: "settle",
            label: Label::new("concludi", "settle"),
            from: &["carried_over", "reviewed"],
            to: "settled",
            needs: &["progress"],
            by: &[P::PrepareReview],
        },
    ],
    record: &[P::PrepareReview],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};
