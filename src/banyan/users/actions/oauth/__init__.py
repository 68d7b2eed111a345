"""What applications of others may ask of users, and what shoppers decide about them (OAuth 2.0, OpenID Connect)."""

from banyan.users.actions.oauth.authorizing import Outcome, authorize
from banyan.users.actions.oauth.clients import add_client, client, clients, close_client, new_client, new_secret, proven
from banyan.users.actions.oauth.consents import my_consents, withdraw_consent
from banyan.users.actions.oauth.exchanging import Issued, act_for_itself, exchange
from banyan.users.actions.oauth.inspecting import introspect, user_info

__all__ = [
    "Issued",
    "Outcome",
    "act_for_itself",
    "add_client",
    "authorize",
    "client",
    "clients",
    "close_client",
    "exchange",
    "introspect",
    "my_consents",
    "new_client",
    "new_secret",
    "proven",
    "user_info",
    "withdraw_consent",
]
