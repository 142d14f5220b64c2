//! Looking for entries: filters, search, order, pages. Read [`Query`] first.

use soglia_domain::access::Permission;
use soglia_domain::register::{Field, Privacy, Register, Stage, Value};
use soglia_domain::time::Instant;

use crate::actor::Actor;
use crate::database::{Param, Tx};
use crate::entries::{Entry, Link, load_all};
use crate::error::RegisterError;

/// The most entries on a page.
pub const PAGE_MAX: u32 = 500;

/// What to look for in a register.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// The register.
    pub register: &'static Register,
    /// Only this contract.
    pub contract: Option<String>,
    /// Only this service.
    pub service: Option<String>,
    /// Only these states; empty for all.
    pub states: Vec<String>,
    /// Only open or only closed entries.
    pub stage: Option<Stage>,
    /// All of these words, anywhere in the entry.
    pub search: String,
    /// Conditions on fields; all of them hold.
    pub filters: Vec<Filter>,
    /// Only entries that point here.
    pub link: Option<Link>,
    /// What comes first.
    pub order: Order,
    /// How many.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

/// A condition on a field.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    /// The field.
    pub field: &'static Field,
    /// The condition.
    pub test: Test,
}

/// A condition.
#[derive(Clone, PartialEq, Debug)]
pub enum Test {
    /// It is exactly this.
    Is(Value),
    /// It is this or more, or later.
    AtLeast(Value),
    /// It is this or less, or earlier.
    AtMost(Value),
    /// It is empty.
    Empty,
    /// It is filled in.
    Filled,
}

/// What comes first.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Order {
    /// The newest number.
    #[default]
    Newest,
    /// The oldest number.
    Oldest,
    /// What was changed last.
    Changed,
    /// The smallest or earliest value of a field; empty ones last.
    Up(&'static Field),
    /// The largest or latest value of a field; empty ones last.
    Down(&'static Field),
}

/// A page of what was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The entries, as the actor may see them.
    pub entries: Vec<Entry>,
    /// How many there are on all pages.
    pub total: i64,
}

impl Query {
    /// All entries of a register, newest first.
    pub fn new(register: &'static Register) -> Self {
        Self {
            register,
            contract: None,
            service: None,
            states: Vec::new(),
            stage: None,
            search: String::new(),
            filters: Vec::new(),
            link: None,
            order: Order::default(),
            limit: PAGE_MAX,
            offset: 0,
        }
    }
}

impl Filter {
    /// Reads `field=value`, `field>=value`, `field<=value`, `field=` (empty), `field!=` (filled).
    pub fn parse(register: &'static Register, text: &str) -> Result<Self, RegisterError> {
        let operators = [">=", "<=", "!=", "="];
        let place = operators.iter().filter_map(|op| Some((text.find(op)?, *op))).min();
        let Some((at, operator)) = place else {
            return Err(RegisterError::unknown("condition", text));
        };
        let (code, rest) = text.split_at(at);
        let field = register
            .field(code.trim())
            .ok_or_else(|| RegisterError::unknown("field", code.trim()))?;
        let value = rest.get(operator.len()..).unwrap_or_default();
        let value =
            Value::parse(field, value).map_err(|problem| RegisterError::Values(vec![problem]))?;
        let test = match (operator, value) {
            ("=", Some(value)) => Test::Is(value),
            (">=", Some(value)) => Test::AtLeast(value),
            ("<=", Some(value)) => Test::AtMost(value),
            ("=", None) => Test::Empty,
            ("!=", None) => Test::Filled,
            _ => return Err(RegisterError::unknown("condition", text)),
        };
        Ok(Self { field, test })
    }
}

/// Conditions and their parameters.
#[derive(Default)]
struct Clauses {
    sql: Vec<String>,
    params: Vec<Param>,
}

impl Clauses {
    fn param(&mut self, param: impl Into<Param>) -> String {
        self.params.push(param.into());
        format!("${}", self.params.len())
    }

    fn is(&mut self, column: &str, value: impl Into<Param>) {
        let place = self.param(value);
        self.sql.push(format!("{column} = {place}"));
    }
}

