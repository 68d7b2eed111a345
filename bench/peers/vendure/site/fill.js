// Put the goods of goods.json into an empty shop, as a file of products, and wait until they can be found.
const fs = require('fs');
const {
  bootstrap,
  JobQueueService,
  RequestContextService,
  SearchJobBufferService,
  SearchService,
  TransactionalConnection,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const goods = JSON.parse(fs.readFileSync('goods.json', 'utf8'));
const HEAD = [
  'name', 'slug', 'description', 'assets', 'facets', 'optionGroups', 'optionValues', 'sku', 'price', 'taxCategory',
  'stockOnHand', 'trackInventory', 'variantAssets', 'variantFacets',
];

function row(product, variant, first) {
  const told = first ? [product.name, product.slug, product.description, '', `category:${product.category}`, 'size'] : Array(6).fill('');
  const price = (variant.cents / 100).toFixed(2);
  return [...told, variant.size, variant.sku, price, 'standard', goods.units, 'true', '', ''].map((cell) => `"${cell}"`).join(',');
}

const initial = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'United Kingdom', code: 'GB', zone: 'Europe' }],
  taxRates: [{ name: 'Standard', percentage: 0 }],
  shippingMethods: [{ name: 'Standard', price: 500 }],
  paymentMethods: [
    { name: 'Test', handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] } },
  ],
  collections: goods.categories.map((name) => ({
    name,
    slug: name.toLowerCase(),
    filters: [{ code: 'facet-value-filter', args: { facetValueNames: [name], containsAny: false } }],
  })),
};

async function quiet(connection) {
  for (;;) {
    const [left] = await connection.rawConnection.query(
      `SELECT count(*)::int AS jobs FROM job_record WHERE state IN ('PENDING', 'RUNNING', 'RETRYING')`,
    );
    if (!left.jobs) return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

async function main() {
  const rows = goods.products.flatMap((product) => product.variants.map((variant, at) => row(product, variant, at === 0)));
  fs.writeFileSync('goods.csv', [HEAD.join(','), ...rows].join('\n') + '\n');
  const app = await populate(() => bootstrap(config), initial, 'goods.csv');
  await app.get(JobQueueService).start(); // after the goods are in, or it slows them down
  const connection = app.get(TransactionalConnection);
  await quiet(connection);
  const context = await app.get(RequestContextService).create({ apiType: 'admin' });
  await app.get(SearchJobBufferService).runPendingSearchUpdates(); // which products belong to which collection, first of all
  await quiet(connection);
  await app.get(SearchService).reindex(context);
  await quiet(connection);
  const variants = await connection.rawConnection.query('SELECT id, sku FROM product_variant');
  fs.writeFileSync('ids.json', JSON.stringify(Object.fromEntries(variants.map((each) => [each.sku, String(each.id)]))));
  await app.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`error: ${error.message}`);
    process.exit(1);
  },
);
