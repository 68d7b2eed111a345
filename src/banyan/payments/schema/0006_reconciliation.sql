-- Fees, payouts and disputes in the ledger; what providers report, line by line, and where that differs from ours.

-- More kinds and accounts; nothing that was allowed is refused. A payout belongs to no payment.
DO $$ BEGIN
    EXECUTE 'ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check';
    EXECUTE 'ALTER TABLE transfer ALTER COLUMN payment_id DROP NOT NULL';
    EXECUTE 'ALTER TABLE entry DROP CONSTRAINT entry_account_check';
END $$;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check CHECK (kind IN
    ('authorize', 'capture', 'release', 'refund', 'fee', 'payout', 'refund_returned',
     'dispute', 'dispute_fee', 'dispute_reversal', 'dispute_lost'));
ALTER TABLE transfer ADD COLUMN provider text; -- of what a provider told by itself; else its payment says whose it is
ALTER TABLE transfer ADD CONSTRAINT transfer_is_of_somebody CHECK (payment_id IS NOT NULL OR provider IS NOT NULL);
ALTER TABLE entry ADD CONSTRAINT entry_account_check CHECK (account IN
    ('funds_authorized', 'funds_pledged', 'provider_clearing', 'sales', 'sales_refunds',
     'provider_fees', 'bank', 'disputes', 'chargeback_losses', 'refunds_owed'));
CREATE INDEX transfer_made ON transfer (made_at);

CREATE VIEW trial_balance AS
SELECT currency, account, sum(amount)::bigint AS amount FROM entry GROUP BY currency, account;

-- A comparison of a provider's report with our ledger, for the time from `since` up to, not including, `until`.
CREATE TABLE reconciliation (
    id text PRIMARY KEY,
    provider text NOT NULL,
    source text NOT NULL CHECK (source IN ('api', 'csv')),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (since < until),
    made_by text NOT NULL, -- who asked for it; empty for the nightly one
    lines integer NOT NULL DEFAULT 0,
    new_lines integer NOT NULL DEFAULT 0,
    booked integer NOT NULL DEFAULT 0, -- transfers that the ledger had not had
    made_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX reconciliation_provider ON reconciliation (provider, source, until);

-- In minor units. `theirs` moved the balance at the provider by their lines, `ours` by our ledger.
CREATE TABLE reconciliation_total (
    reconciliation_id text NOT NULL REFERENCES reconciliation,
    currency text NOT NULL,
    ours bigint NOT NULL,
    theirs bigint NOT NULL,
    timing bigint NOT NULL, -- of differences that a later report will settle
    unexplained bigint NOT NULL,
    PRIMARY KEY (reconciliation_id, currency)
);

-- What a provider reported, each line once. With a transfer it is in our books.
CREATE TABLE statement_line (
    provider text NOT NULL,
    line_id text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL, -- the provider's id of what moved: a charge, a refund, a payout, a dispute
    currency text NOT NULL,
    amount bigint NOT NULL, -- as it moved the balance at the provider, before the fee
    fee bigint NOT NULL, -- taken from it
    at timestamptz NOT NULL,
    payment_id text NOT NULL DEFAULT '', -- ours, where the report says it
    reference text NOT NULL DEFAULT '', -- of a refund, where the report says it
    charge_id text NOT NULL DEFAULT '', -- theirs of the payment it belongs to
    transfer_id text REFERENCES transfer,
    reconciliation_id text NOT NULL REFERENCES reconciliation,
    PRIMARY KEY (provider, line_id)
);
CREATE UNIQUE INDEX statement_line_transfer ON statement_line (transfer_id) WHERE transfer_id IS NOT NULL;
CREATE INDEX statement_line_at ON statement_line (provider, at);

CREATE TABLE difference (
    id text PRIMARY KEY,
    provider text NOT NULL,
    subject text NOT NULL, -- a line's id, or a transfer's
    kind text NOT NULL CHECK (kind IN ('ours_only', 'theirs_only', 'amount', 'currency', 'duplicate', 'timing')),
    currency text NOT NULL,
    ours bigint NOT NULL,
    theirs bigint NOT NULL,
    payment_id text NOT NULL DEFAULT '',
    at timestamptz NOT NULL, -- when the money moved
    reconciliation_id text NOT NULL REFERENCES reconciliation, -- that found it
    found_at timestamptz NOT NULL DEFAULT shop_now(),
    closed_at timestamptz, -- a later report settled it
    UNIQUE (provider, subject)
);
CREATE INDEX difference_open ON difference (provider, at) WHERE closed_at IS NULL;

CREATE TABLE explanation (
    difference_id text PRIMARY KEY REFERENCES difference,
    who text NOT NULL,
    why text NOT NULL CHECK (why <> ''),
    at timestamptz NOT NULL DEFAULT shop_now()
);

-- A payer's bank or the provider wants the money back. What it moved is in the ledger.
CREATE TABLE dispute (
    provider text NOT NULL,
    id text NOT NULL, -- the provider's
    payment_id text REFERENCES payment,
    state text NOT NULL CHECK (state IN ('needs_response', 'under_review', 'won', 'lost')),
    amount bigint NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    reason text NOT NULL DEFAULT '',
    respond_by timestamptz,
    opened_at timestamptz NOT NULL DEFAULT shop_now(),
    updated_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (provider, id)
);
CREATE INDEX dispute_payment ON dispute (payment_id);

-- Which states it went through, and who said so.
CREATE TABLE dispute_step (
    provider text NOT NULL,
    dispute_id text NOT NULL,
    state text NOT NULL,
    told_by text NOT NULL, -- webhook or report
    at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (provider, dispute_id, state),
    FOREIGN KEY (provider, dispute_id) REFERENCES dispute
);
CREATE TRIGGER explanation_stays BEFORE UPDATE OR DELETE ON explanation FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER dispute_step_stays BEFORE UPDATE OR DELETE ON dispute_step FOR EACH ROW EXECUTE FUNCTION ledger_stays();
