"""What the gateway keeps to: names of headers that cross services."""

DEADLINE = "x-deadline"  # unix seconds, decimal: when the asker stops waiting
REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"  # W3C Trace Context
PEER = "x-banyan-peer"  # the calling service and its proof
IDEMPOTENCY_KEY = "idempotency-key"
IDEMPOTENT_REPLAYED = "idempotent-replayed"
CLIENT_ADDRESS = "x-forwarded-for"  # who asks, as the gateway saw it; what came with it from outside is not believed
