"""Mail that would have left, on a laptop: to be read, not to be changed."""

import re
from collections.abc import Iterator

from starlette.responses import Response

from banyan.console.mailbox import Mailbox
from banyan.console.visit import MAIL, Visit
from banyan.kernel.refusals import NotFound

_ADDRESS = re.compile(r"(https?://[^\s<>\"']{1,1000})")


async def letters(visit: Visit) -> Response:
    """`/console/mail`"""
    return await visit.page("mail.html", letters=await _mailbox(visit).letters())


async def letter(visit: Visit) -> Response:
    """`/console/mail/{name}`"""
    found = await _mailbox(visit).letter(visit.path["name"])
    pieces = list(_pieces(found.text, visit.desk.shop.settings.origin))
    return await visit.page("letter.html", letter=found, pieces=pieces)


def _mailbox(visit: Visit) -> Mailbox:
    visit.who.must(MAIL)
    if visit.desk.mailbox is None:
        raise NotFound("mail is not kept as files here: it has left")
    return visit.desk.mailbox


def _pieces(text: str, origin: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with where it links to: addresses of this shop, and nowhere for all else."""
    for piece in _ADDRESS.split(text):
        yield piece, piece if piece.startswith(f"{origin}/") else ""
