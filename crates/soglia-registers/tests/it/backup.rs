//! Backups and migrations: nothing is lost when the disk is.

use soglia_registers::backup;
use soglia_registers::database::{Database, Location};
use soglia_registers::error::RegisterError;
use soglia_registers::files::Files;
use soglia_registers::trail;

use crate::support::{NOW, World, another_location, another_of_kind, by, console};

both!(
    a_lost_database_comes_back,
    an_older_layout_is_saved_before_it_changes,
    opening_again_changes_nothing,
    a_changed_backup_is_refused,
);

const NONCONFORMITY: &[(&str, &str)] = &[
    ("detected_on", "2023-10-02"),
    ("source", "indicator"),
    ("gravity", "major"),
    ("title", "K1 sotto soglia"),
    ("description", "Meno della metà delle chiamate entro 20''"),
];

async fn a_lost_database_comes_back(world: World) {
    let entry = world.create("nonconformities", NONCONFORMITY).await;
    let file = world.files.store("verbale.txt", b"testo del verbale").expect("a text");
    let sha256 = file.sha256.clone();
    let mut tx = world.db.write().await.expect("a transaction");
    let actor = console();
    let attached =
        tx.attach(&by(&actor), &world.setting, &entry.id, entry.version, file).await.expect("it");
    tx.commit().await.expect("a commit");
    let folder = world.folder.path().join("copy");
    let contents = backup::write(&world.db, &world.files, &folder, NOW).await.expect("a backup");
    assert_eq!((contents.trail_seq, contents.files.len()), (2, 2));
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(&folder).expect("a folder").permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode);
        assert_eq!(mode & 0o777, 0o700, "only its owner looks into a backup");
    }
    // What comes after the backup is lost with the disk.
    world.create("nonconformities", NONCONFORMITY).await;

    let World { db, location, folder: place, .. } = world;
    db.close().await;
    let target = match &location {
        Location::Sqlite(path) => {
            let data = path.parent().expect("a folder");
            std::fs::remove_dir_all(data).expect("the disk is gone");
            location.clone()
        }
        Location::Postgres(_) => another_of_kind(&location),
    };
    std::fs::remove_dir_all(place.path().join("files")).expect("and the files");

    let files = Files::new(place.path().join("files"));
    let backups = place.path().join("backups");
    let restored = backup::restore(&folder, target.clone(), &files, &backups, NOW).await;
    let (db, verified) = restored.expect("it comes back");
    assert_eq!((verified.n_links, verified.broken), (2, None));
    let mut tx = db.read().await.expect("a transaction");
    assert_eq!(tx.entry(&entry.id).await.expect("it is there"), attached);
    assert!(tx.entry("NC-2").await.is_err(), "what was entered later is lost");
    assert_eq!(files.read(&sha256).expect("its bytes"), b"testo del verbale");
    drop(tx);
    db.close().await;
    // What is there is never overwritten.
    let again = backup::restore(&folder, target, &files, &backups, NOW).await;
    assert!(matches!(again, Err(RegisterError::Occupied(_) | RegisterError::Program { .. })));
}

async fn an_older_layout_is_saved_before_it_changes(world: World) {
    let location = another_location(&world);
    let backups = world.backups();
    let (old, backup) =
        Database::open_at(location.clone(), &backups, NOW, 2).await.expect("an old layout");
    assert_eq!((old.layout().await.expect("a number"), backup), (Some(2), None));
    let mut tx = old.write().await.expect("a transaction");
    let actor = console();
    let draft = crate::support::draft("nonconformities", NONCONFORMITY);
    let register = crate::support::register("nonconformities");
    let entry =
        tx.create(&by(&actor), &world.setting, register, draft).await.expect("a good entry");
    tx.commit().await.expect("a commit");
    old.close().await;

    let (new, backup) = Database::open(location, &backups, NOW).await.expect("the new layout");
    let backup = backup.expect("the old one was saved");
    assert_eq!(new.layout().await.expect("a number"), Some(6));
    let mut tx = new.read().await.expect("a transaction");
    assert_eq!(tx.entry(&entry.id).await.expect("it is there"), entry);
    drop(tx);
    assert_eq!(trail::verify(&new, None).await.expect("a look").broken, None);
    let contents = backup::check(&backup).expect("it is whole");
    assert_eq!((contents.layout, contents.trail_seq), (2, 1));
    let elsewhere = match another_location(&world) {
        Location::Sqlite(path) => Location::Sqlite(path.with_file_name("third.sqlite")),
        server @ Location::Postgres(_) => server,
    };
    let files = Files::new(backups.join("no-files"));
    let (restored, verified) =
        backup::restore(&backup, elsewhere, &files, &backups, NOW).await.expect("it comes back");
    assert_eq!((verified.n_links, verified.broken), (1, None));
    assert_eq!(restored.layout().await.expect("a number"), Some(6), "and is brought up to date");
}

async fn opening_again_changes_nothing(world: World) {
    world.create("nonconformities", NONCONFORMITY).await;
    let backups = world.backups();
    let (again, backup) =
        Database::open(world.location.clone(), &backups, NOW).await.expect("it opens");
    assert_eq!((again.layout().await.expect("a number"), backup), (Some(6), None));
    assert!(!backups.exists());
    let mut tx = again.read().await.expect("a transaction");
    assert_eq!(tx.entry("NC-1").await.expect("it is there"), world.entry("NC-1").await);
}

async fn a_changed_backup_is_refused(world: World) {
    world.create("nonconformities", NONCONFORMITY).await;
    world.files.store("nota.txt", b"una nota").expect("a text");
    let folder = world.folder.path().join("copy");
    let contents = backup::write(&world.db, &world.files, &folder, NOW).await.expect("a backup");
    assert!(backup::write(&world.db, &world.files, &folder, NOW).await.is_err(), "not twice");
    for name in contents.files.keys() {
        let path = folder.join(name);
        let whole = std::fs::read(&path).expect("a file");
        std::fs::write(&path, b"altro").expect("writable");
        assert!(matches!(backup::check(&folder), Err(RegisterError::Backup { .. })), "{name}");
        std::fs::write(&path, whole).expect("writable");
    }
    backup::check(&folder).expect("it is whole again");
    let list = folder.join("backup.json");
    let text = std::fs::read_to_string(&list).expect("a list");
    let hash = &contents.trail_hash;
    std::fs::write(&list, text.replace(hash, &"0".repeat(64))).expect("writable");
    let target = another_location(&world);
    let files = Files::new(world.folder.path().join("files2"));
    let restored = backup::restore(&folder, target, &files, &world.backups(), NOW).await;
    let (_, verified) = restored.expect("the database itself is whole");
    assert_eq!(verified.broken.map(|broken| broken.fault), Some(trail::Fault::Head));
}
