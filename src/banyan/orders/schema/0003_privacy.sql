-- Personal data of an order is sealed with the order's own key: destroyed, nothing about its person can be read any more.

CREATE TABLE order_key (
    order_id text PRIMARY KEY,
    wrapped bytea CHECK (length(wrapped) = 60), -- by the service's own key; NULL: destroyed
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- A destroyed key stays so, whatever is done afterwards.
CREATE FUNCTION key_stays_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destroyed key stays destroyed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stays_destroyed BEFORE UPDATE ON order_key FOR EACH ROW
    WHEN (OLD.wrapped IS NULL) EXECUTE FUNCTION key_stays_destroyed();

-- Facts are only ever added. The one exception: a transaction that seals older ones (`banyan.sealing`) changes what is
-- kept of them and the hashes that follow from it, and nothing else.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('banyan.sealing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'facts are only ever added' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION seal_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bytea;
BEGIN
    IF (NEW.stream, NEW.version, NEW.txid, NEW.pos, NEW.id, NEW.type, NEW.key, NEW.told_at)
        IS DISTINCT FROM (OLD.stream, OLD.version, OLD.txid, OLD.pos, OLD.id, OLD.type, OLD.key, OLD.told_at) THEN
        RAISE EXCEPTION 'facts are only ever added' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT hash INTO before FROM event WHERE stream = NEW.stream AND version = NEW.version - 1;
    NEW.hash := event_hash(before, NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER seal_again BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION seal_again();
