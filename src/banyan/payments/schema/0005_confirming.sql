-- Payments that wait for their shopper, who is sent to the provider and back; captures of a part; providers that were left.

-- One more state; nothing that was allowed is refused.
ALTER TABLE payment DROP CONSTRAINT payment_state_check;
ALTER TABLE payment ADD CONSTRAINT payment_state_check CHECK (state IN
    ('created', 'unknown', 'requires_action', 'authorized', 'captured', 'declined', 'voided', 'refunded'));
ALTER TABLE payment ADD COLUMN action text; -- where the shopper confirms it, while that is waited for
ALTER TABLE payment ADD COLUMN return_url text NOT NULL DEFAULT ''; -- where the provider sends the shopper back to
ALTER TABLE payment ADD COLUMN save boolean NOT NULL DEFAULT false; -- keep the way to pay, until it has been kept

-- A provider that a payment went on from, because it had definitely not been asked, and why.
CREATE TABLE attempt (
    payment_id text NOT NULL REFERENCES payment,
    place integer NOT NULL,
    provider text NOT NULL,
    why text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (payment_id, place)
);

-- What a webhook said, and what became of it: taken ones count once, a refused one may be sent again.
ALTER TABLE webhook_event ADD COLUMN payment_id text NOT NULL DEFAULT '';
ALTER TABLE webhook_event ADD COLUMN said jsonb NOT NULL DEFAULT '{}';
ALTER TABLE webhook_event ADD COLUMN refused text; -- why; null: it was taken
CREATE INDEX webhook_event_refused ON webhook_event (received_at) WHERE refused IS NOT NULL;
