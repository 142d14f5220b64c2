//! The demo's accounts. Read [`people`] first.

use std::collections::BTreeMap;
use std::path::Path;

use soglia_domain::access::{Grant, Role};
use soglia_domain::contract::Contract;
use soglia_registers::accounts::{NewUser, Users};
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::Tx;
use soglia_web::access::random;

use crate::commands::now;
use crate::error::Failure;

/// Login, name and role.
pub const ACCOUNTS: [(&str, &str, Role); 7] = [
    ("monitoraggio", "Marta Colonna", Role::MonitoringManager),
    ("dec", "Dario Esposito", Role::Dec),
    ("rup", "Rita Ungaro", Role::Rup),
    ("fornitore", "Franco Olivieri", Role::SupplierQuality),
    ("servizio", "Sara Viggiani", Role::SupplierServiceManager),
    ("revisore", "Remo Vitale", Role::Auditor),
    ("amministratore", "Ada Minervini", Role::Administrator),
];

/// Where the password is written.
const PASSWORD: &str = "password.txt";

/// Makes the accounts, with one password that is written into the demo's folder. Returns who acts
/// under each login.
pub async fn people(
    tx: &mut Tx,
    contract: &Contract,
    folder: &Path,
) -> Result<BTreeMap<&'static str, Actor>, Failure> {
    let password: String = random().chars().take(16).collect();
    let program = Actor::program();
    let by = By { actor: &program, at: now(), reason: "demo" };
    let mut actors = BTreeMap::new();
    for (login, name, role) in ACCOUNTS {
        let new = NewUser {
            login: login.to_owned(),
            name: name.to_owned(),
            email: None,
            password: Some(password.clone()),
        };
        let user = Users(tx).create(&by, new).await?;
        let contract = (role != Role::Administrator).then(|| contract.code.clone());
        let service = (role == Role::SupplierServiceManager).then(|| "cup".to_owned());
        let grant = Grant { contract, service, ..Grant::everywhere(role) };
        Users(tx).grant(&by, &user.id, grant).await?;
        actors.insert(login, Users(tx).actor(&user.id).await?);
    }
    std::fs::write(folder.join(PASSWORD), format!("{password}\n"))?;
    Ok(actors)
}

/// The password, as it was written when the accounts were made.
pub fn password(folder: &Path) -> String {
    let written = std::fs::read_to_string(folder.join(PASSWORD));
    written.map_or_else(|_| "?".to_owned(), |text| text.trim().to_owned())
}
