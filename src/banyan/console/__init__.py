"""The operators' console: pages rendered on the server that know the shop only by its services' HTTP, and act by POST alone."""
