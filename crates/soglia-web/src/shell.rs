//! The frame of every page: header, navigation, language, footer. Read [`Shell`] first; its
//! template is `layout.html`.

use soglia_domain::access::Permission;
use soglia_domain::text::{Label, Lang, Text};
use soglia_domain::time::Instant;
use soglia_report::document::{Align, Badge, Cell, CellRole, Table};
use soglia_report::format;

use crate::access::{Visit, Way};
use crate::assets::address;
use crate::state::App;

/// A place of the navigation.
pub struct Place {
    /// Its address.
    pub href: &'static str,
    /// Its name.
    pub label: Label,
    /// Who sees it: whoever may do one of these things somewhere.
    pub needs: &'static [Permission],
}

use Permission as P;

/// The navigation, in its order.
pub const NAVIGATION: &[Place] = &[
    Place { href: "/", label: Label::new("Panoramica", "Overview"), needs: &[P::Read] },
    Place { href: "/imports", label: Label::new("Importazioni", "Imports"), needs: &[P::Read] },
    Place { href: "/checks", label: Label::new("Controlli", "Checks"), needs: &[P::Read] },
    Place { href: "/registers", label: Label::new("Registri", "Registers"), needs: &[P::Read] },
    Place { href: "/reviews", label: Label::new("Riesami", "Reviews"), needs: &[P::Read] },
    Place { href: "/contract", label: Label::new("Contratto", "Contract"), needs: &[P::Read] },
    Place { href: "/users", label: Label::new("Utenti", "Users"), needs: &[P::ManageUsers] },
    Place { href: "/audit", label: Label::new("Tracciato", "Audit trail"), needs: &[P::ReadTrail] },
];

/// An item of the navigation, as shown.
pub struct Item {
    /// Its address.
    pub href: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Whether the page is below it.
    pub current: bool,
}

/// What every page has.
pub struct Shell {
    /// The language.
    pub lang: Lang,
    /// The page's own title.
    pub title: String,
    /// The contract's title.
    pub contract: String,
    /// Who keeps the contract.
    pub authority: String,
    /// The navigation.
    pub navigation: Vec<Item>,
    /// What leads here: names and addresses.
    pub crumbs: Vec<(String, String)>,
    /// Who came in.
    pub name: Option<String>,
    /// The token for forms.
    pub csrf: String,
    /// What was done just before.
    pub said: Option<String>,
    /// What every page says.
    pub notice: Option<String>,
    /// This page's address, for coming back to it.
    pub here: String,
    /// The period looked at.
    pub period: Option<String>,
    /// The style sheet's address.
    pub style: String,
    /// The script's address.
    pub script: String,
    /// The icons' address.
    pub icons: String,
    zone: jiff::tz::TimeZone,
}

impl Shell {
    /// The frame of a page with a title.
    pub fn new(app: &App, visit: &Visit, title: &str) -> Self {
        let code = app.contract.code.as_str();
        let may = |place: &&Place| {
            visit.caller.as_ref().is_some_and(|who| {
                who.way == Way::Session
                    && (who.actor.may(place.needs, code, None, visit.now)
                        || app.contract.services.iter().any(|service| {
                            who.actor.may(place.needs, code, Some(&service.code), visit.now)
                        }))
            })
        };
        let navigation = NAVIGATION.iter().filter(may).map(|place| Item {
            href: place.href,
            label: place.label.get(visit.lang),
            current: match place.href {
                "/" => visit.path == "/" || visit.path.starts_with("/services"),
                "/registers" if visit.path.starts_with("/entries") => true,
                href => visit.path.starts_with(href),
            },
        });
        Self {
            lang: visit.lang,
            title: title.to_owned(),
            contract: app.contract.title.get(visit.lang).to_owned(),
            authority: app.contract.authority.clone(),
            navigation: navigation.collect(),
            crumbs: Vec::new(),
            name: visit.caller.as_ref().map(|who| who.name.clone()),
            csrf: visit.csrf.clone(),
            said: visit.said.clone(),
            notice: app.notice.as_ref().map(|notice| notice.get(visit.lang).to_owned()),
            here: visit.address(),
            period: None,
            style: address("style.css"),
            script: address("script.js"),
            icons: address("icons.svg"),
            zone: app.contract.zone.clone(),
        }
    }

    /// The same below another page.
    #[must_use]
    pub fn below(mut self, name: &str, href: impl Into<String>) -> Self {
        self.crumbs.push((name.to_owned(), href.into()));
        self
    }

    /// A text of the page, in the visitor's language.
    pub const fn t<'t>(&self, it: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::It => it,
            Lang::En => en,
        }
    }

    /// A text of the contract, in the visitor's language.
    pub fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// The language's tag.
    pub const fn tag(&self) -> &'static str {
        self.t("it", "en")
    }

    /// A number as people write it.
    pub fn n(&self, n: &u64) -> String {
        format::integer(self.lang, *n)
    }

    /// The same for the ledger's signed numbers, which are never negative.
    pub fn i(&self, n: &i64) -> String {
        format::integer(self.lang, u64::try_from(*n).unwrap_or(0))
    }

    /// A decimal as people write it.
    pub fn decimal(&self, text: &str) -> String {
        format::decimal(self.lang, text)
    }

    /// An instant in the contract's zone, to the second.
    pub fn at(&self, at: &Instant) -> String {
        let at = at.in_zone(&self.zone);
        let day = format::day(self.lang, at.date());
        format!("{day} {:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
    }

    /// A day.
    pub fn day(&self, date: &jiff::civil::Date) -> String {
        format::day(self.lang, *date)
    }

    /// Whether a column holds numbers.
    pub fn is_number(&self, table: &Table, column: usize) -> bool {
        table.columns.get(column).is_some_and(|column| column.align == Align::End)
    }

    /// Whether a cell is its row's heading.
    pub fn is_head(&self, cell: &Cell) -> bool {
        cell.role == CellRole::RowHeader
    }

    /// The class that colours a badge.
    pub const fn tone(&self, badge: &Badge) -> &'static str {
        crate::view::class(badge.tone)
    }

    /// `here` as a parameter of another address.
    pub fn back(&self) -> String {
        url::form_urlencoded::byte_serialize(self.here.as_bytes()).collect()
    }
}
