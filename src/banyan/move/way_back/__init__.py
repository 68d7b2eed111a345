"""While our side owns a group: our facts followed on the bus, and what they change written to the legacy tables."""
