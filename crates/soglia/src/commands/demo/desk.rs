//! What the demo's people wrote: registers filled and a review in discussion. Read [`Desk::fill`]
//! first.
//!
//! Nothing here is a figure: values, verdicts, computed findings and the effect of the course come
//! from the measures. Entries and texts stand in `demo/files`; they are written as their authors
//! would, one step after the other, by the registers' own rules.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use soglia_app::measured::Measured;
use soglia_app::semester::{self, Effect, Filled};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{
    ELEMENTS, OPERATIONS, REMARKS, REVIEW_FINDINGS, Register, SHEET_ACTIONS, Values, by_code,
};
use soglia_domain::text::Lang;
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_measure::measurement::Report;
use soglia_registers::actor::{Actor, By};
use soglia_registers::canonical::sha256;
use soglia_registers::database::{Database, Location, Tx};
use soglia_registers::entries::{Draft, Edit, Entry, Link, LinkKind, Setting, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::files::Files;
use soglia_registers::review::{NewReview, parts};

use super::people::people;
use crate::commands::now;
use crate::demo::DECLARED;
use crate::error::Failure;

const ENTRIES: &str = include_str!("../../demo/files/registri.toml");
const REVIEW: &str = include_str!("../../demo/files/riesame.toml");

/// The reason of what needs none of its own.
const REASON: &str = "riesame del semestre";

/// Fields as they are written in the files.
type Fields = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    entry: Vec<Told>,
}

/// An entry of a register and what became of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    name: String,
    register: String,
    service: Option<String>,
    by: String,
    reason: String,
    #[serde(default)]
    links: Vec<String>,
    values: Fields,
    #[serde(default)]
    steps: Vec<Taken>,
    effect: Option<Course>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    step: String,
    by: String,
    reason: String,
    #[serde(default)]
    values: Fields,
}

/// How the effect of a course is measured, and what is said of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Course {
    measure: String,
    before: String,
    after: String,
    by: String,
    judged_on: String,
    better: String,
    worse: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    profile: String,
    by: String,
    preamble: String,
    outputs: String,
    resources: String,
    element: Vec<Settled>,
    finding: Vec<Decided>,
    own_finding: Vec<Own>,
    action: Vec<Action>,
    remark: Vec<Remark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settled {
    area: String,
    element: String,
    why: Option<String>,
    #[serde(default)]
    missing: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    key: String,
    step: String,
    text: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    area: String,
    section: String,
    service: Option<String>,
    text: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    service: String,
    indicator: String,
    title: String,
    owner: String,
    decided_on: String,
    due_on: String,
    expected: String,
    resources: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    on: String,
    by: String,
    text: String,
    answer: String,
    #[serde(default)]
    settled: bool,
}

/// The demo's registers.
pub struct Desk<'a> {
    database: Database,
    files: Files,
    contract: &'a Contract,
    setting: Setting,
    now: Instant,
}

/// Who writes, in one transaction.
struct Pen<'a> {
    tx: Tx,
    actors: &'a BTreeMap<&'static str, Actor>,
    contract: &'a Contract,
    setting: &'a Setting,
    now: Instant,
}

impl<'a> Desk<'a> {
    /// Makes the registers in the demo's folder.
    pub async fn new(folder: &Path, contract: &'a Contract) -> Result<Self, Failure> {
        let folder = folder.join("registers");
        std::fs::create_dir_all(&folder)?;
        let location = Location::Sqlite(folder.join("registers.sqlite"));
        let now = now();
        let (database, _) = Database::open(location, &folder.join("backups"), now).await?;
        let (terms, zone) = (contract.terms, contract.zone.clone());
        let setting = Setting { terms, zone, contract: Some(contract.clone()) };
        Ok(Self { database, files: Files::new(folder.join("files")), contract, setting, now })
    }

    /// Makes the accounts, fills the registers, measures the course's effect, and brings the
    /// review of the period as far as its discussion.
    pub async fn fill(
        &self,
        folder: &Path,
        session: &Session,
        period: &Period,
        report: &Report,
    ) -> Result<(), Failure> {
        let story: Story = toml::from_str(ENTRIES).map_err(Failure::internal)?;
        let written: Written = toml::from_str(REVIEW).map_err(Failure::internal)?;
        let mut tx = self.database.write().await?;
        let actors = people(&mut tx, self.contract, folder).await?;
        let mut pen = self.pen(tx, &actors);
        let courses = pen.entries(&story).await?;
        pen.operations().await?;
        pen.tx.commit().await?;
        for (id, course) in courses {
            self.measure_course(&actors, session, &id, course).await?;
        }
        let mut pen = self.pen(self.database.write().await?, &actors);
        let filled = pen.open(&written, period, report).await?;
        pen.elements(&written, &filled.review).await?;
        pen.findings(&written, period, &filled).await?;
        pen.sheets(&written, &filled).await?;
        let review = pen.texts(&written, &filled.review).await?;
        let review = pen.attach(&self.files, &review).await?;
        pen.discuss(&written, &review, &filled).await?;
        pen.tx.commit().await?;
        Ok(())
    }

