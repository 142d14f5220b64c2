//! The fixed headings of a review, in the reference order. Read the three `ALL` lists first.

use soglia_domain::text::Lang;

use crate::format::say;
use crate::model::{InputKind, OutputKind, SectionKind};

impl InputKind {
    /// F1–F12, in order.
    pub const ALL: [Self; 12] = [
        Self::InspectionReports,
        Self::UserComplaints,
        Self::ClientFindings,
        Self::FinancialProgress,
        Self::ProjectStatus,
        Self::SlaPerformance,
        Self::CorrectiveActions,
        Self::FeasibilityStudies,
        Self::FollowUpActions,
        Self::Training,
        Self::MonitoringChanges,
        Self::Recommendations,
    ];

    /// The element's name.
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::InspectionReports => say(lang, "Verbali visite ispettive", "Inspection reports"),
            Self::UserComplaints => say(
                lang,
                "Valutazioni dei reclami da parte degli utenti",
                "Evaluation of users' complaints",
            ),
            Self::ClientFindings => say(
                lang,
                "Rilievi e prescrizioni della committenza",
                "The client's findings and orders",
            ),
            Self::FinancialProgress => {
                say(lang, "Avanzamento dati economici", "Financial progress")
            }
            Self::ProjectStatus => {
                say(lang, "Stato programma di progetto", "Status of the project programme")
            }
            Self::SlaPerformance => say(
                lang,
                "Prestazioni dei servizi attraverso gli indicatori definiti negli SLA",
                "Performance of the services by the indicators of the SLA",
            ),
            Self::CorrectiveActions => {
                say(lang, "Azioni correttive e preventive", "Corrective and preventive actions")
            }
            Self::FeasibilityStudies => say(
                lang,
                "Studi di fattibilità e documentazione inerente a nuovi progetti per l'Agenda \
                 Digitale",
                "Feasibility studies and documents on new projects of the Digital Agenda",
            ),
            Self::FollowUpActions => say(
                lang,
                "Azioni a seguire da precedenti resoconti",
                "Actions to follow from earlier reports",
            ),
            Self::Training => say(
                lang,
                "Attività formative effettuate ed efficacia delle azioni",
                "Training done and effectiveness of the actions",
            ),
            Self::MonitoringChanges => say(
                lang,
                "Modifiche al sistema di monitoraggio",
                "Changes of the monitoring system",
            ),
            Self::Recommendations => {
                say(lang, "Raccomandazioni per il miglioramento", "Recommendations for improvement")
            }
        }
    }
}

impl SectionKind {
    /// G1–G7, in order.
    pub const ALL: [Self; 7] = [
        Self::Inspections,
        Self::Feedback,
        Self::ProcessPerformance,
        Self::Training,
        Self::NewProjects,
        Self::Measurement,
        Self::FollowUp,
    ];

    /// The section's heading.
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Inspections => say(lang, "Verifiche ispettive", "Inspections"),
            Self::Feedback => say(
                lang,
                "Informazioni di ritorno da parte delle utenze e della committenza",
                "Feedback from users and from the client",
            ),
            Self::ProcessPerformance => {
                say(lang, "Prestazioni dei processi", "Performance of the processes")
            }
            Self::Training => say(lang, "Attività formative effettuate", "Training done"),
            Self::NewProjects => say(
                lang,
                "Analisi nuovi progetti Agenda Digitale e definizione indicatori di monitoraggio",
                "New projects of the Digital Agenda and definition of monitoring indicators",
            ),
            Self::Measurement => {
                say(lang, "Misurazione, analisi e miglioramento", "Measurement and improvement")
            }
            Self::FollowUp => say(
                lang,
                "Azioni a seguire di precedenti resoconti",
                "Actions to follow from earlier reports",
            ),
        }
    }

    /// A short name for addresses inside the document.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Inspections => "verifiche",
            Self::Feedback => "informazioni",
            Self::ProcessPerformance => "prestazioni",
            Self::Training => "formazione",
            Self::NewProjects => "progetti",
            Self::Measurement => "misurazione",
            Self::FollowUp => "azioni",
        }
    }
}

impl OutputKind {
    /// J1, J2 and the output that the reference report lacks, in order.
    pub const ALL: [Self; 3] =
        [Self::ProcessEffectiveness, Self::ClientPerformance, Self::Resources];

    /// The section's heading.
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::ProcessEffectiveness => say(
                lang,
                "Raccomandazioni per il miglioramento dell'efficacia dei processi",
                "Recommendations for more effective processes",
            ),
            Self::ClientPerformance => say(
                lang,
                "Miglioramento delle prestazioni in relazione alle richieste del cliente",
                "Improvement of performance on the client's requests",
            ),
            Self::Resources => say(lang, "Risorse necessarie", "Resources needed"),
        }
    }

    /// A short name for addresses inside the document.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::ProcessEffectiveness => "raccomandazioni",
            Self::ClientPerformance => "richieste",
            Self::Resources => "risorse",
        }
    }
}
