"""A mail as servers want it (RFC 5322): its sender, its date, and an id that stays the same each time it is sent."""

import re
from collections import OrderedDict
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr

from banyan.foundation.mail import Message
from banyan.foundation.settings import WrongSettings

_ODD = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


class Sender:
    """Who writes: `?from=orders@shop.example` of the mail URL, under the shop's name."""

    def __init__(self, address: str, name: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise WrongSettings("BANYAN_MAIL_URL: say who sends, as ?from=orders@shop.example")
        self.address = address
        self._name = name
        self._domain = address.rpartition("@")[2]

    def letter(self, message: Message, at: datetime) -> EmailMessage:
        """ValueError for an address or a subject that would be more than one line."""
        if any(_ODD.search(value) for value in (message.id, message.to, message.subject)):
            raise ValueError("a header of a mail is one line")
        if parseaddr(message.to)[1] != message.to or not _ADDRESS.fullmatch(message.to):
            raise ValueError("a mail goes to one address")
        letter = EmailMessage(policy=SMTP.clone(utf8=not message.to.isascii()))
        letter["From"] = formataddr((self._name, self.address))
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(at)
        # Where an answer was lost and it is sent again, the mailbox can tell that it is the same.
        letter["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9._-]', '_', message.id)}@{self._domain}>"
        letter.set_content(message.text, cte="quoted-printable")
        return letter


class Handed:
    """Ids that this process has handed over, the newest few thousand: neither SMTP nor SES can tell by themselves."""

    def __init__(self, most: int = 4096) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def __contains__(self, id: object) -> bool:
        return id in self._ids

    def add(self, id: str) -> None:
        self._ids[id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
