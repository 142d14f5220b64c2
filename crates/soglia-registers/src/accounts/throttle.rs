//! Slowing down whoever guesses: by account and by address.

use soglia_domain::time::{Instant, Millis};

use crate::database::Tx;
use crate::error::RegisterError;

/// Failures that cost nothing.
pub const FREE_FAILURES: i64 = 4;
/// The longest wait.
pub const BLOCK_MAX: Millis = Millis::from_mins(15);
/// After so long without a failure the count begins anew.
const FORGET_AFTER: Millis = Millis::from_hours(24);

/// Refuses while any of the subjects has to wait.
pub(super) async fn require_open(
    tx: &mut Tx,
    subjects: &[String],
    now: Instant,
) -> Result<(), RegisterError> {
    for subject in subjects {
        let sql = "SELECT blocked_until_ms FROM throttles WHERE subject = $1";
        let Some(row) = tx.maybe(sql, &[subject.into()]).await? else { continue };
        let wait = row.int(0) - now.as_millis();
        if 0 < wait {
            let wait_secs = u64::try_from(wait).expect("positive").div_ceil(1000);
            return Err(RegisterError::Throttled { wait_secs });
        }
    }
    Ok(())
}

/// Counts a failure; says whether a wait begins that was not there before.
pub(super) async fn count_failure(
    tx: &mut Tx,
    subjects: &[String],
    now: Instant,
) -> Result<Vec<String>, RegisterError> {
    let mut blocked = Vec::new();
    for subject in subjects {
        let sql = "SELECT failures, last_ms FROM throttles WHERE subject = $1";
        let before = tx.maybe(sql, &[subject.into()]).await?;
        let before = before
            .filter(|row| now.as_millis() - row.int(1) < FORGET_AFTER.get())
            .map_or(0, |row| row.int(0));
        let failures = before + 1;
        let wait = wait_after(failures);
        let until = now.as_millis() + wait.get();
        tx.run(
            "INSERT INTO throttles (subject, failures, last_ms, blocked_until_ms) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO UPDATE SET \
             failures = excluded.failures, last_ms = excluded.last_ms, \
             blocked_until_ms = excluded.blocked_until_ms",
            &[subject.into(), failures.into(), now.as_millis().into(), until.into()],
        )
        .await?;
        if failures == FREE_FAILURES + 1 {
            blocked.push(subject.clone());
        }
    }
    Ok(blocked)
}

/// A success clears the account's count; the address keeps its own, or one known account would
/// open the way to guess all others.
pub(super) async fn clear(tx: &mut Tx, subject: &str) -> Result<(), RegisterError> {
    tx.run("DELETE FROM throttles WHERE subject = $1", &[subject.into()]).await?;
    Ok(())
}

/// Twice as long each time.
fn wait_after(failures: i64) -> Millis {
    match u32::try_from(failures - FREE_FAILURES) {
        Ok(beyond @ 1..) => {
            let secs = 2_i64.saturating_pow(beyond.min(20));
            Millis::from_secs(secs).min(BLOCK_MAX)
        }
        _ => Millis::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let waits: Vec<String> = (1..=8).map(|n| wait_after(n).to_string()).collect();
        assert_eq!(waits, ["0s", "0s", "0s", "0s", "2s", "4s", "8s", "16s"]);
        assert_eq!(wait_after(1000), BLOCK_MAX);
    }
}
