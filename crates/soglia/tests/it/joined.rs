//! Call detail records complete what the queue log told. Read [`write`] in `support` first.

use crate::import::{n, outcome};
use crate::support::{Place, temp, write};

/// A call that waits ten seconds from 10:00:00 in Rome, after half a minute in the IVR.
pub const LOG: &str = "\
1688371200|pbx-1688371170.1|cup_prenotazione|NONE|ENTERQUEUE||0000123456|1
1688371210|pbx-1688371170.1|cup_prenotazione|A|CONNECT|10|pbx-1688371201.2|9
1688371300|pbx-1688371170.1|cup_prenotazione|A|COMPLETECALLER|10|90|1
";

/// The same call, and one that never met a queue; local times of a PBX that runs on UTC.
pub const CDR: &str = r#""","0000123456","cup_prenotazione","diretto",""""" <0000123456>","PJSIP/trunk-1","PJSIP/1001-2","Queue","cup_prenotazione,tc,,,120","2023-07-03 07:59:20","2023-07-03 07:59:20","2023-07-03 08:01:40",140,140,"ANSWERED","DOCUMENTATION","pbx-1688371170.1","","","pbx-1688371170.1",0
"","0000654321","s","ivr",""""" <0000654321>","PJSIP/trunk-3","","Playback","benvenuto","2023-07-03 08:10:00","2023-07-03 08:10:00","2023-07-03 08:10:12",12,12,"ANSWERED","DOCUMENTATION","pbx-1688371800.3","","","pbx-1688371800.3",1
"#;

#[test]
fn the_cdr_gives_the_arrival_and_adds_calls_that_met_no_queue() {
    let dir = temp();
    let place = Place::new(dir.path());
    place.import(&[&write(dir.path(), "queue_log", LOG)]).ok();
    let before = place.soglia(&["call", "pbx-1688371170.1"]).ok().out;
    assert!(before.contains("arrived            2023-07-03T07:59:30.000Z"), "{before}");

    let cdr = write(dir.path(), "Master.csv", CDR);
    let cdr = cdr.to_str().expect("paths are UTF-8");
    let arguments = ["import", "--format", "asterisk-cdr", "--service", "cup", "--zone", "UTC"];
    let ran = place.soglia(&[&arguments[..], &["--json", cdr]].concat()).ok();
    let taken = outcome(&ran);
    assert_eq!((n(&taken, "rows"), n(&taken, "calls"), n(&taken, "ignored")), (2, 2, 0));

    let after = place.soglia(&["call", "pbx-1688371170.1"]).ok().out;
    assert!(after.contains("arrived            2023-07-03T07:59:20.000Z"), "{after}");
    assert!(after.contains("wait_ms            10000"), "the wait stays the queue log's: {after}");
    assert!(after.contains("queue_log") && after.contains("Master.csv"), "both files: {after}");
    assert!(!after.contains("0000123456"), "the caller does not show: {after}");

    // One call offered, one that hung up in the IVR: the older revision no longer counts.
    let status = place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    assert!(status.contains("2 calls = 1 abandoned_in_ivr + 1 answered"), "{status}");
    let report = place.measure("2023-07");
    assert_eq!(report["measurements"][0]["denominator"], 1);
}
