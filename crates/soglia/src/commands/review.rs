//! `soglia review`. Read [`run`] first, then [`Desk`].

mod show;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use soglia_app::measured::{Measured, session};
use soglia_app::roster::Roster;
use soglia_app::whatif::ScenarioFile;
use soglia_app::{json, review as composed, semester};
use soglia_domain::period::Period;
use soglia_domain::register::{
    REMARKS, REVIEW_FINDINGS, REVIEWS, Register, SHEET_ACTIONS, SIGNATURES, Values, by_code,
};
use soglia_domain::text::Lang;
use soglia_ledger::store::Ledger;
use soglia_registers::actor::By;
use soglia_registers::canonical::sha256;
use soglia_registers::entries::{Draft, Edit, Entry, Link, LinkKind, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::query::Query;
use soglia_registers::review::{self, NewReview, SignatureFormat, SignedFile, parts};
use soglia_report::template::Template;

use super::register::{Opened, print_written};
use super::report::{SIMULATED, add_scenarios, contract_name, scenarios, template as template_of};
use crate::cli::{
    AddAction, AddFinding, Decision, InputState, Remark, RemarkStep, ReviewCommand, SheetStep,
    Sign, Training, Why,
};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::Table;

/// Works on the semester's review.
pub async fn run(settings: &Settings, command: ReviewCommand) -> Done {
    use ReviewCommand as C;
    let desk = Desk { settings, opened: Opened::acting(settings, login(&command)).await? };
    match command {
        C::Open { period, profile, why } => desk.open(&period, &profile, &why).await,
        C::List { json } => desk.list(json).await,
        C::Show { review, json, .. } => desk.show(&review, json).await,
        C::Refresh { review, why } => desk.refresh(&review, &why).await,
        C::Check { review, json } => desk.check(&review, json).await,
        C::Write { review, preamble, outputs, resources, why } => {
            let texts = [("preamble", preamble), ("outputs", outputs), ("resources", resources)];
            desk.write(&review, texts, &why).await
        }
        C::Input { element, state, evidence, because, why } => {
            let fields = [("evidence", evidence), ("why", because)];
            let step = match state {
                InputState::Present => "provide",
                InputState::NotApplicable => "waive",
                InputState::Missing => "clear",
            };
            desk.step(&element, step, &given(&fields), &why).await
        }
        C::Finding { finding, decision, text, why } => {
            let step = match decision {
                Decision::Accept => "accept",
                Decision::Edit => "edit",
                Decision::Reject => "reject",
            };
            desk.step(&finding, step, &given(&[("text", text)]), &why).await
        }
        C::AddFinding(args) => desk.add_finding(&args).await,
        C::Sheet { sheet, step, fields, why } => desk.sheet(&sheet, step, &fields, &why).await,
        C::Action(args) => desk.add_action(&args).await,
        C::Remark(args) => desk.remark(&args).await,
        C::Discuss { review, why } => desk.move_review(&review, "discuss", &why).await,
        C::Redraft { review, why } => desk.move_review(&review, "redraft", &why).await,
        C::Approve { review, place, date, template, scenario, roster, why } => {
            let template =
                template.as_deref().map_or_else(|| Ok(Template::default()), template_of)?;
            let roster = super::roster::given(settings, roster.as_deref())?;
            let played = (scenarios(&scenario)?, roster);
            desk.approve(&review, (&place, &date), &template, played, &why).await
        }
        C::Document { review, out } => desk.document(&review, &out).await,
        C::Sign(args) => desk.sign(&args).await,
        C::Refuse { review, role, why } => desk.refuse(&review, &role, &why).await,
        C::Publish { review, protocol, unsigned, out, why } => {
            let fields = [("protocol", protocol), ("unsigned_why", unsigned)];
            desk.publish(&review, &given(&fields), out.as_deref(), &why).await
        }
        C::Rectify { review, why } => desk.rectify(&review, &why).await,
        C::Training(args) => desk.training(&args).await,
    }
}

/// Who acts, where the command says it.
fn login(command: &ReviewCommand) -> Option<&str> {
    use ReviewCommand as C;
    let why = match command {
        C::Show { login, .. } => return login.as_deref(),
        C::List { .. } | C::Check { .. } | C::Document { .. } => return None,
        C::AddFinding(AddFinding { why, .. })
        | C::Action(AddAction { why, .. })
        | C::Remark(Remark { why, .. })
        | C::Sign(Sign { why, .. })
        | C::Training(Training { why, .. })
        | C::Open { why, .. }
        | C::Refresh { why, .. }
        | C::Write { why, .. }
        | C::Input { why, .. }
        | C::Finding { why, .. }
        | C::Sheet { why, .. }
        | C::Discuss { why, .. }
        | C::Redraft { why, .. }
        | C::Approve { why, .. }
        | C::Refuse { why, .. }
        | C::Publish { why, .. }
        | C::Rectify { why, .. } => why,
    };
    why.login.as_deref()
}

/// The registers and the settings, at which somebody works on a review.
struct Desk<'a> {
    settings: &'a Settings,
    opened: Opened,
}

