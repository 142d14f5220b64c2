//! What the supplier's own systems export: cases, messages, campaigns, interruptions, declared
//! values. Read [`Tables`] first.
//!
//! Semicolons, Italian headers, local times: as such exports are. No instant falls into the hour
//! that occurs twice when summer time ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::call::{Call, Exit};
use super::hours::{Day, FIRST, Hours};
use super::logbook::{call_id, plan_of};
use super::night::Maintenance;
use super::random::Rng;
use super::shape::{Counts, Plan, Service};

/// Writes tables into one folder.
pub struct Tables<'a> {
    /// Where.
    pub dir: &'a Path,
    /// Working days and local times.
    pub hours: &'a Hours,
    /// The days on which something happens.
    pub days: &'a [Day],
    /// What chance starts from.
    pub seed: u64,
}

const CASE_COLUMNS: &str = "id_caso;id_chiamata;canale;aperto_il;escalation_il;preso_in_carico_il;\
                            risolto_il;chiuso_il;livello_chiusura;contatti;argomento;\
                            classe_priorita;sistema_prenotazione;esito";
const MESSAGE_COLUMNS: &str =
    "id_messaggio;servizio;canale;mittente;ricevuto_il;prima_risposta_il;argomento;escluso";
const CAMPAIGN_COLUMNS: &str =
    "id_contatto;servizio;campagna;rilasciato_il;tentativi;contattato_il;concluso_il;esito";
const OUTAGE_COLUMNS: &str =
    "id_interruzione;servizio;componente;dal;al;programmata;notificata_il;causa";

/// Cases that the second level takes are resolved within this open time.
const SECOND_LEVEL_LIMIT: i64 = 4 * 3600;
/// Messages are answered within this open time.
const REPLY_LIMIT: i64 = 9 * 3600;

