//! What all requests share. Read [`App`] first.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use soglia_app::roster::Roster;
use soglia_app::whatif::ScenarioFile;
use soglia_domain::access::Permission;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::store::Ledger;
use soglia_registers::database::Database;
use soglia_registers::entries;
use soglia_registers::exchange::Rejected;
use soglia_registers::files::Files;

use crate::access::Visit;
use crate::figures::Figures;
use crate::jobs::Jobs;
use crate::openid::{LocalSignIn, OpenId};
use crate::planning::{Offers, Planning};
use crate::proxy::Proxies;
use crate::reply::Problem;
use crate::studies::Studies;

/// What the server is started with.
pub struct Setting {
    /// The ledger; it is there, perhaps empty.
    pub ledger: Ledger,
    /// The contract.
    pub contract: Contract,
    /// The contract file's name, as printed.
    pub contract_file: String,
    /// The contract file's text.
    pub contract_text: String,
    /// The registers' database.
    pub database: Database,
    /// The registers' attachments.
    pub files: Files,
    /// Where uploads are kept until they are taken in.
    pub uploads: PathBuf,
    /// Mapping files offered for imports: name and path.
    pub mappings: Vec<PathBuf>,
    /// Ready-made scenarios.
    pub scenarios: Vec<ScenarioFile>,
    /// Who was at work, if that is known.
    pub roster: Option<Roster>,
    /// Working rules offered for shifts, instead of those inside the program.
    pub rules: Option<String>,
    /// Threads that a simulation may use.
    pub threads: usize,
    /// The language of whoever did not choose one.
    pub lang: Lang,
    /// What every page says, e.g. that the data are invented.
    pub notice: Option<Text>,
    /// The clock.
    pub clock: fn() -> Instant,
    /// How requests come.
    pub transport: Transport,
    /// The identity provider, if there is one.
    pub openid: Option<OpenId>,
    /// Servers whose word about a client's address is believed.
    pub proxies: Proxies,
    /// What lets somebody make the first administrator; nothing once there are accounts.
    pub setup: Option<String>,
}

/// How requests come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// Plain HTTP: on this machine, or behind something that adds TLS.
    Plain,
    /// TLS, by the server itself or by one before it that alone is reached.
    Tls,
}

/// What all requests share.
pub struct App {
    /// The ledger.
    pub ledger: Ledger,
    /// The contract.
    pub contract: Arc<Contract>,
    /// The contract file's name.
    pub contract_file: String,
    /// The contract file's text.
    pub contract_text: String,
    /// The registers' database.
    pub database: Database,
    /// The registers' attachments.
    pub files: Files,
    /// Measurements, kept.
    pub figures: Arc<Figures>,
    /// Imports, one at a time.
    pub jobs: Arc<Jobs>,
    /// Presents of services, learned and kept.
    pub planning: Arc<Planning>,
    /// Simulations that take long, one at a time.
    pub studies: Arc<Studies>,
    /// The language of whoever did not choose one.
    pub lang: Lang,
    /// What every page says.
    pub notice: Option<Text>,
    /// How requests come.
    pub transport: Transport,
    /// The identity provider, if there is one.
    pub openid: Option<OpenId>,
    /// Servers whose word about a client's address is believed.
    pub proxies: Proxies,
    clock: fn() -> Instant,
    setup: Mutex<Option<String>>,
    purposes: Mutex<HashMap<String, (Instant, String)>>,
    refused: Mutex<VecDeque<Arc<Refused>>>,
}

/// Rows of a file that a register did not take, kept for whoever sent the file.
pub struct Refused {
    /// Its number since the program was started.
    pub no: u64,
    /// Who sent the file.
    pub by: String,
    /// The register.
    pub register: &'static str,
    /// What became of all rows, in words.
    pub told: String,
    /// The rows, with their reasons; the first [`REFUSED_ROWS_MAX`] of them.
    pub rows: Vec<Rejected>,
    /// How many there were.
    pub n_rows: usize,
}

/// [`App`], as handlers get it.
pub type Shared = Arc<App>;

/// A purpose that was stated holds for this long.
const PURPOSE_LASTS: Millis = Millis::from_mins(30);
/// Files whose refused rows are remembered.
const REFUSED_MAX: usize = 20;
/// Rows remembered of each.
pub const REFUSED_ROWS_MAX: usize = 2_000;
/// Purposes remembered at most.
const PURPOSES_MAX: usize = 10_000;

impl App {
    /// Makes the state.
    pub fn new(setting: Setting) -> Shared {
        let Setting {
            ledger,
            contract,
            contract_file,
            contract_text,
            database,
            files,
            uploads,
            mappings,
            scenarios,
            roster,
            rules,
            threads,
            lang,
            notice,
            clock,
            transport,
            openid,
            proxies,
            setup,
        } = setting;
        let contract = Arc::new(contract);
        Arc::new(Self {
            figures: Arc::new(Figures::new(
                ledger.clone(),
                Arc::clone(&contract),
                contract_file.clone(),
                notice.clone(),
            )),
            jobs: Arc::new(Jobs::new(
                ledger.clone(),
                Arc::clone(&contract),
                uploads,
                mappings,
                clock,
            )),
            planning: Arc::new(Planning::new(
                Arc::clone(&contract),
                Offers { scenarios, roster, rules },
                threads,
            )),
            studies: Arc::new(Studies::new(clock)),
            ledger,
            contract,
            contract_file,
            contract_text,
            database,
            files,
            lang,
            notice,
            transport,
            openid,
            proxies,
            clock,
            setup: Mutex::new(setup),
            purposes: Mutex::new(HashMap::new()),
            refused: Mutex::new(VecDeque::new()),
        })
    }