    /// Puts what was written into the input of the period's documents.
    pub async fn put_written(
        &self,
        period: &Period,
        measured: &mut Measured,
    ) -> Result<(), Failure> {
        let mut tx = self.database.read().await?;
        let Measured { report, input, .. } = measured;
        let (files, contract) = (&self.files, self.contract);
        semester::put_written(&mut tx, files, contract, period, report, input, self.now).await?;
        tx.finish().await?;
        Ok(())
    }

    fn pen<'p>(&'p self, tx: Tx, actors: &'p BTreeMap<&'static str, Actor>) -> Pen<'p> {
        let Self { contract, setting, now, .. } = self;
        Pen { tx, actors, contract, setting, now: *now }
    }

    /// Measures the group before and after a course; what is said of it follows from the figures.
    async fn measure_course(
        &self,
        actors: &BTreeMap<&'static str, Actor>,
        session: &Session,
        id: &str,
        course: &Course,
    ) -> Result<(), Failure> {
        let Course { measure, before, after, by, judged_on, better, worse } = course;
        let before = crate::commands::period(before, self.contract)?;
        let after = crate::commands::period(after, self.contract)?;
        let effect = Effect { entry: id, measure, before: &before, after: &after };
        let (actor, supplier) = (account(actors, by)?, account(actors, "fornitore")?);
        let measuring = By { actor: supplier, at: self.now, reason: "effetto misurato sul gruppo" };
        let measured = semester::measure_training(
            &self.database,
            session,
            &measuring,
            &self.setting,
            self.contract,
            effect,
        );
        let entry = measured.await?;
        let (step, judgement) =
            if is_shorter(&entry) { ("confirm", better) } else { ("fail", worse) };
        let fields = [("judgement", judgement.as_str()), ("judged_on", judged_on.as_str())];
        let changes = changes(entry.register, &fields)?;
        let by = By { actor, at: self.now, reason: "effetto misurato sul gruppo" };
        let mut tx = self.database.write().await?;
        let step = Step { version: entry.version, transition: step, changes };
        tx.advance(&by, &self.setting, id, step).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether a group's calls became shorter on average.
fn is_shorter(entry: &Entry) -> bool {
    let count = |code: &str| match entry.value(code) {
        Some(soglia_domain::register::Value::Count(count)) => u128::from(*count),
        _ => 0,
    };
    count("after_sum") * count("before_n") < count("before_sum") * count("after_n")
}

fn account<'a>(
    actors: &'a BTreeMap<&'static str, Actor>,
    login: &str,
) -> Result<&'a Actor, Failure> {
    actors.get(login).ok_or_else(|| RegisterError::unknown("user", login).into())
}

fn changes(
    register: &'static Register,
    fields: &[(&str, &str)],
) -> Result<soglia_domain::register::Changes, Failure> {
    Ok(Values::changes(register, fields.iter().copied()).map_err(RegisterError::Values)?)
}

fn known(code: &str) -> Result<&'static Register, Failure> {
    by_code(code).ok_or_else(|| RegisterError::unknown("register", code).into())
}

