"""What must hold in the catalogue's database. Each query answers with the rows that break it."""

from banyan.foundation.service import Invariant

INVARIANTS = (
    Invariant(
        "C1",
        "every published product has a variant with a price",
        """SELECT p.id FROM product AS p WHERE p.status = 'published' AND NOT EXISTS (
               SELECT FROM variant AS v JOIN price ON price.variant_id = v.id WHERE v.product_id = p.id)""",
    ),
    Invariant(
        "C2",
        "the path of every category is the way down to it from its root",
        """WITH RECURSIVE way (id, path) AS (
               SELECT id, ARRAY[id] FROM category WHERE parent_id IS NULL
               UNION ALL
               SELECT c.id, way.path || c.id FROM category AS c JOIN way ON c.parent_id = way.id
               WHERE NOT c.id = ANY(way.path))
           SELECT c.id, c.path, way.path AS tree FROM category AS c LEFT JOIN way USING (id)
           WHERE way.path IS DISTINCT FROM c.path""",
    ),
    Invariant(
        "C3",
        "every slug, present or past, leads to one product, and a product's own leads to it",
        """SELECT p.id, p.slug FROM product AS p LEFT JOIN product_slug AS s ON s.slug = p.slug
           GROUP BY p.id HAVING count(s.product_id) <> 1 OR min(s.product_id) <> p.id
           UNION ALL
           SELECT min(product_id), slug FROM product_slug GROUP BY slug HAVING count(*) > 1""",
    ),
    Invariant(
        "C4",
        "every attribute of a product is declared, and its value of the declared kind",
        """SELECT p.id, given.key, given.value FROM product AS p CROSS JOIN jsonb_each(p.attributes) AS given
           LEFT JOIN attribute AS a ON a.code = given.key
           WHERE a.code IS NULL
              OR jsonb_typeof(given.value) <> CASE a.kind WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'boolean'
                                              ELSE 'string' END
              OR a.kind = 'choice' AND NOT given.value #>> '{}' = ANY(a.choices)""",
    ),
    Invariant(
        "C5",
        "no two variants of a product have the same options, and prices are more than nothing",
        """SELECT min(id) AS id, product_id AS key FROM variant GROUP BY product_id, option_key HAVING count(*) > 1
           UNION ALL
           SELECT variant_id, currency FROM price WHERE amount <= 0""",
    ),
    Invariant(
        "C6",
        "every variant has its place where inventory tells whether it can be bought",
        "SELECT id, sku FROM variant WHERE NOT EXISTS (SELECT FROM availability WHERE sku = variant.sku)",
    ),
)
