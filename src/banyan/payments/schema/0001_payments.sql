-- Payments, what was asked of their providers, the ledger, webhooks that came in, and saved ways to pay.

CREATE TABLE payment (
    id text PRIMARY KEY, -- also the provider's idempotency key of the charge
    order_id text NOT NULL UNIQUE, -- one payment per order, a void that came first included: more than I3 asks
    provider text NOT NULL,
    token text NOT NULL, -- the provider's token, never a card number; empty where the provider must not be asked
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state text NOT NULL
        CHECK (state IN ('created', 'unknown', 'authorized', 'captured', 'declined', 'voided', 'refunded')),
    authorized bigint NOT NULL DEFAULT 0,
    captured bigint NOT NULL DEFAULT 0,
    refunding bigint NOT NULL DEFAULT 0, -- asked of the provider and not yet answered
    refunded bigint NOT NULL DEFAULT 0,
    charge_id text, -- the provider's own id
    reason text,
    user_id text,
    void_wanted boolean NOT NULL DEFAULT false, -- however it settles, no money may be kept
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    updated_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK (0 <= refunded AND 0 <= refunding AND refunded + refunding <= captured
           AND captured <= authorized AND authorized <= amount),
    CHECK ((state IN ('captured', 'refunded')) = (captured > 0)),
    CHECK ((state = 'refunded') = (captured > 0 AND refunded = captured))
);

-- One thing asked of a provider. Open ones are looked at when next_look_at comes, until the provider has said what is.
CREATE TABLE operation (
    id text PRIMARY KEY,
    payment_id text NOT NULL REFERENCES payment,
    kind text NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    reference text NOT NULL UNIQUE, -- the provider's idempotency key: asked again with it, done once
    refund_id text,
    amount bigint NOT NULL CHECK (amount > 0),
    note text NOT NULL DEFAULT '',
    state text NOT NULL CHECK (state IN ('intended', 'sent', 'unknown', 'done', 'failed')),
    failure text,
    attempts integer NOT NULL DEFAULT 0,
    epoch integer NOT NULL DEFAULT 0, -- who took it last; one who took it earlier may conclude nothing
    next_look_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    ended_at timestamptz,
    UNIQUE (payment_id, refund_id),
    CHECK ((kind = 'refund') = (refund_id IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (next_look_at IS NULL))
);
CREATE UNIQUE INDEX operation_once ON operation (payment_id, kind) WHERE kind <> 'refund';
CREATE INDEX operation_due ON operation (next_look_at) WHERE next_look_at IS NOT NULL;

-- The ledger: transfers of signed entries (debit > 0), each balanced, each at most once by its name, never changed.
-- authorize pends on funds_authorized/funds_pledged, capture posts what pended, release lets go of it, refund is new.
CREATE TABLE transfer (
    id text PRIMARY KEY, -- <payment>.authorize, <payment>.capture, <payment>.release, or the refund's reference
    payment_id text NOT NULL REFERENCES payment,
    kind text NOT NULL CHECK (kind IN ('authorize', 'capture', 'release', 'refund')),
    made_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX transfer_payment ON transfer (payment_id);

CREATE TABLE entry (
    transfer_id text NOT NULL REFERENCES transfer,
    account text NOT NULL
        CHECK (account IN ('funds_authorized', 'funds_pledged', 'provider_clearing', 'sales', 'sales_refunds')),
    amount bigint NOT NULL CHECK (amount <> 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (transfer_id, account)
);

CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is only ever added to'; END $$;
CREATE TRIGGER ledger_stays BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_stays BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_is_not_emptied BEFORE TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_is_not_emptied BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();

CREATE FUNCTION transfer_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM entry WHERE transfer_id = NEW.transfer_id GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'transfer % does not balance', NEW.transfer_id;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfer_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transfer_balances();

-- Webhooks that were taken, each once.
CREATE TABLE webhook_event (
    provider text NOT NULL,
    event_id text NOT NULL,
    digest bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (provider, event_id)
);

CREATE TABLE method (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    provider text NOT NULL,
    token text NOT NULL,
    brand text NOT NULL DEFAULT '',
    last4 text NOT NULL DEFAULT '' CHECK (last4 ~ '^([0-9]{4})?$'),
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    UNIQUE (user_id, provider, token)
);
CREATE UNIQUE INDEX method_default ON method (user_id) WHERE is_default;