impl Pen<'_> {
    async fn create(
        &mut self,
        (login, reason): (&str, &str),
        register: &Register,
        service: Option<&str>,
        fields: &[(&str, &str)],
        links: Vec<Link>,
    ) -> Result<Entry, Failure> {
        let register = known(register.code)?;
        let values =
            Values::parse(register, fields.iter().copied()).map_err(RegisterError::Values)?;
        let draft = Draft {
            contract: self.contract.code.clone(),
            service: service.map(ToOwned::to_owned),
            reference: None,
            values,
            links,
        };
        let actor = account(self.actors, login)?;
        let by = By { actor, at: self.now, reason };
        Ok(self.tx.create(&by, self.setting, register, draft).await?)
    }

    async fn step(
        &mut self,
        (login, reason): (&str, &str),
        entry: &Entry,
        step: &str,
        fields: &[(&str, &str)],
    ) -> Result<Entry, Failure> {
        let changes = changes(entry.register, fields)?;
        let step = Step { version: entry.version, transition: step, changes };
        let actor = account(self.actors, login)?;
        let by = By { actor, at: self.now, reason };
        Ok(self.tx.advance(&by, self.setting, &entry.id, step).await?)
    }

    /// Writes the entries of the story; returns the courses whose effect is to be measured.
    async fn entries<'s>(
        &mut self,
        story: &'s Story,
    ) -> Result<Vec<(String, &'s Course)>, Failure> {
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        let mut courses = Vec::new();
        for told in &story.entry {
            let register = known(&told.register)?;
            let links = told.links.iter().filter_map(|text| {
                let named = text.split_once(":@");
                match named.and_then(|(kind, name)| Some((kind, names.get(name)?))) {
                    Some((kind, id)) => Link::parse(&format!("{kind}:{id}")),
                    None => Link::parse(text),
                }
            });
            let links: Vec<Link> = links.collect();
            let who = (told.by.as_str(), told.reason.as_str());
            let service = told.service.as_deref();
            let mut entry =
                self.create(who, register, service, &pairs(&told.values), links).await?;
            for taken in &told.steps {
                let who = (taken.by.as_str(), taken.reason.as_str());
                entry = self.step(who, &entry, &taken.step, &pairs(&taken.values)).await?;
            }
            courses.extend(told.effect.as_ref().map(|course| (entry.id.clone(), course)));
            names.insert(&told.name, entry.id);
        }
        Ok(courses)
    }

    /// Two operations a quarter for each group of activities of the contract, as the areas' own
    /// log would have them.
    async fn operations(&mut self) -> Result<(), Failure> {
        let groups = self.contract.areas.iter().filter(|area| area.code == "digital_agenda");
        let groups: Vec<_> = groups.flat_map(|area| area.activities.clone()).collect();
        let quarters = [("2023-07-03", "2023-09-29"), ("2023-10-02", "2023-12-29")];
        for (nth, group) in (0_u32..).zip(&groups) {
            let area = group.name.get(Lang::It);
            let items: Vec<&str> = group.items.iter().map(|item| item.get(Lang::It)).collect();
            let (place, activity) = (items.first().copied().unwrap_or(area), items.join("; "));
            let kind = match area {
                name if name.contains("digitalizzazione") => "digitisation",
                name if name.contains("tecnica") => "technical_assistance",
                name if name.contains("Tributi") || name.contains("Sportello") => "front_office",
                _ => "support",
            };
            for (quarter, (first, last)) in (0_u32..).zip(quarters) {
                let hours = (160 + 24 * ((nth * 5 + quarter * 3) % 9)).to_string();
                let quantity = (35 + 12 * ((nth * 7 + quarter * 2) % 11)).to_string();
                let fields = [
                    ("done_on", first),
                    ("last_day", last),
                    ("area", area),
                    ("place", place),
                    ("kind", kind),
                    ("activity", activity.as_str()),
                    ("hours", hours.as_str()),
                    ("quantity", quantity.as_str()),
                ];
                let who = ("fornitore", "rapporto trimestrale");
                let entry = self.create(who, &OPERATIONS, None, &fields, Vec::new()).await?;
                self.step(("dec", "controllato"), &entry, "confirm", &[]).await?;
            }
        }
        Ok(())
    }

    async fn open(
        &mut self,
        written: &Written,
        period: &Period,
        report: &Report,
    ) -> Result<Filled, Failure> {
        let actor = account(self.actors, &written.by)?;
        let by = By { actor, at: self.now, reason: REASON };
        let new = NewReview { period, profile: &written.profile };
        let Self { tx, setting, contract, .. } = self;
        Ok(semester::open(tx, &by, setting, contract, new, report).await?)
    }

    async fn elements(&mut self, written: &Written, review: &Entry) -> Result<(), Failure> {
        let by = By { actor: &Actor::program(), at: self.now, reason: REASON };
        let register = known(ELEMENTS.code)?;
        let found = parts(&mut self.tx, &by, self.contract, register, &review.id).await?;
        for one in written.element.iter().filter(|one| !one.missing) {
            let entry = found.iter().find(|entry| {
                entry.words("area") == Some(one.area.as_str())
                    && entry.words("element") == Some(one.element.as_str())
            });
            let entry = entry.ok_or_else(|| RegisterError::unknown("element", &one.element))?;
            let who = (written.by.as_str(), "verificato sui registri");
            match &one.why {
                Some(why) => self.step(who, entry, "waive", &[("why", why.as_str())]).await?,
                None => self.step(who, entry, "provide", &[]).await?,
            };
        }
        Ok(())
    }

    /// Findings that were computed and are named here are decided on; the rest is accepted.
    async fn findings(
        &mut self,
        written: &Written,
        period: &Period,
        filled: &Filled,
    ) -> Result<(), Failure> {
        for entry in &filled.findings {
            let key = entry.words("key").unwrap_or_default();
            let decided = written.finding.iter().find(|one| key.starts_with(&one.key));
            let (step, text, reason) = decided.map_or(("accept", None, "confermata"), |one| {
                (one.step.as_str(), one.text.as_deref(), one.reason.as_str())
            });
            let fields: Vec<(&str, &str)> = text.map(|text| ("text", text)).into_iter().collect();
            self.step((written.by.as_str(), reason), entry, step, &fields).await?;
        }
        for own in &written.own_finding {
            let key = format!("person:{}", sha256(own.text.as_bytes()).get(..12).unwrap_or(""));
            let fields = [
                ("review", filled.review.id.as_str()),
                ("area", own.area.as_str()),
                ("section", own.section.as_str()),
                ("period", period.label()),
                ("first_seen", period.label()),
                ("origin", "person"),
                ("key", key.as_str()),
                ("proposed", own.text.as_str()),
            ];
            let (who, service) = ((written.by.as_str(), own.reason.as_str()), &own.service);
            let register = &REVIEW_FINDINGS;
            let made = self.create(who, register, service.as_deref(), &fields, Vec::new()).await?;
            self.step(who, &made, "accept", &[]).await?;
        }
        Ok(())
    }

    /// Every sheet is complete; those of missed targets have actions and resources.
    async fn sheets(&mut self, written: &Written, filled: &Filled) -> Result<(), Failure> {
        for sheet in &filled.sheets {
            let (service, code) = (sheet.service.as_deref(), sheet.words("indicator"));
            let own = written.action.iter().filter(|action| {
                Some(action.service.as_str()) == service && Some(action.indicator.as_str()) == code
            });
            for action in own {
                let fields = [
                    ("sheet", sheet.id.as_str()),
                    ("decided_on", action.decided_on.as_str()),
                    ("title", action.title.as_str()),
                    ("owner", action.owner.as_str()),
                    ("due_on", action.due_on.as_str()),
                    ("expected", action.expected.as_str()),
                    ("resources", action.resources.as_str()),
                ];
                let links = sheet.links.iter().filter(|link| link.kind == LinkKind::Indicator);
                let links = links.cloned().collect();
                let who = (written.by.as_str(), "piano di miglioramento");
                self.create(who, &SHEET_ACTIONS, service, &fields, links).await?;
            }
            let who = (written.by.as_str(), "scheda completa");
            self.step(who, sheet, "complete", &[]).await?;
        }
        Ok(())
    }

    async fn texts(&mut self, written: &Written, review: &Entry) -> Result<Entry, Failure> {
        let Written { preamble, outputs, resources, .. } = written;
        let fields = [
            ("preamble", preamble.as_str()),
            ("outputs", outputs.as_str()),
            ("resources", resources.as_str()),
        ];
        let changes = changes(review.register, &fields)?;
        let edit = Edit { version: review.version, changes, ..Edit::default() };
        let actor = account(self.actors, &written.by)?;
        let by = By { actor, at: self.now, reason: "premessa e uscite" };
        Ok(self.tx.edit(&by, self.setting, &review.id, edit).await?)
    }

    /// Attaches the report that the supplier typed by hand.
    async fn attach(&mut self, files: &Files, review: &Entry) -> Result<Entry, Failure> {
        let file = files.store("resoconto-dichiarato.toml", DECLARED.as_bytes())?;
        let actor = account(self.actors, "monitoraggio")?;
        let by = By { actor, at: self.now, reason: "resoconto ricevuto dal fornitore" };
        Ok(self.tx.attach(&by, self.setting, &review.id, review.version, file).await?)
    }

    /// Opens the discussion; the parties' remarks stand beside figures.
    async fn discuss(
        &mut self,
        written: &Written,
        review: &Entry,
        filled: &Filled,
    ) -> Result<(), Failure> {
        let who = (written.by.as_str(), "inviato al fornitore");
        self.step(who, review, "discuss", &[]).await?;
        for remark in &written.remark {
            let link = Link::new(LinkKind::Indicator, &remark.on);
            let sheet = filled.sheets.iter().find(|sheet| sheet.links.contains(&link));
            let figure = sheet.map(|sheet| semester::figure(sheet, Lang::It)).unwrap_or_default();
            let service = remark.on.split_once('/').map(|(service, _)| service);
            let fields = [
                ("review", review.id.as_str()),
                ("target", remark.on.as_str()),
                ("figure", figure.as_str()),
                ("text", remark.text.as_str()),
            ];
            let who = (remark.by.as_str(), "osservazione del fornitore");
            let made = self.create(who, &REMARKS, service, &fields, vec![link]).await?;
            let answer = [("answer", remark.answer.as_str())];
            let who = (written.by.as_str(), "risposta");
            let answered = self.step(who, &made, "answer", &answer).await?;
            if remark.settled {
                self.step((remark.by.as_str(), "chiarito"), &answered, "settle", &[]).await?;
            }
        }
        Ok(())
    }
}

fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
