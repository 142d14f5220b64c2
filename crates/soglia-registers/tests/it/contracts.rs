//! Contract files: what changes between two of them is logged by the program.

use soglia_registers::contracts;
use soglia_registers::error::RegisterError;
use soglia_registers::query::{Order, Query};

use crate::support::{CONTRACT, NOW, World, by, console, contract_text, register};

both!(changes_are_logged_by_the_program);

async fn note(world: &World, text: &str) -> Result<Vec<String>, RegisterError> {
    let actor = console();
    let mut tx = world.db.write().await?;
    let entries = contracts::note(&mut tx, &by(&actor), &world.setting, text).await?;
    if !entries.is_empty() || contracts::noted(&mut tx, CONTRACT).await?.len() == 1 {
        // Nothing noted is nothing to commit.
        let _ = tx.commit().await;
    }
    let line = |entry: &soglia_registers::entries::Entry| {
        let words = |field: &str| entry.words(field).unwrap_or_default().to_owned();
        format!("{} {} {}", entry.id, words("part"), words("subject"))
    };
    Ok(entries.iter().map(line).collect())
}

async fn changes_are_logged_by_the_program(world: World) {
    let first = note(&world, &contract_text("")).await.expect("a contract");
    assert_eq!(first, Vec::<String>::new(), "the first file changes nothing");
    let changed = contract_text("at_least = \"95%\"=>at_least = \"90%\"");
    let changed = changed.replace("08:00-19:00", "07:00-19:00");
    let changed = changed.replace("cap = \"10%\"", "cap = \"5%\"");
    let lines = note(&world, &changed).await.expect("a contract");
    assert_eq!(lines[0], "MON-1 calendar opening hours");
    assert!(lines.contains(&"MON-5 target K1 v1".to_owned()), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("MON-6 penalties penalties"));
    let entry = world.entry("MON-5").await;
    assert_eq!(entry.created.1, "soglia");
    assert_eq!(
        entry.links.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["indicator:cup/K1"]
    );
    assert!(entry.words("before").is_some_and(|text| text.contains("95")));
    assert!(entry.words("after").is_some_and(|text| text.contains("90")));
    // People say why.
    let explained = world.advance(&entry, "explain", &[("grounds", "Atto aggiuntivo 1")]).await;
    assert_eq!(explained.state.code, "explained");
    let mut tx = world.read().await;
    let noted = contracts::noted(&mut tx, CONTRACT).await.expect("files");
    assert_eq!(
        noted.iter().map(|noted| noted.text.as_str()).collect::<Vec<_>>(),
        [contract_text(""), changed]
    );
    let query = Query { order: Order::Oldest, ..Query::new(register("monitoring")) };
    let all = tx.find_all(&console(), NOW, &query).await.expect("all");
    assert_eq!(all.len(), 6);
    drop(tx);
    assert!(matches!(note(&world, "x").await, Err(RegisterError::Contract(_))));
    let back = note(&world, &contract_text("")).await.expect("the first file once more");
    assert_eq!(back.len(), 6, "what was changed is changed back");
    world.assert_trail_holds().await;
}