impl Tables<'_> {
    /// Writes one file of cases a month, by opening: one case for each answered call.
    pub fn cases(
        &self,
        plan: &Plan,
        calls: &[Call],
        escalated: &[usize],
        counts: &Counts,
    ) -> io::Result<Vec<PathBuf>> {
        let mut rng = Rng::stream(self.seed, plan.code, 5);
        let unresolved = escalated
            .len()
            .checked_sub(usize::try_from(counts.escalated - counts.resolved).unwrap_or(0))
            .map(|n| n / 2);
        let mut rows: Vec<(i64, String)> = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            let (Some(opened), Some(visit)) = (call.answered(), call.visits.last()) else {
                continue;
            };
            debug_assert!(!matches!(visit.exit, Exit::Waiting), "the day is over");
            let handed_over = escalated.binary_search(&index).ok();
            let resolution = match handed_over {
                None => Resolution::FirstContact,
                Some(n) if Some(n) == unresolved && counts.resolved < counts.escalated => {
                    Resolution::Unresolved
                }
                Some(_) => Resolution::SecondLevel,
            };
            rows.push((opened, self.case(call, resolution, &mut rng)));
        }
        rows.sort_by_key(|(opened, _)| *opened);
        let mut paths = Vec::new();
        let starts = self.hours.month_starts();
        let mut number = 0;
        for (month, window) in (FIRST.month()..).zip(starts.windows(2)) {
            let [from, until] = *window else { continue };
            let path = self.dir.join(format!("casi-{}-{}-{month:02}.csv", plan.code, FIRST.year()));
            let mut file = create(&path, CASE_COLUMNS)?;
            for (_, row) in rows.iter().filter(|(opened, _)| from <= *opened && *opened < until) {
                number += 1;
                let code = plan.code.to_uppercase();
                writeln!(file, "{code}-{}-{number:06};{row}", FIRST.year())?;
            }
            file.flush()?;
            paths.push(path);
        }
        Ok(paths)
    }

    fn case(&self, call: &Call, resolution: Resolution, rng: &mut Rng) -> String {
        let ended = call.ended();
        let opened = self.hours.italian(call.answered().unwrap_or(ended));
        let closing = match resolution {
            Resolution::FirstContact => {
                let closed = self.hours.italian(ended + rng.between(0, 8));
                let outcome = first_outcome(call, rng);
                [String::new(), String::new(), closed.clone(), closed, "1;1".into(), outcome.into()]
            }
            Resolution::SecondLevel => {
                let taken = rng.between(60, 2400);
                let resolved = taken + rng.between(300, SECOND_LEVEL_LIMIT - taken - 120);
                let closed = resolved + rng.between(60, 900);
                let at = |seconds| self.hours.italian(self.after(ended, seconds));
                let outcome = "risolto_secondo_livello".into();
                [
                    self.hours.italian(ended),
                    at(taken),
                    at(resolved),
                    at(closed),
                    "2;2".into(),
                    outcome,
                ]
            }
            Resolution::Unresolved => {
                let at = |seconds| self.hours.italian(self.after(ended, seconds));
                [
                    self.hours.italian(ended),
                    at(1500),
                    String::new(),
                    at(SECOND_LEVEL_LIMIT + 5000),
                    "2;2".into(),
                    "non_risolto".into(),
                ]
            }
        };
        let [escalated, taken, resolved, closed, level_contacts, outcome] = closing;
        let id = call_id(call);
        let Call { class, system, .. } = call;
        let topic = in_italian(call.topic);
        format!(
            "{id};telefono;{opened};{escalated};{taken};{resolved};{closed};{level_contacts};\
             {topic};{class};{system};{outcome}"
        )
    }

    /// Writes the written contacts of both services, in order of receipt.
    pub fn messages(&self, n_cup: i64, n_cc: i64) -> io::Result<PathBuf> {
        let mut rng = Rng::stream(self.seed, "messages", 0);
        let mut rows: Vec<(i64, String)> = Vec::new();
        for (service, n) in [(Service::Cup, n_cup), (Service::Cc, n_cc)] {
            for _ in 0..n {
                rows.push(self.message(plan_of(service), &mut rng));
            }
        }
        rows.sort();
        let path = self.dir.join("messaggi.csv");
        let mut file = create(&path, MESSAGE_COLUMNS)?;
        for ((_, row), number) in rows.iter().zip(1..) {
            writeln!(file, "MSG-{number:06};{row}")?;
        }
        file.flush()?;
        Ok(path)
    }

    fn message(&self, plan: &Plan, rng: &mut Rng) -> (i64, String) {
        let channels: &[(i64, &str)] = match plan.service {
            Service::Cup => &[(62, "email"), (9, "pec"), (11, "fax"), (12, "sms"), (6, "lettera")],
            Service::Cc => &[(58, "email"), (30, "pec"), (3, "fax"), (6, "sms"), (3, "lettera")],
        };
        let channel = rng.weighted(channels);
        let received = self.receipt(channel, rng);
        let excluded = rng.permille(30).then(|| rng.weighted(&[(70, "spam"), (30, "duplicato")]));
        let reply = if excluded.is_some() {
            String::new()
        } else {
            let quick = [(0, 300), (500, 4800), (800, 12_000), (950, 21_000), (1000, 31_500)];
            let seconds = rng.quantiles(&quick).min(REPLY_LIMIT);
            self.hours.italian(self.after(received, seconds))
        };
        let topics = plan.queues.get(rng.index(plan.queues.len())).map_or(&[][..], |q| q.topics);
        let topic = in_italian(rng.weighted(topics));
        let sender = match channel {
            "sms" | "fax" => format!("0000{:06}", rng.below(90_000)),
            "lettera" => String::new(),
            _ => format!("utente{:05}@posta.example", rng.below(60_000)),
        };
        let code = plan.code;
        let excluded = excluded.unwrap_or("");
        let at = self.hours.italian(received);
        (received, format!("{code};{channel};{sender};{at};{reply};{topic};{excluded}"))
    }

    /// Letters arrive with the morning post; the rest at any waking hour, at weekends too.
    fn receipt(&self, channel: &str, rng: &mut Rng) -> i64 {
        let last = self.days.len().saturating_sub(3).max(1);
        let Some(day) = self.days.get(rng.index(last)) else { return 0 };
        match (channel, rng.below(100)) {
            ("lettera", _) => day.opens + rng.between(3600, 5 * 3600),
            (_, 0..80) => day.opens + rng.below(11 * 3600),
            (_, 80..92) => day.closes + rng.below(4 * 3600),
            _ => {
                let saturday = 86_400 * i64::try_from(5 - day.weekday.min(5)).expect("0 to 5");
                day.opens + saturday + 86_400 * rng.below(2) + 3600 + rng.below(9 * 3600)
            }
        }
    }

    /// Writes the people called by both services.
    pub fn campaigns(&self, n_cup: i64, n_cc: i64) -> io::Result<PathBuf> {
        let mut rng = Rng::stream(self.seed, "campaigns", 0);
        let mut rows: Vec<(i64, String)> = Vec::new();
        let campaigns = [
            ("cup", n_cup, "promemoria_appuntamenti", "appuntamento_confermato"),
            ("cc", n_cc, "completamento_pratiche", "dati_acquisiti"),
        ];
        for (code, n, campaign, positive) in campaigns {
            for _ in 0..n {
                let last = self.days.len().saturating_sub(4).max(1);
                let Some(day) = self.days.get(rng.index(last)) else { continue };
                let released = day.opens + rng.between(600, 4 * 3600);
                let attempts = rng.weighted(&[(62, 1), (26, 2), (12, 3)]);
                let reached = self.after(released, 1800 * attempts + rng.between(0, 9000));
                let closed = reached + rng.between(40, 240);
                let at = |instant| self.hours.italian(instant);
                let row = format!(
                    "{code};{campaign};{};{attempts};{};{};{positive}",
                    at(released),
                    at(reached),
                    at(closed)
                );
                rows.push((released, row));
            }
        }
        rows.sort();
        let path = self.dir.join("campagne.csv");
        let mut file = create(&path, CAMPAIGN_COLUMNS)?;
        for ((_, row), number) in rows.iter().zip(1..) {
            writeln!(file, "OUT-{number:05};{row}")?;
        }
        file.flush()?;
        Ok(path)
    }

    /// Writes the planned interruptions, one row for each service and component.
    pub fn outages(&self, maintenance: &[Maintenance]) -> io::Result<PathBuf> {
        let path = self.dir.join("interruzioni.csv");
        let mut file = create(&path, OUTAGE_COLUMNS)?;
        let mut number = 0;
        for Maintenance { announced, from, until, .. } in maintenance {
            let at = |instant: &i64| self.hours.italian(*instant);
            for service in ["cup", "cc"] {
                for component in ["telefonia_entrante", "ivr", "postazione_operatore"] {
                    number += 1;
                    writeln!(
                        file,
                        "INT-{number:03};{service};{component};{};{};si;{};manutenzione",
                        at(from),
                        at(until),
                        at(announced)
                    )?;
                }
            }
        }
        file.flush()?;
        Ok(path)
    }

    /// Writes what the supplier says it reached. Two values stand out: a K1 over answered calls
    /// instead of offered ones, and a rounded K6.
    pub fn declared(&self) -> io::Result<PathBuf> {
        let path = self.dir.join("valori-dichiarati.csv");
        let mut file = create(&path, "servizio;indicatore;periodo;valore")?;
        let cup = [
            "64,71", "100,00", "12,25", "99,39", "65,15", "100,00", "100,00", "100,00", "n/a",
            "100,00",
        ];
        let cc = [
            "98,05", "100,00", "1,41", "100,00", "100,00", "100,00", "100,00", "100,00", "n/a",
            "100,00",
        ];
        for (service, values) in [("cup", cup), ("cc", cc)] {
            for (value, k) in values.iter().zip(1..) {
                writeln!(file, "{service};K{k};2023-H2;{value}")?;
            }
        }
        file.flush()?;
        Ok(path)
    }

    fn after(&self, at: i64, seconds: i64) -> i64 {
        self.hours.after(at, seconds).expect("nothing is begun in the last days of the half-year")
    }
}

