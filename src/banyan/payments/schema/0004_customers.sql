-- Who a shopper is at a provider: its own id of them, by which it keeps their saved ways to pay.
CREATE TABLE customer (
    user_id text NOT NULL,
    provider text NOT NULL,
    reference text NOT NULL, -- the provider's id of the shopper
    made_at timestamptz NOT NULL DEFAULT shop_now(),
    PRIMARY KEY (user_id, provider)
);
