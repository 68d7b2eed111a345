"""What the OAuth routes beside the standard's own answer with, and what they accept."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from banyan.users.actions.oauth import Outcome
from banyan.users.domain import oauth
from banyan.users.domain.oauth import Client
from banyan.users.domain.views import ClientName, View

Query = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=8192)]


class ScopeView(View):
    """A scope, and what a shopper is told about it."""

    scope: str
    words: str


class Authorization(View):
    """`go`: to the address `to`. `sign_in`: then with the query `to` again. `consent`: ask about `client` and `scopes`."""

    outcome: Literal["go", "sign_in", "consent"]
    to: str = ""
    again: bool = False
    client: ClientName | None = None
    scopes: list[ScopeView] = []


class ClientView(View):
    """An application of somebody else. `confidential`: it keeps a secret."""

    id: str
    name: str
    confidential: bool
    first_party: bool
    redirect_uris: list[str]
    scopes: list[str]
    grants: list[str]
    status: str
    created_at: datetime


class ClientMade(ClientView):
    """A new client; `client_secret` is told this once, and null for a public one."""

    client_secret: str | None


class SecretMade(View):
    """Told this once."""

    client_secret: str = Field(repr=False)


class ConsentView(View):
    """An application that one agreed to, and what it may do."""

    client: ClientName
    scopes: list[ScopeView]
    given_at: datetime


def of_outcome(outcome: Outcome) -> Authorization:
    client = ClientName(id=outcome.client.id, name=outcome.client.name) if outcome.client else None
    shown = told(outcome.scopes)
    return Authorization(outcome=outcome.kind, to=outcome.to, again=outcome.again, client=client, scopes=shown)


def of_client(client: Client) -> ClientView:
    return ClientView(
        id=client.id,
        name=client.name,
        confidential=client.confidential,
        first_party=client.first_party,
        redirect_uris=list(client.redirect_uris),
        scopes=oauth.ordered(client.scopes),
        grants=sorted(client.grants),
        status=client.status,
        created_at=client.created_at,
    )


def of_consent(client: Client, scopes: frozenset[str], given_at: datetime) -> ConsentView:
    return ConsentView(client=ClientName(id=client.id, name=client.name), scopes=told(scopes), given_at=given_at)


def told(scopes: frozenset[str]) -> list[ScopeView]:
    return [ScopeView(scope=each, words=oauth.words(each)) for each in oauth.ordered(scopes & oauth.KNOWN_SCOPES)]
