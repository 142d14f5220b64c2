//! Definition cards follow from the rules: whatever changes in a rule changes its card.

use soglia_domain::card::{alternatives, card, formula};
use soglia_domain::contract::{Contract, Penalties, PenaltyRate, parse};
use soglia_domain::penalty::StepsCounted;
use soglia_domain::text::Lang;

fn reference() -> Contract {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/contract.toml");
    let text = std::fs::read_to_string(path).expect("the example is in the repository");
    parse(&text, "contract.toml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_disputed_parameter_changes_the_card() {
    let contract = reference();
    let mut n_alternatives = 0;
    for service in &contract.services {
        for indicator in &service.indicators {
            let version = &indicator.versions[0];
            for lang in [Lang::It, Lang::En] {
                let own = card(&contract, (service, indicator), version, lang);
                for other in alternatives(&version.rule) {
                    let mut changed = version.clone();
                    changed.rule = other.rule;
                    let theirs = card(&contract, (service, indicator), &changed, lang);
                    let what = format!("{} {}={}", indicator.code, other.parameter, other.value);
                    assert_ne!(own.rows, theirs.rows, "{what} leaves the card as it is");
                    n_alternatives += 1;
                }
            }
        }
    }
    assert!(200 <= n_alternatives, "{n_alternatives} alternatives were tried");
}

#[test]
fn formulas_are_written_in_both_languages() {
    let contract = reference();
    let service = contract.service("cup").expect("cup");
    let lines: Vec<String> = service
        .indicators
        .iter()
        .flat_map(|indicator| {
            let rule = &indicator.versions[0].rule;
            [formula(rule, Lang::It), formula(rule, Lang::En)]
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    chiamate risposte con attesa ≤ 20 s (dall'ingresso in coda alla risposta) / chiamate offerte
    calls answered with a wait ≤ 20 s (from queue entry to the answer) / calls offered
    contatti risposti con tempo ≤ 9 h (ore di servizio) / contatti dovuti
    contacts answered in a time ≤ 9 h (service hours) / contacts due
    chiamate perse (chiuse da chi chiama o dal sistema) / chiamate offerte
    calls lost (ended by caller or system) / calls offered
    casi chiusi senza secondo livello, nel contatto di apertura / casi chiusi
    cases closed without escalation, in the contact that opened them / cases closed
    chiamate evase al primo contatto (nel contatto di apertura) con durata ≤ 4 min (conversazione e attesa in linea) / chiamate evase al primo contatto (nel contatto di apertura)
    calls closed at first contact (in the contact that opened them) with a duration ≤ 4 min (talk and hold) / calls closed at first contact (in the contact that opened them)
    casi risolti e chiusi dopo il secondo livello / casi passati al secondo livello; aperti mancati dopo 4 h (ore di servizio)
    cases resolved and closed after escalation / cases escalated; open ones fail after 4 h (service hours)
    casi risolti con tempo ≤ 4 h (ore di servizio) / casi risolti + aperti scaduti
    cases resolved in a time ≤ 4 h (service hours) / cases resolved + open overdue
    esiti positivi (positive) / contatti chiusi
    positive outcomes (positive) / records closed
    tempo (ore di servizio) per una lista di n contatti ≤ ⌈n / 100⌉ × 4 h (almeno 4 h), per ogni lista
    time (service hours) for a list of n records ≤ ⌈n / 100⌉ × 4 h (at least 4 h), for each list
    (tempo di servizio concordato − fermo) / tempo di servizio concordato
    (agreed service time − downtime) / agreed service time
    ");
}

#[test]
fn a_card_in_italian() {
    let contract = reference();
    let service = contract.service("cup").expect("cup");
    let indicator = service.indicator("K1").expect("K1");
    let shown = card(&contract, (service, indicator), &indicator.versions[0], Lang::It).to_text();
    insta::assert_snapshot!(shown, @r"
    cup · K1 · % di chiamate risposte entro 20''
    ============================================
    Codice: K1
    Servizio: CUP – Centro Unico di Prenotazione (cup)
    Processo: GESTIONE DEGLI SLA
    Aspetto da valutare: Monitoraggio tempo massimo di attesa
    Indicatore: % di chiamate risposte entro 20''
    Tipo di misura: quota entro un limite
    Unità di misura: percentuale di chiamate
    Fonte dati: Database delle chiamate / Resoconti trimestrali
    Periodo di riferimento: le chiamate arrivate nel periodo
    Frequenza di misurazione: misura mensile, resoconto semestrale
    Dati elementari da rilevare: per chiamata: arrivo, ingresso in coda, risposta, uscita, esito, coda
    Regole di campionamento: nessun campionamento: tutte le chiamate; i periodi si sommano dai conteggi
    Formula: chiamate risposte con attesa ≤ 20 s (dall'ingresso in coda alla risposta) / chiamate offerte
    Orario di riferimento: calendario `operators`
    Regole di arrotondamento: si confronta il valore esatto, senza arrotondare; si stampa con 2 decimali (mezzo per eccesso)
    Valore di soglia: ≥ 95% (più alto è meglio)
    Denominatore nullo: non applicabile (nessuna attività)
    Azioni contrattuali: se mancata: scheda di miglioramento con azioni e risorse; il contratto non prevede penali
    Eccezioni ed esclusioni:
      contano le chiamate offerte a una coda
      fuori orario: escluse
      abbandoni brevissimi: nessuna esclusione
      respinte: perse
      risolte dall'IVR: escluse
      richieste di richiamata: né risposte né perse; perse se non evase in giornata
      più code: conta la prima
      le esclusioni approvate del contratto, contate per motivo
    Responsabile della misura: DT
    Decorrenza e versione: versione 1, dal 2022-05-05
    Limiti di precisione della fonte: il limite si giudica sugli istanti come la fonte li scrive; una fonte a secondi interi (queue_log) non distingue 20,0 s da 20,9 s, e la misura lo dice
    ");
}

#[test]
fn a_card_in_english() {
    let contract = reference();
    let service = contract.service("cup").expect("cup");
    let indicator = service.indicator("K9").expect("K9");
    let shown = card(&contract, (service, indicator), &indicator.versions[0], Lang::En).to_text();
    insta::assert_snapshot!(shown, @r"
    cup · K9 · Working time to finish a package of 100 contacts (and multiples)
    ===========================================================================
    Code: K9
    Service: CUP – booking centre (cup)
    Process: Service-level management
    Aspect: Operational efficiency
    Indicator: Working time to finish a package of 100 contacts (and multiples)
    Kind of figure: time within a limit
    Unit: time for a package
    Source of the data: Quarterly reports
    Period: lists that fall due in the period
    Frequency: measured monthly, reported half-yearly
    Elementary data: for each list: release, number of records, first and last attempt, last outcome
    Sampling: no sampling: all lists; periods add up from counts
    Formula: time (service hours) for a list of n records ≤ ⌈n / 100⌉ × 4 h (at least 4 h), for each list
    Hours: calendar `operators`
    Rounding: the exact value is compared, not rounded; printed with 2 decimals (half up)
    Target: ≤ 4 h for each package of 100 contacts (lower is better)
    Empty denominator: not applicable (no activity)
    Contractual action: if missed: an improvement sheet with actions and resources; the contract has no penalties
    Exceptions and exclusions:
      from the release of a complete list (or the next opening)
      to the last terminal outcome
      the contract's approved exclusions, counted by reason
    Responsible for the measurement: DT
    Validity and version: version 1, from 2022-05-05
    Precision of the source: instants are those recorded by the contact system, at most to the millisecond
    ");
}

#[test]
fn a_card_says_what_a_miss_costs_and_names_channels_as_people_do() {
    let mut contract = reference();
    let shown = |contract: &Contract, code: &str| {
        let service = &contract.services[0];
        let indicator = service.indicator(code).expect("the reference has it");
        card(contract, (service, indicator), &indicator.versions[0], Lang::It).to_text()
    };
    let without = shown(&contract, "K1");
    assert!(without.contains("risorse; il contratto non prevede penali"), "{without}");
    contract.penalties = Some(Penalties {
        contract_value_cents: 1_000_000,
        cap_permille: 100,
        counted: StepsCounted::default(),
        clause: None,
        rates: vec![PenaltyRate {
            service: contract.services[0].code.clone(),
            indicator: "K1".to_owned(),
            step_centi_points: 50,
            micro_rate: 300,
        }],
    });
    let with = shown(&contract, "K1");
    let costs = "penale di 0,3 ‰ del valore del contratto ogni 0,5 punti percentuali";
    assert!(with.contains(costs), "{with}");
    assert!(!shown(&contract, "K3").contains("penale di"), "another indicator has no rate");
    let k2 = shown(&contract, "K2");
    assert!(k2.contains("canali: e-mail, PEC, fax, SMS, lettera"), "{k2}");
}
