-- Orders and carts of a legacy shop: sums that only legacy shops have, and money that payments is yet to know of.

ALTER TABLE order_view
    ADD COLUMN adjustment bigint NOT NULL DEFAULT 0, -- fees and rounding of a legacy shop; may be below zero
    ADD COLUMN taken boolean NOT NULL DEFAULT false; -- a legacy shop has told it: its sums are what they are

DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = 'order_view'::regclass AND contype = 'c' LOOP
        EXECUTE format('ALTER TABLE order_view DROP CONSTRAINT %I', name);
    END LOOP;
END $$;
ALTER TABLE order_view
    ADD CONSTRAINT order_adds_up CHECK
        (total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END + adjustment),
    ADD CONSTRAINT order_of_ours_is_priced_here CHECK
        (taken OR (subtotal >= 0 AND discount BETWEEN 0 AND subtotal AND shipping >= 0 AND tax >= 0 AND adjustment = 0)),
    ADD CONSTRAINT order_refunds_what_was_paid CHECK (refunded BETWEEN 0 AND greatest(total, 0));

UPDATE order_view SET shown = shown || jsonb_build_object(
    'adjustment', jsonb_build_object('amount', 0, 'currency', currency), 'taken_over', NULL);

-- Newest first is by when it was placed: an order that is taken over gets its id long after.
CREATE INDEX order_newest ON order_view (placed_at, order_id);
CREATE INDEX order_newest_of_user ON order_view (user_id, placed_at, order_id);
CREATE INDEX order_newest_by_status ON order_view (status, placed_at, order_id);
CREATE INDEX order_newest_by_email ON order_view (email, placed_at, order_id);
DROP INDEX order_of_user;
DROP INDEX order_by_status;
DROP INDEX order_by_email;

-- Orders of a legacy shop whose money is other than payments was told; deleted when it has been.
CREATE TABLE payment_due (
    order_id text PRIMARY KEY,
    version integer NOT NULL -- of the order
);

-- Which record of a legacy shop this cart stands for: a cart that was ordered here makes room for the next.
ALTER TABLE cart ADD COLUMN taken_as text UNIQUE;
CREATE INDEX cart_touched ON cart (touched_at);
