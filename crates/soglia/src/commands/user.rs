//! `soglia user`. Read [`run`] first.

use std::io::{BufRead, Write};

use jiff::civil::Date;
use soglia_domain::access::{Grant, ROLES, Role};
use soglia_domain::period::start_of_day;
use soglia_domain::text::Lang;
use soglia_domain::time::{Instant, Millis};
use soglia_registers::accounts::{
    Identity, Known, NewToken, NewUser, SecondFactor, Standing, User, Users,
};
use soglia_registers::database::Tx;
use soglia_registers::error::RegisterError;

use super::register::Opened;
use crate::cli::UserCommand;
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::Table;

/// Keeps accounts.
pub async fn run(settings: &Settings, command: UserCommand) -> Done {
    if matches!(command, UserCommand::Roles) {
        return roles(settings.lang);
    }
    let opened = Opened::new(settings).await?;
    if matches!(command, UserCommand::List) {
        return list(&opened).await;
    }
    let mut tx = opened.database.write().await?;
    let said = change(&opened, &mut tx, command, settings).await?;
    tx.commit().await?;
    writeln!(std::io::stdout().lock(), "{said}")?;
    Ok(DONE)
}

/// Makes one change and says what it came to.
async fn change(
    opened: &Opened,
    tx: &mut Tx,
    command: UserCommand,
    settings: &Settings,
) -> Result<String, Failure> {
    let mut users = Users(tx);
    match command {
        UserCommand::Add { login, name, email, without_password, reason } => {
            let password = if without_password { None } else { Some(read_password()?) };
            let new = NewUser { login, name, email, password };
            Ok(users.create(&opened.by(&reason), new).await?.id)
        }
        UserCommand::Link { login, subject, name, issuer, reason } => {
            let user = find(&mut users, &login).await?;
            let issuer = settings.issuer(issuer)?;
            let known = match subject {
                Some(subject) => Known::Subject(subject),
                None => Known::Name(name.unwrap_or_default()),
            };
            Ok(users.link(&opened.by(&reason), &user.id, &issuer, known).await?.id)
        }
        UserCommand::Unlink { identity, reason } => {
            users.unlink(&opened.by(&reason), &identity).await?;
            Ok(identity)
        }
        UserCommand::Password { login, reason } => {
            let user = find(&mut users, &login).await?;
            let password = read_password()?;
            users.set_password(&opened.by(&reason), &user.id, password).await?;
            Ok(user.id)
        }
        UserCommand::Grant { login, role, service, everywhere, from, until, reason } => {
            let user = find(&mut users, &login).await?;
            let contract = (!everywhere).then(|| opened.contract.code.clone());
            let (from, until) = (day(opened, from)?, day(opened, until)?);
            let grant = Grant { role: self::role(&role)?, contract, service, from, until };
            let (id, warnings) = users.grant(&opened.by(&reason), &user.id, grant).await?;
            for warning in warnings {
                note!("warning: {}", warning.get(settings.lang));
            }
            Ok(id)
        }
        UserCommand::Revoke { grant, reason } => {
            users.revoke(&opened.by(&reason), &grant).await?;
            Ok(grant)
        }
        UserCommand::Disable { login, reason } => {
            set_standing(opened, &mut users, &login, Standing::Disabled, &reason).await
        }
        UserCommand::Enable { login, reason } => {
            set_standing(opened, &mut users, &login, Standing::Active, &reason).await
        }
        UserCommand::Token { name, role, days, reason } => {
            let contract = Some(opened.contract.code.clone());
            let grant = Grant { contract, ..Grant::everywhere(self::role(&role)?) };
            let expires = opened.now + Millis::from_hours(24 * i64::from(days));
            let new = NewToken { name, grant, expires };
            let (token, secret) = users.create_token(&opened.by(&reason), new).await?;
            Ok(format!("{} {secret}", token.id))
        }
        UserCommand::RevokeToken { token, reason } => {
            users.revoke_token(&opened.by(&reason), &token).await?;
            Ok(token)
        }
        UserCommand::List | UserCommand::Roles => Ok(String::new()),
    }
}

async fn set_standing(
    opened: &Opened,
    users: &mut Users<'_>,
    login: &str,
    standing: Standing,
    reason: &str,
) -> Result<String, Failure> {
    let user = find(users, login).await?;
    users.set_standing(&opened.by(reason), &user.id, standing).await?;
    Ok(user.id)
}

async fn find(users: &mut Users<'_>, login: &str) -> Result<User, Failure> {
    let user = users.find(login).await?;
    Ok(user.ok_or_else(|| RegisterError::unknown("user", login))?)
}

async fn list(opened: &Opened) -> Done {
    let mut tx = opened.database.read().await?;
    let mut table = Table::new(["user", "login", "name", "standing", "code", "grants", "linked"]);
    for user in Users(&mut tx).list().await? {
        let grants = user.grants.iter().map(|(id, grant)| {
            let place = [grant.contract.as_deref(), grant.service.as_deref()];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            format!("{id} {} {}", grant.role.code(), place.join("/")).trim_end().to_owned()
        });
        let grants = grants.collect::<Vec<_>>().join(", ");
        let standing = match user.standing {
            Standing::Active => "active",
            Standing::Disabled => "disabled",
            Standing::Erased => "erased",
        };
        let code = if user.second_factor == SecondFactor::On { "yes" } else { "" };
        table.row([
            user.id,
            user.login.unwrap_or_default(),
            user.name.unwrap_or_default(),
            standing.to_owned(),
            code.to_owned(),
            grants,
            user.identities.iter().map(identity).collect::<Vec<_>>().join(", "),
        ]);
    }
    table.print(&mut std::io::stdout().lock())?;
    Ok(DONE)
}

/// An identity as listed: a name that is still waited for has a question mark.
fn identity(identity: &Identity) -> String {
    let known = match &identity.known {
        Known::Subject(subject) => subject.clone(),
        Known::Name(name) => format!("{name}?"),
    };
    format!("{} {known} {}", identity.id, identity.issuer)
}

fn roles(lang: Lang) -> Done {
    let mut out = std::io::stdout().lock();
    for row in &ROLES {
        let may: Vec<String> = row.may.iter().map(|permission| format!("{permission:?}")).collect();
        writeln!(out, "{}: {}\n    {}", row.code, row.label.get(lang), may.join(", "))?;
    }
    Ok(DONE)
}

fn role(code: &str) -> Result<Role, Failure> {
    Role::parse(code).ok_or_else(|| {
        Failure::usage(format!("there is no role `{code}`")).hint("`soglia user roles` lists them")
    })
}

/// The first instant of a day in the contract's zone.
fn day(opened: &Opened, text: Option<String>) -> Result<Option<Instant>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || Failure::usage(format!("`{text}` is no date")).hint("write it as `2024-01-31`");
    let date: Date = text.parse().map_err(|_| wrong())?;
    Ok(Some(start_of_day(date, &opened.contract.zone)))
}

/// One line of the standard input; passwords never stand among arguments, where others see them.
fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
