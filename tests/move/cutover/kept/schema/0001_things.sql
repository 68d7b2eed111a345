CREATE TABLE thing (
    id text PRIMARY KEY,
    name text NOT NULL,
    position integer NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    removed boolean NOT NULL DEFAULT false
);
