"""GraphQL over the shop's own HTTP API: catalogue, search, cart, checkout, own orders. It owns no data and no rules."""
