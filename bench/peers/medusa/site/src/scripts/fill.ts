// Put the goods of goods.json into an empty shop by its own workflows; ids.json says what they are called there.
import { readFileSync, writeFileSync } from "fs";
import { ContainerRegistrationKeys, Modules, ProductStatus } from "@medusajs/framework/utils";
import {
  createApiKeysWorkflow,
  createInventoryLevelsWorkflow,
  createProductCategoriesWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createShippingOptionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows";

const BATCH = 50;

async function trade(container: any, channel: string) {
  const currencies = [{ currency_code: "eur", is_default: true }];
  await updateStoresWorkflow(container).run({
    input: { selector: {}, update: { supported_currencies: currencies, default_sales_channel_id: channel } },
  });
  const { result } = await createRegionsWorkflow(container).run({
    input: {
      regions: [{ name: "Here", currency_code: "eur", countries: ["gb"], payment_providers: ["pp_system_default"] }],
    },
  });
  await createTaxRegionsWorkflow(container).run({ input: [{ country_code: "gb", provider_id: "tp_system" }] });
  return result[0].id;
}

async function shipping(container: any, channel: string) {
  const link = container.resolve(ContainerRegistrationKeys.LINK);
  const fulfillment = container.resolve(Modules.FULFILLMENT);
  const { result: places } = await createStockLocationsWorkflow(container).run({
    input: { locations: [{ name: "Warehouse", address: { address_1: "1 Dock Road", city: "London", country_code: "GB" } }] },
  });
  const place = places[0].id;
  const set = await fulfillment.createFulfillmentSets({
    name: "Parcels",
    type: "shipping",
    service_zones: [{ name: "Here", geo_zones: [{ type: "country", country_code: "gb" }] }],
  });
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: place },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: "manual_manual" },
  });
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: place },
    [Modules.FULFILLMENT]: { fulfillment_set_id: set.id },
  });
  const { result: profiles } = await createShippingProfilesWorkflow(container).run({
    input: { data: [{ name: "Parcels", type: "parcels" }] },
  });
  await createShippingOptionsWorkflow(container).run({
    input: [
      {
        name: "Standard",
        price_type: "flat",
        provider_id: "manual_manual",
        service_zone_id: set.service_zones[0].id,
        shipping_profile_id: profiles[0].id,
        type: { label: "Standard", description: "In three days", code: "standard" },
        prices: [{ currency_code: "eur", amount: 5 }],
        rules: [
          { attribute: "enabled_in_store", value: "true", operator: "eq" },
          { attribute: "is_return", value: "false", operator: "eq" },
        ],
      },
    ],
  });
  await linkSalesChannelsToStockLocationWorkflow(container).run({ input: { id: place, add: [channel] } });
  return { place, profile: profiles[0].id };
}

export default async function fill({ container }: { container: any }) {
  const goods = JSON.parse(readFileSync(process.env.PEER_GOODS as string, "utf8"));
  const { result: channels } = await createSalesChannelsWorkflow(container).run({
    input: { salesChannelsData: [{ name: "Shop" }] },
  });
  const channel = channels[0].id;
  const region = await trade(container, channel);
  const { place, profile } = await shipping(container, channel);
  const { result: keys } = await createApiKeysWorkflow(container).run({
    input: { api_keys: [{ title: "Shop", type: "publishable", created_by: "" }] },
  });
  await linkSalesChannelsToApiKeyWorkflow(container).run({ input: { id: keys[0].id, add: [channel] } });
  const { result: categories } = await createProductCategoriesWorkflow(container).run({
    input: { product_categories: goods.categories.map((name: string) => ({ name, is_active: true })) },
  });
  const category = Object.fromEntries(categories.map((each: any) => [each.name, each.id]));
  const ids: any = { key: keys[0].token, region, categories: category, products: {}, variants: {} };
  for (let first = 0; first < goods.products.length; first += BATCH) {
    const { result } = await createProductsWorkflow(container).run({
      input: {
        products: goods.products.slice(first, first + BATCH).map((each: any) => ({
          title: each.name,
          handle: each.slug,
          description: each.description,
          status: ProductStatus.PUBLISHED,
          category_ids: [category[each.category]],
          shipping_profile_id: profile,
          sales_channels: [{ id: channel }],
          options: [{ title: "Size", values: each.variants.map((variant: any) => variant.size) }],
          variants: each.variants.map((variant: any) => ({
            title: variant.size,
            sku: variant.sku,
            options: { Size: variant.size },
            prices: [{ amount: variant.cents / 100, currency_code: "eur" }],
          })),
        })),
      },
    });
    for (const product of result) {
      ids.products[product.title] = product.id;
      for (const variant of product.variants) ids.variants[variant.sku as string] = variant.id;
    }
  }
  const query = container.resolve(ContainerRegistrationKeys.QUERY);
  const { data: items } = await query.graph({ entity: "inventory_item", fields: ["id"] });
  for (let first = 0; first < items.length; first += 500) {
    const levels = items
      .slice(first, first + 500)
      .map((each: any) => ({ location_id: place, stocked_quantity: goods.units, inventory_item_id: each.id }));
    await createInventoryLevelsWorkflow(container).run({ input: { inventory_levels: levels } });
  }
  writeFileSync(process.env.PEER_IDS as string, JSON.stringify(ids));
}
