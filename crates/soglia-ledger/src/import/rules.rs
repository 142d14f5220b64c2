//! Rows that another mapping, or another zone, read before. Read [`OtherRules`] first.
//!
//! A row of a mapped table is looked up under the day that its mapping gives it. A mapping that
//! was corrected may give it another day, and then the row looks new. So a file read by other rules
//! than the stream's earlier imports is refused as soon as one of its facts is in the ledger
//! already.

use std::path::PathBuf;

use arrow::array::AsArray;
use futures::TryStreamExt;
use soglia_domain::facts::Fact;

use super::{Format, ImportError, Request};
use crate::row_keys::key_of;
use crate::session::Session;
use crate::store::{ImportRow, LedgerError, Locked};
use crate::tables::Table;

/// What the imports of a stream that followed other rules have taken in; empty for almost all.
#[derive(Debug, Default)]
pub struct OtherRules {
    path: PathBuf,
    stream: String,
    imports: Vec<ImportRow>,
    /// Hashes of the facts' identifiers with the import they came by, sorted: eight bytes tell
    /// ten million of them apart.
    known: Vec<(u64, i64)>,
}

impl OtherRules {
    /// Looks up what a mapped table's stream has by other rules.
    pub async fn load(
        ledger: &Locked,
        request: &Request<'_>,
        stream: &str,
    ) -> Result<Self, ImportError> {
        let Format::Mapped(mapping, sha256) = request.format else { return Ok(Self::default()) };
        let zone = request.zone.and_then(jiff::tz::TimeZone::iana_name);
        let zone_counts = mapping.zone().is_none();
        let differs = |row: &&ImportRow| {
            let other_zone = zone_counts && row.zone.as_deref() != zone;
            row.stream == stream && (row.mapping.as_deref() != Some(sha256.as_str()) || other_zone)
        };
        let imports: Vec<ImportRow> = ledger.rows().iter().filter(differs).cloned().collect();
        let path = request.path.to_owned();
        let mut found = Self { path, stream: stream.to_owned(), imports, known: Vec::new() };
        if !found.imports.is_empty() {
            found.known = found.identifiers(ledger, mapping.table()).await?;
        }
        Ok(found)
    }

    async fn identifiers(
        &self,
        ledger: &Locked,
        table: Table,
    ) -> Result<Vec<(u64, i64)>, ImportError> {
        let numbers: Vec<String> =
            self.imports.iter().map(|row| row.import_no.to_string()).collect();
        let sql = format!(
            "SELECT {} AS id, import_no FROM {} WHERE import_no IN ({})",
            table.id_column(),
            table.name(),
            numbers.join(", ")
        );
        let session = Session::open(ledger.ledger(), None).await?;
        let mut batches =
            session.sql(&sql).await?.execute_stream().await.map_err(LedgerError::from)?;
        let mut known = Vec::new();
        while let Some(batch) = batches.try_next().await.map_err(LedgerError::from)? {
            let ids = batch.column(0).as_string::<i32>();
            let imports = batch.column(1).as_primitive::<arrow::datatypes::Int64Type>();
            known.extend(
                ids.iter().zip(imports.values()).map(|(id, no)| (hash(id.unwrap_or("")), *no)),
            );
        }
        known.sort_unstable();
        known.dedup_by_key(|(hash, _)| *hash);
        Ok(known)
    }

    /// Whether nothing of the stream followed other rules.
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty()
    }

    /// Refuses a fact that other rules read before.
    pub fn check(&self, fact: &Fact) -> Result<(), ImportError> {
        if self.known.is_empty() {
            return Ok(());
        }
        let id = fact.id();
        let what = match fact {
            Fact::Call(..) => "call",
            Fact::Message(_) => "message",
            Fact::Case(_) => "case",
            Fact::OutboundRecord(_) => "record",
            Fact::OutboundBatch(_) => "batch",
            Fact::Outage(_) => "outage",
        };
        let hash = hash(id);
        match self.known.binary_search_by_key(&hash, |(known, _)| *known) {
            Ok(at) => {
                let import_no = self.known.get(at).map_or(0, |(_, import_no)| *import_no);
                Err(self.refusal(format!("{what} `{id}`"), import_no))
            }
            Err(_) => Ok(()),
        }
    }

    /// Refuses the bytes of an earlier import unless every row that it took in is a duplicate now.
    pub fn check_repeated(&self, sha256: &str, duplicates: u64) -> Result<(), ImportError> {
        let Some(before) = self.imports.iter().rfind(|row| row.sha256 == sha256) else {
            return Ok(());
        };
        let kept = before.fact_rows + before.duplicate_rows + before.ignored_rows;
        let missing = kept.saturating_sub_unsigned(duplicates);
        if missing <= 0 {
            return Ok(());
        }
        Err(self.refusal(format!("{missing} rows"), before.import_no))
    }

    fn refusal(&self, what: String, import_no: i64) -> ImportError {
        let (path, stream) = (self.path.clone(), self.stream.clone());
        ImportError::OtherRules { path, what, import_no, stream }
    }
}

/// The first half of a row's key.
fn hash(id: &str) -> u64 {
    u64::from_le_bytes(*key_of(id.as_bytes()).first_chunk().expect("a key has 16 bytes"))
}
