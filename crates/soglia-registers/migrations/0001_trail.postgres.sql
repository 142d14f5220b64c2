CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
CREATE TRIGGER trail_is_append_only_update
BEFORE UPDATE OF seq, at_ms, actor, action, object, digest, commitment, previous, hash ON trail
FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER trail_is_append_only_delete BEFORE DELETE ON trail
FOR EACH ROW EXECUTE FUNCTION append_only();
