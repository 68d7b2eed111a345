"""What the shop's doors and facts are, for people and machines: OpenAPI, AsyncAPI, and pages to read both."""
