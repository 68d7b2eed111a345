"""Passes: one-time links that nobody is mailed, for shoppers whom a legacy shop that moves in knows as signed in."""

from banyan.contracts.moving import IssuePass, Pass
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound
from banyan.users.domain import tokens
from banyan.users.storage import accounts, links

SECONDS = 60  # from issuing to redeeming


async def issue_pass(ports: Ports, call: IssuePass) -> Pass:
    """A pass for an account, redeemed like a mailed link. NotFound for none that may come in, and for one with a role:
    a legacy shop's session makes nobody an operator."""
    account = await accounts.by_id(ports.db, call.user_id)
    if account is None or not account.active or account.roles:
        raise NotFound("there is no such account")
    token = tokens.link_token(ports.ids.secret())
    async with ports.db.transaction() as tx:
        await links.add(tx, tokens.digest(token), account.id, account.canonical, "operator", SECONDS)
    return Pass(token=token)
