-- The catalogue: what is sold, under which names and words, in which places of the tree, for which prices.
-- `revision` moves with anything a shopper sees of a product; `version` only with what an operator edits (If-Match).

CREATE TABLE category (
    id text PRIMARY KEY,
    parent_id text REFERENCES category,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    name_key text NOT NULL,  -- the name as it is compared: case, width and spaces do not count
    slug text NOT NULL UNIQUE,
    position integer NOT NULL DEFAULT 0,
    path text[] NOT NULL CHECK (path[cardinality(path)] = id AND cardinality(path) <= 10),  -- ids, root first
    version integer NOT NULL DEFAULT 1,
    UNIQUE NULLS NOT DISTINCT (parent_id, name_key)
);
CREATE INDEX category_path ON category USING gin (path);

CREATE TABLE brand (
    id text PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    name_key text NOT NULL UNIQUE,
    slug text NOT NULL UNIQUE
);

CREATE TABLE attribute (
    code text PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'choice', 'date')),
    unit text NOT NULL DEFAULT '',
    choices text[] NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 1,
    CHECK ((kind = 'choice') = (cardinality(choices) > 0))
);

CREATE TABLE product (
    id text PRIMARY KEY,
    slug text NOT NULL,
    handle text UNIQUE,  -- what an import file calls it
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 300),
    description text NOT NULL DEFAULT '',
    brand_id text REFERENCES brand,
    category_id text REFERENCES category,  -- the deepest
    status text NOT NULL CHECK (status IN ('draft', 'published', 'archived')),
    attributes jsonb NOT NULL DEFAULT '{}',
    popularity integer NOT NULL DEFAULT 0 CHECK (popularity >= 0),
    tax_class text NOT NULL DEFAULT 'standard',
    version integer NOT NULL DEFAULT 1,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT shop_now(),
    updated_at timestamptz NOT NULL DEFAULT shop_now()
);
CREATE INDEX product_listed ON product (id) WHERE status = 'published';
CREATE INDEX product_of_category ON product (category_id, id) WHERE status = 'published';
CREATE INDEX product_of_brand ON product (brand_id, id) WHERE status = 'published';
CREATE INDEX product_category ON product (category_id);

-- Every slug a product has or had: a renamed one keeps answering, and nobody else can take it.
CREATE TABLE product_slug (
    slug text PRIMARY KEY,
    product_id text NOT NULL REFERENCES product ON DELETE CASCADE,
    UNIQUE (slug, product_id)
);
CREATE INDEX product_slug_product ON product_slug (product_id);
ALTER TABLE product ADD CONSTRAINT product_slug_is_its_own
    FOREIGN KEY (slug, id) REFERENCES product_slug (slug, product_id) DEFERRABLE INITIALLY DEFERRED;

-- Whether a SKU can be bought, as inventory tells it. It may tell before we know the SKU, so this stands by itself,
-- and whoever adds a variant meets whoever tells about its SKU at this row.
CREATE TABLE availability (
    sku text PRIMARY KEY,
    available boolean NOT NULL DEFAULT false
);

CREATE TABLE variant (
    id text PRIMARY KEY,
    product_id text NOT NULL REFERENCES product ON DELETE CASCADE,
    sku text NOT NULL UNIQUE REFERENCES availability,
    options jsonb NOT NULL DEFAULT '{}',
    option_key text NOT NULL,  -- the options as they are compared
    position integer NOT NULL DEFAULT 0,
    weight_g integer NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
    CONSTRAINT variant_options UNIQUE (product_id, option_key) DEFERRABLE INITIALLY IMMEDIATE
);

CREATE TABLE price (
    variant_id text NOT NULL REFERENCES variant ON DELETE CASCADE,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (variant_id, currency)
);

CREATE TABLE media (
    id text PRIMARY KEY,
    product_id text NOT NULL REFERENCES product ON DELETE CASCADE,
    path text NOT NULL,  -- below /media, or an absolute http(s) URL
    alt text NOT NULL DEFAULT '',
    position integer NOT NULL DEFAULT 0,
    UNIQUE (product_id, path)
);

-- How far the import of a file has come. Its key is a digest of the file and of how it was to be read.
CREATE TABLE import_run (
    id text PRIMARY KEY,
    name text NOT NULL,
    rows_done bigint NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}',
    stock jsonb NOT NULL DEFAULT '[]',  -- counts of the last batch that inventory may not have heard yet
    finished_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT shop_now()
);
-- Which row of the file had a SKU first.
CREATE TABLE import_claim (
    run_id text NOT NULL REFERENCES import_run ON DELETE CASCADE,
    sku text NOT NULL,
    row_number bigint NOT NULL,
    PRIMARY KEY (run_id, sku)
);