/// Fields that were given.
fn given<'t>(fields: &'t [(&'t str, Option<String>)]) -> Vec<(&'t str, &'t str)> {
    fields.iter().filter_map(|(code, text)| Some((*code, text.as_deref()?))).collect()
}

fn known(register: &Register) -> &'static Register {
    by_code(register.code).expect("the registers are named in this module")
}

/// A date as people write it.
pub fn date(text: &str) -> Result<Date, Failure> {
    let parts: Vec<&str> = text.split('/').collect();
    let iso = match parts.as_slice() {
        [day, month, year] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => text.to_owned(),
    };
    iso.parse().map_err(|_| {
        Failure::usage(format!("`{text}` is no date")).hint("write it as `2024-02-02`")
    })
}

impl Desk<'_> {
    fn by<'t>(&'t self, reason: &'t str) -> By<'t> {
        self.opened.by(reason)
    }

    /// Finds a review by its number or period.
    async fn find(&self, name: &str) -> Result<Entry, Failure> {
        let mut tx = self.opened.database.read().await?;
        let (by, contract) = (self.by("look"), &self.opened.contract);
        Ok(semester::find(&mut tx, &by, contract, name).await?)
    }

    /// Measures a period, as it was sealed if it was.
    async fn measure(&self, period: &Period) -> Result<(Ledger, Measured), Failure> {
        let ledger = Ledger::open(self.settings.ledger()?)?;
        let session = session(&ledger, None).await?;
        let notice = ledger.dir().join(SIMULATED).exists().then(composed::simulated_notice);
        let file = contract_name(self.settings);
        let (contract, lang) = (&self.opened.contract, self.settings.lang);
        let read = Measured::read(&ledger, &session, contract, &file, period, lang, notice);
        let measured = read.await?;
        let label = period.label().to_owned();
        let measured = measured.ok_or_else(|| semester::SemesterError::NoData(label))?;
        Ok((ledger, measured))
    }

    async fn open(&self, period: &str, profile: &str, why: &Why) -> Done {
        let Opened { database, setting, contract, .. } = &self.opened;
        let period = super::period(period, contract)?;
        let (_, measured) = self.measure(&period).await?;
        let by = self.by(&why.reason);
        let mut tx = database.write().await?;
        let new = NewReview { period: &period, profile };
        let report = &measured.report;
        let filled = semester::open(&mut tx, &by, setting, contract, new, report).await?;
        let view = semester::view(&mut tx, &by, contract, filled.review.clone()).await?;
        tx.commit().await?;
        print_written(&filled.review)?;
        if !self.settings.quiet {
            note!(
                "{}: {} input elements, {} sheets, {} findings to decide on, {} actions carried \
                 over, {} signature slots",
                period.label(),
                view.elements.len(),
                filled.sheets.len(),
                filled.findings.len(),
                view.follow_ups.len(),
                view.signatures.len()
            );
        }
        Ok(DONE)
    }

    async fn refresh(&self, name: &str, why: &Why) -> Done {
        let Opened { database, setting, contract, .. } = &self.opened;
        let review = self.find(name).await?;
        let period = semester::period_of(&review, contract)?;
        let (_, measured) = self.measure(&period).await?;
        let mut tx = database.write().await?;
        let by = self.by(&why.reason);
        let before = soglia_registers::trail::head(&mut tx).await?.seq;
        let report = &measured.report;
        let filled = semester::fill(&mut tx, &by, setting, contract, review, report).await?;
        let after = soglia_registers::trail::head(&mut tx).await?.seq;
        if before < after {
            tx.commit().await?;
        }
        print_written(&filled.review)?;
        if !self.settings.quiet {
            note!("{} parts brought up to date", after - before);
        }
        Ok(DONE)
    }

    async fn list(&self, as_json: bool) -> Done {
        let Opened { database, contract, actor, now, setting, .. } = &self.opened;
        let mut tx = database.read().await?;
        let contract = Some(contract.code.clone());
        let query = Query { contract, ..Query::new(known(&REVIEWS)) };
        let found = tx.find_all(actor, *now, &query).await?;
        if as_json {
            let today = setting.date(*now);
            let all: Vec<_> = found.iter().map(|entry| json::entry(entry, today)).collect();
            return print_json(&serde_json::json!({ "schema": json::REVIEWS, "reviews": all }));
        }
        let mut table = Table::new(["review", "period", "state", "document", "seal"]);
        for review in found {
            let short = |field: &str| {
                let hash = review.words(field).unwrap_or_default();
                hash.get(..12).unwrap_or_default().to_owned()
            };
            table.row([
                review.id.clone(),
                review.words("period").unwrap_or_default().to_owned(),
                review.state.label.get(self.settings.lang).to_owned(),
                short("document"),
                short("seal"),
            ]);
        }
        table.print(&mut std::io::stdout().lock())?;
        Ok(DONE)
    }

    async fn show(&self, name: &str, as_json: bool) -> Done {
        let review = self.find(name).await?;
        let mut tx = self.opened.database.read().await?;
        let by = self.by("look");
        let view = semester::view(&mut tx, &by, &self.opened.contract, review).await?;
        if as_json {
            let today = self.opened.setting.date(self.opened.now);
            return print_json(&json::review(&view, None, today));
        }
        show::view(&view, self.settings.lang)
    }

    async fn check(&self, name: &str, as_json: bool) -> Done {
        let contract = &self.opened.contract;
        let review = self.find(name).await?;
        let period = semester::period_of(&review, contract)?;
        let (_, measured) = self.measure(&period).await?;
        let mut tx = self.opened.database.read().await?;
        let by = self.by("look");
        let report = &measured.report;
        let files = &self.opened.files;
        let standing = semester::standing(&mut tx, &by, files, contract, &review, report).await?;
        if as_json {
            print_json(&json::standing(&standing))?;
        } else {
            show::standing(&review, &standing, self.settings.lang)?;
        }
        let open = semester::is_open(&review) && !standing.obstacles.is_empty();
        Ok(if open { BREACH } else { DONE })
    }

    async fn write(&self, name: &str, texts: [(&str, Option<String>); 3], why: &Why) -> Done {
        let review = self.find(name).await?;
        let fields = given(&texts);
        if fields.is_empty() {
            return Err(Failure::usage("no text was given")
                .hint("give --preamble, --outputs or --resources"));
        }
        self.edit(&review, &fields, why).await
    }

    async fn edit(&self, entry: &Entry, fields: &[(&str, &str)], why: &Why) -> Done {
        let changes = Values::changes(entry.register, fields.iter().copied())
            .map_err(RegisterError::Values)?;
        let edit = Edit { version: entry.version, changes, ..Edit::default() };
        let mut tx = self.opened.database.write().await?;
        let (by, setting) = (self.by(&why.reason), &self.opened.setting);
        let entry = tx.edit(&by, setting, &entry.id, edit).await?;
        tx.commit().await?;
        print_written(&entry)
    }

    /// Moves a part of a review on.
    async fn step(&self, id: &str, step: &str, fields: &[(&str, &str)], why: &Why) -> Done {
        let mut tx = self.opened.database.write().await?;
        let entry = tx.entry(&id.to_uppercase()).await?;
        let changes = Values::changes(entry.register, fields.iter().copied())
            .map_err(RegisterError::Values)?;
        let step = Step { version: entry.version, transition: step, changes };
        let (by, setting) = (self.by(&why.reason), &self.opened.setting);
        let entry = tx.advance(&by, setting, &entry.id, step).await?;
        tx.commit().await?;
        print_written(&entry)
    }

    async fn move_review(&self, name: &str, step: &str, why: &Why) -> Done {
        let review = self.find(name).await?;
        self.step(&review.id, step, &[], why).await
    }

    async fn create(
        &self,
        register: &Register,
        service: Option<String>,
        links: Vec<Link>,
        fields: &[(&str, &str)],
        why: &Why,
    ) -> Done {
        let register = known(register);
        let values =
            Values::parse(register, fields.iter().copied()).map_err(RegisterError::Values)?;
        let contract = self.opened.contract.code.clone();
        let draft = Draft { contract, service, reference: None, values, links };
        let mut tx = self.opened.database.write().await?;
        let (by, setting) = (self.by(&why.reason), &self.opened.setting);
        let entry = tx.create(&by, setting, register, draft).await?;
        tx.commit().await?;
        print_written(&entry)
    }

    async fn add_finding(&self, args: &AddFinding) -> Done {
        let AddFinding { review, area, section, service, text, why } = args;
        let review = self.find(review).await?;
        let period = review.words("period").unwrap_or_default();
        let key = format!("person:{}", sha256(text.as_bytes()).get(..12).unwrap_or_default());
        let fields = [
            ("review", review.id.as_str()),
            ("area", area),
            ("section", section),
            ("period", period),
            ("first_seen", period),
            ("origin", "person"),
            ("key", &key),
            ("proposed", text),
        ];
        self.create(&REVIEW_FINDINGS, service.clone(), Vec::new(), &fields, why).await
    }

    async fn sheet(&self, id: &str, step: SheetStep, fields: &[String], why: &Why) -> Done {
        let pairs = super::register::pairs(fields)?;
        match step {
            SheetStep::Complete => self.step(id, "complete", &pairs, why).await,
            SheetStep::Reopen => self.step(id, "reopen", &pairs, why).await,
            SheetStep::Fill => {
                let mut tx = self.opened.database.read().await?;
                let sheet = tx.entry(&id.to_uppercase()).await?;
                drop(tx);
                self.edit(&sheet, &pairs, why).await
            }
        }
    }

    async fn add_action(&self, args: &AddAction) -> Done {
        let AddAction { sheet, title, owner, due, expected, resources, decided, why } = args;
        let mut tx = self.opened.database.read().await?;
        let sheet = tx.entry(&sheet.to_uppercase()).await?;
        drop(tx);
        let today = self.opened.setting.date(self.opened.now).to_string();
        let fields = [
            ("sheet", sheet.id.as_str()),
            ("decided_on", decided.as_deref().unwrap_or(&today)),
            ("title", title),
            ("owner", owner),
            ("due_on", due),
            ("expected", expected),
            ("resources", resources.as_deref().unwrap_or_default()),
        ];
        // The link to the indicator is what the next period finds the action by.
        let links = sheet.links.iter().filter(|link| link.kind == LinkKind::Indicator).cloned();
        let links = links.collect();
        self.create(&SHEET_ACTIONS, sheet.service.clone(), links, &fields, why).await
    }

    async fn remark(&self, args: &Remark) -> Done {
        let Remark { target, step, on, text, why } = args;
        let text = text.as_deref();
        if let Some(step) = step {
            let (step, field) = match step {
                RemarkStep::Answer => ("answer", text),
                RemarkStep::Settle => ("settle", None),
                RemarkStep::Maintain => ("maintain", None),
                RemarkStep::Withdraw => ("withdraw", None),
            };
            let fields: Vec<(&str, &str)> =
                field.map(|text| ("answer", text)).into_iter().collect();
            return self.step(target, step, &fields, why).await;
        }
        let (Some(on), Some(text)) = (on, text) else {
            return Err(Failure::usage("a remark says what it is about and what it says")
                .hint("give --on cup/K1 --text '…'"));
        };
        let review = self.find(target).await?;
        let figure = self.figure(&review, on).await?;
        let mut fields =
            vec![("review", review.id.as_str()), ("target", on.as_str()), ("text", text)];
        if let Some(figure) = &figure {
            fields.push(("figure", figure));
        }
        let link = figure.as_ref().map(|_| Link::new(LinkKind::Indicator, on));
        let service = on.split_once('/').map(|(service, _)| service.to_owned());
        let service = service.filter(|code| self.opened.contract.service(code).is_some());
        self.create(&REMARKS, service, link.into_iter().collect(), &fields, why).await
    }

    /// The figure that a remark is about, as it stands in the sheet.
    async fn figure(&self, review: &Entry, on: &str) -> Result<Option<String>, Failure> {
        let mut tx = self.opened.database.read().await?;
        let (by, contract) = (self.by("look"), &self.opened.contract);
        let view = semester::view(&mut tx, &by, contract, review.clone()).await?;
        let link = Link::new(LinkKind::Indicator, on);
        let sheet = view.sheets.iter().find(|view| view.sheet.links.contains(&link));
        Ok(sheet.map(|view| semester::figure(&view.sheet, Lang::It)))
    }

    async fn approve(
        &self,
        name: &str,
        (place, day): (&str, &str),
        template: &Template,
        (scenarios, roster): (Vec<ScenarioFile>, Option<Roster>),
        why: &Why,
    ) -> Done {
        let Opened { database, files, contract, setting, .. } = &self.opened;
        let review = self.find(name).await?;
        let period = semester::period_of(&review, contract)?;
        let (ledger, mut measured) = self.measure(&period).await?;
        let by = self.by(&why.reason);
        if !scenarios.is_empty() {
            let mut tx = database.read().await?;
            let report = &measured.report;
            semester::require_ready(&mut tx, &by, contract, &review, report).await?;
        }
        let of = (contract, &period);
        let played = (scenarios, roster.as_ref());
        add_scenarios(self.settings, &ledger, of, &mut measured, played).await?;
        let new = semester::NewApproval {
            review: &review,
            place,
            date: date(day)?,
            lang: self.settings.lang,
            template,
        };
        let approved =
            semester::approve(database, files, &ledger, &by, setting, contract, measured, new);
        let approved = Box::pin(approved).await?;
        print_written(&approved.review)?;
        if !self.settings.quiet {
            note!("sealed: sha256 {}", approved.seal);
            note!("document: sha256 {}", approved.document);
            note!("hint: `soglia review document {name} --out FILE` writes what is to be signed");
        }
        Ok(DONE)
    }

    async fn document(&self, name: &str, out: &Path) -> Done {
        let review = self.find(name).await?;
        let bytes = semester::approved_document(&self.opened.files, &review)?;
        new_file(out, &bytes)?;
        writeln!(std::io::stdout().lock(), "{}  {}", sha256(&bytes), out.display())?;
        Ok(DONE)
    }

    /// The slot of a role.
    async fn slot(&self, review: &Entry, role: &str) -> Result<Entry, Failure> {
        let mut tx = self.opened.database.read().await?;
        let (by, contract) = (self.by("look"), &self.opened.contract);
        let slots = parts(&mut tx, &by, contract, known(&SIGNATURES), &review.id).await?;
        let roles: Vec<&str> = slots.iter().filter_map(|slot| slot.words("role")).collect();
        let missing = Failure::usage(format!("`{}` has no slot for `{role}`", review.id))
            .hint(format!("its slots: {}", roles.join(", ")));
        slots.iter().find(|slot| slot.words("role") == Some(role)).cloned().ok_or(missing)
    }

    async fn sign(&self, args: &Sign) -> Done {
        let Sign { review, file, role, signer, signed_on, why } = args;
        let review = self.find(review).await?;
        let slot = self.slot(&review, role).await?;
        let document = semester::approved_document(&self.opened.files, &review)?;
        let bytes = std::fs::read(file).map_err(|cause| {
            let what = format!("failed to read `{}`", file.display());
            Failure::data(anyhow::Error::from(cause).context(what))
        })?;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let format = if bytes.starts_with(b"%PDF-") {
            SignatureFormat::Pades
        } else {
            SignatureFormat::Cades
        };
        let signed = SignedFile {
            name: name.as_deref().unwrap_or_default(),
            bytes: &bytes,
            format,
            signer,
            signed_on: date(signed_on)?,
            document: &document,
        };
        let Opened { database, files, setting, .. } = &self.opened;
        let by = self.by(&why.reason);
        let mut tx = database.write().await?;
        let slot = review::sign(&mut tx, &by, setting, files, &slot, signed).await?;
        tx.commit().await?;
        print_written(&slot)?;
        show::signature(&slot, self.settings.lang)
    }

    async fn refuse(&self, name: &str, role: &str, why: &Why) -> Done {
        let review = self.find(name).await?;
        let slot = self.slot(&review, role).await?;
        self.step(&slot.id, "refuse", &[], why).await
    }

    async fn publish(
        &self,
        name: &str,
        fields: &[(&str, &str)],
        out: Option<&Path>,
        why: &Why,
    ) -> Done {
        let review = self.find(name).await?;
        let mut tx = self.opened.database.read().await?;
        let (by, contract) = (self.by(&why.reason), &self.opened.contract);
        let slots = parts(&mut tx, &by, contract, known(&SIGNATURES), &review.id).await?;
        drop(tx);
        if let Some(out) = out
            && out.exists()
        {
            return Err(RegisterError::Occupied(out.to_owned()).into());
        }
        self.step(&review.id, "publish", fields, why).await?;
        if let Some(out) = out {
            for path in self.write_published(&review, &slots, out)? {
                writeln!(std::io::stdout().lock(), "{}", path.display())?;
            }
        }
        Ok(DONE)
    }

    /// Writes the document, the signed files and their hashes to a folder.
    fn write_published(
        &self,
        review: &Entry,
        slots: &[Entry],
        out: &Path,
    ) -> Result<Vec<PathBuf>, Failure> {
        std::fs::create_dir_all(out)?;
        // What else is attached to the review was not approved with it.
        let approved = review.words("document");
        let files = review.files.iter().filter(|file| Some(file.sha256.as_str()) == approved);
        let files = files.map(|file| (None, file));
        let signed =
            slots.iter().flat_map(|slot| slot.files.iter().map(|file| (slot.words("role"), file)));
        let (mut sums, mut paths) = (Vec::new(), Vec::new());
        for (role, file) in files.chain(signed) {
            let name = file.name.clone().unwrap_or_else(|| file.sha256.clone());
            let name = role.map_or(name.clone(), |role| format!("{role}-{name}"));
            let bytes = self.opened.files.read(&file.sha256)?;
            new_file(&out.join(&name), &bytes)?;
            sums.push(format!("{}  {name}\n", file.sha256));
            paths.push(out.join(name));
        }
        new_file(&out.join("SHA256SUMS"), sums.concat().as_bytes())?;
        paths.push(out.join("SHA256SUMS"));
        Ok(paths)
    }

    async fn rectify(&self, name: &str, why: &Why) -> Done {
        let Opened { database, setting, contract, .. } = &self.opened;
        let review = self.find(name).await?;
        let period = semester::period_of(&review, contract)?;
        let (_, measured) = self.measure(&period).await?;
        let profile = review.words("profile").unwrap_or("iso_2008").to_owned();
        let by = self.by(&why.reason);
        let mut tx = database.write().await?;
        let new = NewReview { period: &period, profile: &profile };
        let begun = review::rectify(&mut tx, &by, setting, contract, &review, new).await?;
        let report = &measured.report;
        let filled = semester::fill(&mut tx, &by, setting, contract, begun, report).await?;
        tx.commit().await?;
        print_written(&filled.review)
    }

    async fn training(&self, args: &Training) -> Done {
        let Training { entry, before, after, measure, why } = args;
        let Opened { database, setting, contract, .. } = &self.opened;
        let (before, after) = (super::period(before, contract)?, super::period(after, contract)?);
        let ledger = Ledger::open(self.settings.ledger()?)?;
        let session = session(&ledger, None).await?;
        let entry = entry.to_uppercase();
        let effect = semester::Effect { entry: &entry, measure, before: &before, after: &after };
        let by = self.by(&why.reason);
        let measured =
            semester::measure_training(database, &session, &by, setting, contract, effect);
        let entry = measured.await?;
        print_written(&entry)?;
        let today = setting.date(self.opened.now);
        let mut out = std::io::stdout().lock();
        for derived in entry.register.derived {
            if let Some(value) = (derived.compute)(&entry.values, today) {
                let label = derived.label.get(self.settings.lang);
                let text = value.to_string();
                writeln!(out, "{label}: {}", show::localised(&text, self.settings.lang))?;
            }
        }
        Ok(DONE)
    }
}

/// Writes a file where none is.
fn new_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path.exists() {
        return Err(RegisterError::Occupied(path.to_owned()).into());
    }
    let written = std::fs::File::create_new(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|cause| {
        let what = format!("failed to write `{}`", path.display());
        Failure::configuration(anyhow::Error::from(cause).context(what))
    })
}

/// Writes a document for programs.
pub fn print_json(json: &serde_json::Value) -> Done {
    let text = serde_json::to_string_pretty(json).map_err(Failure::internal)?;
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(DONE)
}
