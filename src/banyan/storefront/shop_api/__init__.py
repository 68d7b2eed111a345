"""The public API as the storefront reads it: one place for every path and field that pages rely on."""
