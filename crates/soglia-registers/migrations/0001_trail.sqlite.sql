CREATE TRIGGER trail_is_append_only_update
BEFORE UPDATE OF seq, at_ms, actor, action, object, digest, commitment, previous, hash ON trail
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER trail_is_append_only_delete BEFORE DELETE ON trail
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
