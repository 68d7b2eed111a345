"""The storefront: pages for shoppers, rendered on the server, that work without JavaScript and know only the public API."""
