-- Products as lists show them, rendered once for all processes; of use only at the product's revision and in this form.
CREATE TABLE card (
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    currency text NOT NULL,
    form smallint NOT NULL,
    revision integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (product_id, currency)
);