    /// The time.
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// What rules of registers need to know.
    pub fn setting(&self) -> entries::Setting {
        entries::Setting {
            terms: self.contract.terms,
            zone: self.contract.zone.clone(),
            contract: Some((*self.contract).clone()),
        }
    }

    /// Refuses unless the visitor may do one of these things, about a service or the whole
    /// contract.
    pub fn allow(
        &self,
        visit: &Visit,
        any: &[Permission],
        service: Option<&str>,
    ) -> Result<(), Problem> {
        let who = visit.who()?;
        if who.actor.may(any, &self.contract.code, service, visit.now) {
            return Ok(());
        }
        Err(Problem::forbidden(any))
    }

    /// Whether the visitor may do one of these things, in the whole contract or about a service.
    pub fn may_anywhere(&self, visit: &Visit, any: &[Permission]) -> bool {
        let code = &self.contract.code;
        let services = self.contract.services.iter().map(|service| Some(service.code.as_str()));
        visit.caller.as_ref().is_some_and(|who| {
            services.chain([None]).any(|service| who.actor.may(any, code, service, visit.now))
        })
    }

    /// Refuses unless the visitor may do one of these things somewhere.
    pub fn allow_anywhere(&self, visit: &Visit, any: &[Permission]) -> Result<(), Problem> {
        visit.who()?;
        if self.may_anywhere(visit, any) { Ok(()) } else { Err(Problem::forbidden(any)) }
    }

    /// The services that the visitor may see; refuses if there is none.
    pub fn services(&self, visit: &Visit) -> Result<Vec<&Service>, Problem> {
        let who = visit.who()?;
        let code = &self.contract.code;
        let mine: Vec<&Service> = self
            .contract
            .services
            .iter()
            .filter(|s| who.actor.may(&[Permission::Read], code, Some(&s.code), visit.now))
            .collect();
        if mine.is_empty() { Err(Problem::forbidden(&[Permission::Read])) } else { Ok(mine) }
    }

    /// A service that the visitor may see.
    pub fn service(&self, visit: &Visit, code: &str) -> Result<&Service, Problem> {
        let service = self.contract.service(code).ok_or_else(|| {
            Problem::missing(
                "il contratto non ha questo servizio",
                "the contract has no such service",
            )
        })?;
        self.allow(visit, &[Permission::Read], Some(code))?;
        Ok(service)
    }

    /// Whether a text is the one that lets somebody make the first administrator.
    pub fn is_setup(&self, token: &str) -> bool {
        let setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        setup.as_deref().is_some_and(|expected| crate::access::same(expected, token))
    }

    /// Whether an administrator is still to be made.
    pub fn awaits_setup(&self) -> bool {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// There is an administrator now.
    pub fn end_setup(&self) {
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Remembers the rows that a register did not take. Returns their number.
    pub fn keep_refused(
        &self,
        by: &str,
        register: &'static str,
        told: &str,
        rows: &[Rejected],
    ) -> u64 {
        let mut kept = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let no = kept.back().map_or(1, |last| last.no + 1);
        if REFUSED_MAX <= kept.len() {
            kept.pop_front();
        }
        kept.push_back(Arc::new(Refused {
            no,
            by: by.to_owned(),
            register,
            told: told.to_owned(),
            rows: rows.iter().take(REFUSED_ROWS_MAX).cloned().collect(),
            n_rows: rows.len(),
        }));
        no
    }

    /// The rows that a register did not take, for whoever sent them.
    pub fn refused(&self, no: u64, by: &str, register: &str) -> Option<Arc<Refused>> {
        let kept = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|one| one.no == no && one.by == by);
        found.filter(|one| one.register == register).cloned()
    }

    /// Whether passwords of Soglia's own open it.
    pub fn takes_passwords(&self) -> bool {
        self.openid.as_ref().is_none_or(|one| one.setting().local == LocalSignIn::Offered)
    }

    /// What somebody said, not long ago, that they look at calls for.
    pub fn purpose(&self, session: &str, now: Instant) -> Option<String> {
        let purposes = self.purposes.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, purpose) = purposes.get(session)?;
        (now < *since + PURPOSE_LASTS).then(|| purpose.clone())
    }

    /// Remembers what somebody looks at calls for.
    pub fn state_purpose(&self, session: &str, purpose: &str, now: Instant) {
        let mut purposes = self.purposes.lock().unwrap_or_else(PoisonError::into_inner);
        purposes.retain(|_, (since, _)| now < *since + PURPOSE_LASTS);
        if purposes.len() < PURPOSES_MAX {
            purposes.insert(session.to_owned(), (now, purpose.to_owned()));
        }
    }
}
