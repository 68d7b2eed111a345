"""Shoppers whom a legacy shop that moves in knows as signed in begin a session here, without being asked for anything."""

from banyan.contracts.moving import SignedIn, SignIn
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.users.actions import granting
from banyan.users.domain.accounts import Visitor
from banyan.users.storage import accounts


async def sign_in_known(ports: Ports, call: SignIn) -> SignedIn:
    """A session for an account. NotFound for none that may come in, and for one with a role: a legacy shop's session makes
    nobody an operator.

    After a change of hands every shopper comes this way within minutes, so it is one read and one transaction.
    """
    account = await accounts.by_id(ports.db, call.user_id)
    if account is None or not account.active or account.roles:
        raise _nobody()
    grant = await granting.prepare(ports, account, method="legacy_session", visitor=Visitor(user_agent=call.user_agent))
    async with ports.db.transaction() as tx:
        if not await granting.keep(tx, grant):
            raise _nobody()  # what was kept of it apart, nobody can use
    return SignedIn(access_token=grant.access_token, refresh_token=grant.refresh_token, expires_in=grant.seconds)


def _nobody() -> NotFound:
    return NotFound("there is no such account")
