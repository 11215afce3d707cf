-- Versions of what is for sale; all live side by side, none is ever changed.

-- name: store_catalog
INSERT INTO catalogs (catalog_version, effective_at) VALUES (%(catalog_version)s, %(effective_at)s)
ON CONFLICT DO NOTHING RETURNING catalog_version;

-- name: store_packages
INSERT INTO packages (catalog_version, package_id, credits, price_minor, currency, retired)
SELECT %(catalog_version)s, * FROM unnest(%(package_ids)s::text[], %(credits)s::integer[], %(prices_minor)s::integer[],
                                          %(currencies)s::text[], %(retired)s::boolean[]);

-- name: in_force
-- In force from its instant until a higher version's: at any instant the highest version that has begun.
SELECT catalog_version, effective_at FROM catalogs WHERE effective_at <= %(at)s ORDER BY catalog_version DESC LIMIT 1;

-- name: catalog
SELECT catalog_version, effective_at FROM catalogs WHERE catalog_version = %(catalog_version)s;

-- name: packages
SELECT package_id, credits, price_minor, currency, retired FROM packages WHERE catalog_version = %(catalog_version)s;

-- name: versions
SELECT catalog_version FROM catalogs;
