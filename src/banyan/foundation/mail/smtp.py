"""Mail through an SMTP server: `smtps://user:password@host`, or `smtp://…?starttls=yes`, with `&from=` who sends.

A few connections are kept open, each used by one mail at a time, in threads: the standard library's client waits.
"""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import parse_qsl, unquote, urlsplit

from banyan.foundation.mail import Message
from banyan.foundation.mail.wire import Handed, Sender
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unavailable

SECONDS = 10.0  # for each step of the conversation
CONNECTIONS = 4
_PORTS = {"smtp": 587, "smtps": 465}
_KNOWN = ("from", "starttls")


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    tls: bool  # from the first byte
    starttls: bool
    user: str = ""
    password: str = field(default="", repr=False)


def read(url: str) -> tuple[Server, str]:
    """The server, and the address that sends. WrongSettings, which never tells the password."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    if odd := [name for name in given if name not in _KNOWN]:
        raise WrongSettings(f"BANYAN_MAIL_URL: {odd[0]} is no option of smtp. Known: {', '.join(_KNOWN)}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port == 0:
        raise WrongSettings("BANYAN_MAIL_URL: name a server, as smtp://mail.example:587")
    if given.get("starttls", "no") not in ("yes", "no"):
        raise WrongSettings("BANYAN_MAIL_URL: starttls is yes or no")
    tls, starttls = parts.scheme == "smtps", given.get("starttls") == "yes"
    if parts.password and not (tls or starttls):
        raise WrongSettings("BANYAN_MAIL_URL: a password is not sent in the clear; use smtps:// or starttls=yes")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    server = Server(parts.hostname, port or _PORTS[parts.scheme], tls, starttls and not tls, user, password)
    return server, given.get("from", "")


class SmtpMail:
    def __init__(self, server: Server, sender: Sender, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._handed = Handed()
        self._free: list[smtplib.SMTP] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def send(self, message: Message) -> None:
        if message.id in self._handed:
            return
        letter = self._sender.letter(message, self._clock.now())
        async with self._places:
            try:
                await asyncio.to_thread(self._hand_over, letter, message.to)
            except smtplib.SMTPResponseException as error:
                raise _refused(error.smtp_code) from None
            except smtplib.SMTPRecipientsRefused as error:
                raise _refused(next(iter(error.recipients.values()))[0]) from None
            except smtplib.SMTPNotSupportedError as error:
                raise ValueError(f"the mail server cannot do this: {error}") from None
            except OSError as error:  # smtplib's own errors are OSErrors too
                raise Unavailable(f"the mail server does not answer: {type(error).__name__}") from None
        self._handed.add(message.id)

    async def forget(self, to: str) -> None:
        """Nothing is kept here."""

    async def close(self) -> None:
        for connection in self._free:
            connection.close()
        self._free.clear()

    def _hand_over(self, letter: EmailMessage, to: str) -> None:
        connection = self._kept() or self._connected()
        try:
            connection.send_message(letter, self._sender.address, [to])
        except smtplib.SMTPServerDisconnected:
            connection.close()
            raise
        except smtplib.SMTPException:
            self._free.append(connection)  # it said no to this mail, not to the next
            raise
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)

    def _kept(self) -> smtplib.SMTP | None:
        """A connection that still answers. Asked beforehand: one that breaks later may have taken the mail."""
        while self._free:
            connection = self._free.pop()
            try:
                if connection.noop()[0] == 250:
                    return connection
            except OSError:
                pass
            connection.close()
        return None

    def _connected(self) -> smtplib.SMTP:
        server, trusted = self._server, ssl.create_default_context()
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=trusted)
            if server.tls
            else smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        )
        try:
            if server.starttls:
                connection.starttls(context=trusted)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _refused(code: int) -> Exception:
    """What the server's answer means for the sender; its words may name people, so only the number is told."""
    if 500 <= code < 600 and code not in (530, 534, 535, 538):  # those are about us, not about the mail
        return ValueError(f"the mail server takes no such mail: {code}")
    return Unavailable(f"the mail server refused for now: {code}")
