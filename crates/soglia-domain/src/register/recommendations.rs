//! Recommendations for improvement: outputs of a review.

use super::{Choice, Field, Register, Transition, check_nothing, closed, fill_nothing, open};
use crate::access::Permission as P;
use crate::text::Label;

const MADE_ON: Field = Field::date("made_on", "Data", "Date").required();
const PERIOD: Field = Field::line("period", "Riesame", "Review").required();
const KIND: Field = Field::choice("kind", "Tipo", "Kind", KINDS).required();
const TITLE: Field = Field::line("title", "Titolo", "Title").required();
const TEXT: Field = Field::text("text", "Raccomandazione", "Recommendation").required();
const GROUNDS: Field = Field::text("grounds", "Evidenza", "Grounds").required();
const EXPECTED: Field = Field::text("expected", "Effetto atteso", "Expected effect");
const RESOURCES: Field = Field::text("resources", "Risorse", "Resources");
const ANSWER: Field = Field::text("answer", "Risposta", "Answer");

const KINDS: &[Choice] = &[
    Choice::new("process", "efficacia dei processi", "effectiveness of processes"),
    Choice::new("client", "richieste del cliente", "the client's requests"),
    Choice::new("resources", "esigenze di risorse", "resource needs"),
];

/// Recommendations.
pub const RECOMMENDATIONS: Register = Register {
    code: "recommendations",
    prefix: "RAC",
    label: Label::new("Raccomandazioni per il miglioramento", "Recommendations for improvement"),
    about: Label::new(
        "Raccomandazioni uscite dai riesami e che cosa ne è stato.",
        "Recommendations that reviews made, and what became of them.",
    ),
    fields: &[MADE_ON, PERIOD, KIND, TITLE, TEXT, GROUNDS, EXPECTED, RESOURCES, ANSWER],
    states: &[
        open("made", "formulata", "made"),
        open("accepted", "accolta", "accepted"),
        closed("carried_out", "attuata", "carried out"),
        closed("refused", "respinta", "refused"),
    ],
    transitions: &[
        Transition {
            code: "accept",
            label: Label::new("accogli", "accept"),
            from: &["made"],
            to: "accepted",
            needs: &["answer"],
            by: &[P::RecordSupplier, P::RecordClient],
        },
        Transition {
            code: "refuse",
            label: Label::new("respingi", "refuse"),
            from: &["made"],
            to: "refused",
            needs: &["answer"],
            by: &[P::RecordSupplier, P::RecordClient],
        },
        Transition {
            code: "carry_out",
            label: Label::new("dichiara attuata", "declare carried out"),
            from: &["accepted"],
            to: "carried_out",
            needs: &["answer"],
            by: &[P::RecordClient],
        },
    ],
    record: &[P::PrepareReview, P::RecordClient],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};
