"""Payment providers as far as a shop sees them: HTTP APIs that keep books of their own, for tests, trials and laptops.

No service knows them. A process reaches one over the wire (`banyan simulate stripe`), a test without a socket
(`ports.egress.stand_in("https://api.stripe.com", simulator.app)`).
"""
