"""Who is signed in at the legacy shop is signed in here: their session is exchanged once, and a guest's cart opened by it."""

import re
from hashlib import sha256

from banyan.contracts.moving import Recognise, Recognised, SignIn
from banyan.foundation.service import Ports
from banyan.kernel.refusals import NotFound, Refusal
from banyan.move.doors.books import Books
from banyan.move.storage import groups, shift

USERS = "users"  # the group that owns accounts
_SESSION = re.compile(r"[A-Za-z0-9_-]{20,97}")  # what fits a cart token, see foundation.auth


def cart_token(session: str) -> str:
    """The token that opens the cart of a guest's session with us; empty for what is no session."""
    return f"ct_{session}" if _SESSION.fullmatch(session) else ""


class Recognising:
    """Answers gateways."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def recognise(self, ports: Ports, call: Recognise) -> Recognised:
        """Tokens for who is signed in there, once accounts are ours. Nobody is signed in twice by one session: who
        signs out here stays signed out."""
        token = cart_token(call.session)
        group = await groups.one(ports.db, USERS)
        if not token or group is None or group.owner != "new":
            return Recognised(cart_token=token)
        session = await self._books.session(ports, call.session)
        user = await self._books.id(ports, "customer", session.customer) if session and session.customer else ""
        if not user or not await self._claim(ports, call.session):
            return Recognised(cart_token=token)
        try:
            tokens = await ports.peers.ask(SignIn(user_id=user, user_agent=call.user_agent))
        except NotFound:
            return Recognised(cart_token=token)
        except Refusal:
            await shift.exchange_failed(ports.db, _digest(call.session))
            raise
        return Recognised(
            cart_token=token,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=tokens.expires_in,
        )

    async def _claim(self, ports: Ports, session: str) -> bool:
        async with ports.db.transaction() as tx:
            return await shift.exchange(tx, _digest(session))


def _digest(session: str) -> bytes:
    return sha256(session.encode()).digest()