impl Tx {
    /// Looks for entries that the actor may see.
    pub async fn find(
        &mut self,
        actor: &Actor,
        at: Instant,
        query: &Query,
    ) -> Result<Found, RegisterError> {
        let mut clauses = Clauses::default();
        clauses.is("e.register", query.register.code);
        where_allowed(&mut clauses, actor, at);
        let sees_personal = sees_personal(actor, at);
        where_asked(&mut clauses, query, sees_personal)?;
        let condition = clauses.sql.join(" AND ");
        let sql = format!("SELECT COUNT(*) FROM entries e WHERE {condition}");
        let total = self.one(&sql, &clauses.params).await?.int(0);
        let (join, order) = order(&mut clauses, query.order, sees_personal)?;
        let limit = clauses.param(i64::from(query.limit.min(PAGE_MAX)));
        let offset = clauses.param(i64::from(query.offset));
        let sql = format!(
            "SELECT e.id FROM entries e {join} WHERE {condition} ORDER BY {order} \
             LIMIT {limit} OFFSET {offset}"
        );
        let rows = self.rows(&sql, &clauses.params).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let entries = load_all(self, &ids).await?;
        let entries = entries.into_iter().map(|entry| entry.seen_by(actor, at)).collect();
        Ok(Found { entries, total })
    }

    /// All entries that a query finds, page after page.
    pub async fn find_all(
        &mut self,
        actor: &Actor,
        at: Instant,
        query: &Query,
    ) -> Result<Vec<Entry>, RegisterError> {
        let mut query = Query { limit: PAGE_MAX, offset: 0, ..query.clone() };
        let mut all = Vec::new();
        loop {
            let found = self.find(actor, at, &query).await?;
            let n = u32::try_from(found.entries.len()).unwrap_or(PAGE_MAX);
            all.extend(found.entries);
            if n < PAGE_MAX {
                return Ok(all);
            }
            query.offset += n;
        }
    }
}

/// Only contracts and services where the actor may read.
fn where_allowed(clauses: &mut Clauses, actor: &Actor, at: Instant) {
    let Some(scopes) = actor.scopes(Permission::Read, at) else { return };
    let mut any = Vec::new();
    for (contract, service) in scopes {
        let mut all = Vec::new();
        for (column, value) in [("e.contract", contract), ("e.service", service)] {
            if let Some(value) = value {
                let place = clauses.param(value);
                all.push(format!("{column} = {place}"));
            }
        }
        any.push(format!("({})", all.join(" AND ")));
    }
    let nowhere = "1 = 0".to_owned();
    clauses.sql.push(if any.is_empty() { nowhere } else { format!("({})", any.join(" OR ")) });
}

/// Whether personal data may be searched: only by those who see them everywhere they read.
fn sees_personal(actor: &Actor, at: Instant) -> bool {
    match (actor.scopes(Permission::Read, at), actor.scopes(Permission::ReadPersonal, at)) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(read), Some(personal)) => read.iter().all(|scope| personal.contains(scope)),
    }
}

fn where_asked(
    clauses: &mut Clauses,
    query: &Query,
    sees_personal: bool,
) -> Result<(), RegisterError> {
    if let Some(contract) = &query.contract {
        clauses.is("e.contract", contract);
    }
    if let Some(service) = &query.service {
        clauses.is("e.service", service);
    }
    let mut states = query.states.clone();
    for state in &states {
        if query.register.state(state).is_none() {
            return Err(RegisterError::unknown("state", state));
        }
    }
    if let Some(stage) = query.stage {
        let of_stage = query.register.states.iter().filter(|state| state.stage == stage);
        let of_stage: Vec<String> = of_stage.map(|state| state.code.to_owned()).collect();
        if states.is_empty() {
            states = of_stage;
        } else {
            states.retain(|state| of_stage.contains(state));
            if states.is_empty() {
                clauses.sql.push("1 = 0".to_owned());
            }
        }
    }
    if !states.is_empty() {
        let places: Vec<String> = states.into_iter().map(|state| clauses.param(state)).collect();
        clauses.sql.push(format!("e.state IN ({})", places.join(", ")));
    }
    for word in query.search.to_lowercase().split_whitespace() {
        let place = clauses.param(format!("%{}%", escape_like(word)));
        let mut columns = vec![format!("e.search LIKE {place} ESCAPE '!'")];
        if sees_personal {
            columns.push(format!("e.search_personal LIKE {place} ESCAPE '!'"));
        }
        clauses.sql.push(format!("({})", columns.join(" OR ")));
    }
    for filter in &query.filters {
        where_field(clauses, filter, sees_personal)?;
    }
    if let Some(link) = &query.link {
        let (kind, target) = (clauses.param(link.kind.code()), clauses.param(&link.target));
        clauses.sql.push(format!(
            "EXISTS (SELECT 1 FROM entry_links l WHERE l.entry = e.id AND l.kind = {kind} \
             AND l.target = {target})"
        ));
    }
    Ok(())
}