/// How a case ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Resolution {
    FirstContact,
    SecondLevel,
    Unresolved,
}

fn first_outcome(call: &Call, rng: &mut Rng) -> &'static str {
    match call.topic {
        "cancellation" => "disdetto",
        "rebooking" => "riprogrammato",
        "information" | "complaint" => "informazione",
        "booking" | "priority" => rng.weighted(&[
            (83, "prenotato"),
            (9, "nessuna_disponibilita"),
            (3, "agenda_chiusa"),
            (3, "ricetta_incompleta"),
            (2, "percorso_di_tutela"),
        ]),
        _ => rng.weighted(&[(88, "risolto"), (12, "informazione")]),
    }
}

/// The ticketing system's own words for the contract's topics; the mapping turns them back.
fn in_italian(topic: &str) -> &str {
    match topic {
        "booking" => "prenotazione",
        "priority" => "prenotazione_priorita",
        "rebooking" => "spostamento",
        "cancellation" => "disdetta",
        "information" => "informazioni",
        "complaint" => "reclamo",
        "pec_activation" => "pec_attivazione",
        "pec_client" => "pec_programma_posta",
        "remote_signature" => "firma_remota",
        "token_signature" => "firma_token",
        "energy_bonus" => "bonus_energia",
        "other" => "altro",
        same => same,
    }
}

fn create(path: &Path, columns: &str) -> io::Result<BufWriter<File>> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{columns}")?;
    Ok(file)
}
