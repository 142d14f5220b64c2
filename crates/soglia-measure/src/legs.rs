//! Calls seen leg by leg (question Q8j). Read [`SQL`].

/// Each entry into a queue as a call of its own, and the calls without entries as they are.
///
/// A leg is answered, given up or lost where it ended. Of its call it keeps the direction, that it
/// was a test and, on the last leg, that the caller asked to be called back. Calls that met no
/// queue (turned away, left in the IVR) are legs themselves, and so are those of sources that
/// record no entries: counting legs makes no call disappear.
pub const SQL: &str = "(SELECT e.call_id, e.service, \
    coalesce(s.direction, 'inbound') AS direction, \
    e.entered AS arrived, e.local_hour, e.entered AS queued, e.answered, e.\"left\" AS ended, \
    e.wait_ms, e.queue AS first_queue, \
    arrow_cast(NULL, 'Timestamp(Microsecond, Some(\"UTC\"))') AS first_rang, \
    CASE WHEN e.ordinal = s.last THEN s.called_back END AS called_back, \
    CAST(NULL AS BIGINT) AS talk_ms, CAST(NULL AS BIGINT) AS hold_ms, \
    e.ordinal AS leg, \
    CASE WHEN s.disposition = 'test' THEN 'test' \
    WHEN e.exit = 'answered' THEN 'answered' \
    WHEN s.disposition = 'callback_requested' AND e.ordinal = s.last THEN 'callback_requested' \
    WHEN e.exit = 'abandoned' OR e.exit = 'key_pressed' THEN 'abandoned_in_queue' \
    ELSE 'released_by_system' END AS disposition, e.import_no, e.row_first, e.row_last \
    FROM queue_entries e LEFT JOIN \
    (SELECT c.call_id, c.service, c.direction, c.disposition, c.called_back, \
    max(o.ordinal) AS last FROM calls c JOIN queue_entries o \
    ON c.call_id = o.call_id AND c.service = o.service \
    WHERE c.disposition IN ('test', 'callback_requested') OR c.direction <> 'inbound' \
    GROUP BY c.call_id, c.service, c.direction, c.disposition, c.called_back) s \
    ON e.call_id = s.call_id AND e.service = s.service \
    UNION ALL \
    SELECT call_id, service, direction, arrived, local_hour, queued, answered, ended, wait_ms, \
    first_queue, first_rang, called_back, talk_ms, hold_ms, \
    CAST(NULL AS INT) AS leg, disposition, import_no, row_first, row_last \
    FROM calls WHERE queued IS NULL \
    OR import_no NOT IN (SELECT DISTINCT import_no FROM queue_entries)) AS legs";
