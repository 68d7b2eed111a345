"""Mail: written in the transaction it belongs to, sealed, and sent afterwards by a chore."""

from banyan.foundation.db import Tx
from banyan.foundation.mail import Message
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.users.domain.emails import parse
from banyan.users.storage import letters
from banyan.users.storage.letters import Letter

_BATCH = 20
_LOOK_SECONDS = 2.0  # where another process wrote the letter and cannot ring here


async def write(ports: Ports, *, to: str, subject: str, text: str) -> Letter:
    """A sealed letter, not yet kept. `to` is an accepted e-mail address."""
    letter_id = ports.ids.new("ltr")
    return Letter(letter_id, parse(to).mailbox, subject, await ports.keys.seal(text.encode(), f"letter {letter_id}"))


async def post(ports: Ports) -> float:
    """The chore: hand over what is due. What could not be sent is tried again, less and less often, until it is stale."""

    async def claim(tx: Tx) -> list[Letter]:
        return await letters.claim(tx, _BATCH)

    claimed = await ports.db.retrying(claim)
    for letter in claimed:
        await _send(ports, letter)
    return 0.0 if len(claimed) == _BATCH else _LOOK_SECONDS


async def _send(ports: Ports, letter: Letter) -> None:
    try:
        text = await ports.keys.open(letter.sealed, f"letter {letter.id}")
        await ports.mail.send(Message(letter.id, letter.recipient, letter.subject, text.decode()))
    except (OSError, ValueError, Refusal):
        return  # claimed with a later due time: it comes up again
    async with ports.db.transaction() as tx:
        await letters.sent(tx, letter.id)
