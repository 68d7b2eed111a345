"""What every service stands on: database, bus, peers, web, settings, telemetry. It knows no service by name."""
