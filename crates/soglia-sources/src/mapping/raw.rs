//! The mapping file as it is written. Read [`RawMapping`] first; [`super::Definition`] is what
//! it means.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use toml::Spanned;

/// How to read one supplier's files into one kind of fact.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Soglia mapping file")]
pub(super) struct RawMapping {
    /// The kind of fact that a row becomes.
    pub fact: FactKind,
    /// The service's code, for rows whose `service` column is not mapped or empty.
    pub service: Option<String>,
    /// The zone of local times, e.g. `Europe/Rome`; without it the contract's.
    #[schemars(with = "Option<String>")]
    pub zone: Option<Spanned<String>>,
    /// What a local time means that occurs twice when clocks go back.
    #[serde(default)]
    pub ambiguous_local_time: Ambiguous,
    /// How precise the source's instants are, e.g. `1s`, the default, or `1ms`.
    #[schemars(with = "Option<String>")]
    pub precision: Option<Spanned<String>>,
    /// How the file is laid out.
    pub read: RawRead,
    /// Rules for rows that were written wrongly in a known way; the first that matches is applied.
    #[serde(default)]
    pub repair: Vec<RawRepair>,
    /// Rows that are not facts; the first rule that matches gives the reason.
    #[serde(default)]
    pub skip: Vec<RawSkip>,
    /// Named expressions that later ones and `columns` can use, evaluated in this order.
    #[serde(default, rename = "let")]
    #[schemars(with = "BTreeMap<String, RawColumn>")]
    pub lets: Ordered<Spanned<RawColumn>>,
    /// One expression for each column of the fact.
    #[schemars(with = "BTreeMap<String, RawColumn>")]
    pub columns: Ordered<Spanned<RawColumn>>,
}

/// The kinds of fact that a mapping can produce.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// Calls, each with at most one queue entry.
    Calls,
    /// Written contacts.
    Messages,
    /// Requests, from opening to closing.
    Cases,
    /// People to call.
    OutboundRecords,
    /// Lists of people to call.
    OutboundBatches,
    /// Interruptions of a component.
    Outages,
}

impl FactKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Calls,
        Self::Messages,
        Self::Cases,
        Self::OutboundRecords,
        Self::OutboundBatches,
        Self::Outages,
    ];

    /// Returns the name used in mapping files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Messages => "messages",
            Self::Cases => "cases",
            Self::OutboundRecords => "outbound_records",
            Self::OutboundBatches => "outbound_batches",
            Self::Outages => "outages",
        }
    }
}

/// What a local time means that occurs twice.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Debug,
    Default,
    serde::Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Ambiguous {
    /// The first of the two.
    Earlier,
    /// The second.
    Later,
    /// Neither: the row is rejected.
    #[default]
    Reject,
}

/// How a file is laid out.
#[derive(Clone, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRead {
    /// The format; `.gz`, `.xz` and `.zst` around CSV and TSV are recognised by their content.
    pub format: Format,
    /// One character between fields: `,` for CSV and a tab for TSV unless said otherwise.
    #[schemars(with = "Option<String>")]
    pub delimiter: Option<Spanned<String>>,
    /// The character around fields that contain delimiters, `"` unless said otherwise; empty for
    /// none.
    #[schemars(with = "Option<String>")]
    pub quote: Option<Spanned<String>>,
    /// Whether the first row has the names of the columns; it has unless said otherwise.
    pub header: Option<bool>,
    /// How text is encoded.
    #[serde(default)]
    pub encoding: Encoding,
    /// The sheet of an XLSX file; the first unless said otherwise.
    pub sheet: Option<String>,
    /// Lines or sheet rows before the header (or before the first row without one).
    #[serde(default)]
    pub skip_rows: u64,
    /// Names of the columns: by position without a header, otherwise those that expressions use,
    /// each of which the file must have.
    #[schemars(with = "Option<Vec<String>>")]
    pub columns: Option<Spanned<Vec<String>>>,
    /// Cells that mean nothing was recorded, besides the empty one.
    #[serde(default)]
    pub nulls: Vec<String>,
}

/// File formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Fields separated by commas, or by `delimiter`.
    Csv,
    /// Fields separated by tabs.
    Tsv,
    /// A sheet of an Excel workbook; every cell is text to the expressions.
    Xlsx,
    /// Apache Parquet; columns keep their types.
    Parquet,
}

/// Encodings of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows Western European.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// ISO 8859-1.
    #[serde(rename = "latin1")]
    Latin1,
}

/// Puts right rows that were written wrongly in a known way.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRepair {
    /// The rule's name, under which the rows are counted.
    pub name: String,
    /// Which rows: SQL over the cells as delivered, `n_fields` and `raw`.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// New values: SQL over the cells as delivered, `n_fields` and `raw`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub set: Ordered<Spanned<String>>,
}

/// Sets rows apart that are not facts.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSkip {
    /// Which rows: SQL over the cells.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// The reason under which they are counted.
    pub reason: String,
}

/// An expression, and what its failure does.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected an SQL expression, or a table with `sql` and `on_error`")]
pub(super) enum RawColumn {
    /// An SQL expression; where it fails the row is rejected.
    Sql(String),
    /// With a choice.
    Choice(RawChoice),
}

/// An SQL expression with what its failure does.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChoice {
    /// The expression.
    pub sql: String,
    /// What its failure does to the row.
    #[serde(default)]
    pub on_error: OnError,
}

/// What a failed expression does to the row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The row is rejected; the reject names column, values and expression.
    #[default]
    Reject,
    /// The value is missing.
    Null,
}

/// A table whose keys keep their order.
pub(super) struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

struct OrderedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OrderedVisitor<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered(entries))
    }
}