fn where_field(
    clauses: &mut Clauses,
    filter: &Filter,
    sees_personal: bool,
) -> Result<(), RegisterError> {
    let Filter { field, test } = filter;
    require_visible(field, sees_personal)?;
    let name = clauses.param(field.code);
    let (not, condition) = match test {
        Test::Empty => ("NOT ", String::new()),
        Test::Filled => ("", String::new()),
        Test::Is(value) => {
            let place = clauses.param(value.to_string());
            ("", format!(" AND v.text = {place}"))
        }
        Test::AtLeast(value) => ("", beyond(clauses, value, ">=")),
        Test::AtMost(value) => ("", beyond(clauses, value, "<=")),
    };
    clauses.sql.push(format!(
        "{not}EXISTS (SELECT 1 FROM entry_values v WHERE v.entry = e.id AND v.field = \
         {name}{condition})"
    ));
    Ok(())
}

/// Dates compare as texts, numbers as numbers.
fn beyond(clauses: &mut Clauses, value: &Value, operator: &str) -> String {
    match value.number() {
        Some(number) => format!(" AND v.number {operator} {}", clauses.param(number)),
        None => format!(" AND v.text {operator} {}", clauses.param(value.to_string())),
    }
}

fn order(
    clauses: &mut Clauses,
    order: Order,
    sees_personal: bool,
) -> Result<(String, String), RegisterError> {
    let (field, way) = match order {
        Order::Newest => return Ok((String::new(), "e.number DESC".to_owned())),
        Order::Oldest => return Ok((String::new(), "e.number".to_owned())),
        Order::Changed => {
            return Ok((String::new(), "e.changed_ms DESC, e.number DESC".to_owned()));
        }
        Order::Up(field) => (field, ""),
        Order::Down(field) => (field, " DESC"),
    };
    require_visible(field, sees_personal)?;
    let name = clauses.param(field.code);
    let join = format!("LEFT JOIN entry_values o ON o.entry = e.id AND o.field = {name}");
    let order = format!(
        "CASE WHEN o.text IS NULL THEN 1 ELSE 0 END, o.number{way}, o.text{way}, e.number{way}"
    );
    Ok((join, order))
}

fn require_visible(field: &Field, sees_personal: bool) -> Result<(), RegisterError> {
    if sees_personal || field.privacy == Privacy::Plain {
        return Ok(());
    }
    let needed = vec![Permission::ReadPersonal];
    Err(RegisterError::Forbidden { actor: field.code.to_owned(), needed })
}

fn escape_like(word: &str) -> String {
    let mut text = String::new();
    for c in word.chars() {
        if matches!(c, '%' | '_' | '!') {
            text.push('!');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use soglia_domain::register::COMPLAINTS;

    use super::*;

    fn register() -> &'static Register {
        soglia_domain::register::by_code(COMPLAINTS.code).expect("it is one of them")
    }

    #[test]
    fn conditions_are_read() {
        let parse = |text: &str| Filter::parse(register(), text).map(|filter| filter.test);
        let date = Value::Date("2023-09-01".parse().expect("a date"));
        assert!(matches!(parse("received_on>=2023-09-01"), Ok(Test::AtLeast(d)) if d == date));
        assert!(matches!(parse("received_on<=1/9/2023"), Ok(Test::AtMost(d)) if d == date));
        assert!(matches!(parse("kind=praise"), Ok(Test::Is(Value::Choice("praise")))));
        assert!(matches!(parse("answered_on="), Ok(Test::Empty)));
        assert!(matches!(parse("answered_on!="), Ok(Test::Filled)));
        for text in ["", "kind", "kind=ira", "nothing=1", "received_on>=", "kind!=praise"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_are_searched_as_they_are() {
        assert_eq!(escape_like("100%_a!b"), "100!%!_a!!b");
    }
}
