-- The bank's own book: charges by the merchant's reference, what was done to them, entries, cards, and webhooks to send.

CREATE TABLE charge (
    id text PRIMARY KEY,
    merchant_key text NOT NULL UNIQUE, -- the merchant's reference: one charge by it, however often it is sent
    amount bigint NOT NULL CHECK (amount > 0),
    approved bigint NOT NULL CHECK (approved BETWEEN 0 AND amount), -- less than asked only for tok_partial
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    token text NOT NULL,
    manner text NOT NULL, -- the test token that says how this charge behaves
    state text NOT NULL CHECK (state IN ('authorized', 'captured', 'declined', 'voided')),
    captured bigint NOT NULL DEFAULT 0,
    refunded bigint NOT NULL DEFAULT 0,
    reason text,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    CHECK (0 <= refunded AND refunded <= captured AND captured <= approved),
    CHECK ((state = 'captured') = (captured > 0))
);

-- Every capture, void and refund by its own reference: the second one by it is the first one again.
CREATE TABLE deed (
    reference text PRIMARY KEY,
    charge_id text NOT NULL REFERENCES charge,
    kind text NOT NULL CHECK (kind IN ('capture', 'void', 'refund')),
    amount bigint NOT NULL CHECK (amount >= 0),
    done_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX deed_charge ON deed (charge_id);

CREATE TABLE entry (
    transfer text NOT NULL, -- the reference of what moved the money
    charge_id text NOT NULL REFERENCES charge,
    account text NOT NULL CHECK (account IN ('cardholder', 'held', 'merchant')),
    amount bigint NOT NULL CHECK (amount <> 0),
    currency text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (transfer, account)
);
CREATE INDEX entry_charge ON entry (charge_id);

CREATE FUNCTION entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the book is only ever added to'; END $$;
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION entry_stays();

CREATE FUNCTION transfer_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM entry WHERE transfer = NEW.transfer GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'transfer % does not balance', NEW.transfer;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfer_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transfer_balances();

-- A card is its brand, its last digits and a keyed digest; its number is never kept.
CREATE TABLE card (
    token text PRIMARY KEY,
    brand text NOT NULL,
    last4 text NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    digest bytea NOT NULL,
    manner text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT shop_now()
);

-- How often the bank failed on purpose before it did what was asked (tok_5xx).
CREATE TABLE stumble (
    reference text PRIMARY KEY,
    times integer NOT NULL
);

CREATE TABLE webhook (
    id text PRIMARY KEY,
    body text NOT NULL, -- as sent: the signature is over these very bytes
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz DEFAULT shop_now(), -- null: delivered, or given up
    delivered_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX webhook_due ON webhook (next_at) WHERE next_at IS NOT NULL;
