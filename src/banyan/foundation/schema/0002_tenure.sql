-- For a service whose shop moves in from an older one: who may write its tables, and which records it has taken over.
-- A shop that does not move has two empty tables, and no trigger anywhere.

CREATE TABLE tenure (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one), -- a service changes hands as a whole
    group_name text NOT NULL,
    owner text CHECK (owner IN ('legacy', 'new')), -- NULL: the move is over, and the fence is gone
    epoch bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT shop_now()
);

-- The newest version of each record taken, and what of it is kept here in another form than it came in.
CREATE TABLE taken (
    kind text NOT NULL,
    id text NOT NULL,
    version bigint NOT NULL,
    kept jsonb NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (kind, id)
);

-- On fenced tables, for every row that is written. Whoever changes the tenure waits for all who hold this lock, and
-- whoever waited for it looks after that: a function that is not STABLE sees what was committed meanwhile.
CREATE FUNCTION tenure_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 THEN -- columns that follow from others' facts and are nobody's to own
        IF to_jsonb(OLD) - TG_ARGV = to_jsonb(NEW) - TG_ARGV THEN
            RETURN NEW;
        END IF;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(7073);
    IF EXISTS (SELECT FROM tenure WHERE owner = 'legacy') THEN
        RAISE EXCEPTION 'the old shop still owns %', TG_TABLE_NAME USING ERRCODE = 'BN503';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

-- Lets this transaction through the fence, and tells who the owner is: it stays so until the transaction ends.
CREATE FUNCTION tenure_taking(OUT owner text, OUT epoch bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7073);
    PERFORM set_config('banyan.intake', 'on', true);
    SELECT tenure.owner, tenure.epoch INTO owner, epoch FROM tenure;
END $$;
