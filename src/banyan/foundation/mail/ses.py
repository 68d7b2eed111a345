"""Mail through Amazon SES (API v2): `ses://?from=orders@shop.example&region=…`."""

from banyan.foundation.aws import Aws, Place, Refused
from banyan.foundation.mail import Message
from banyan.foundation.mail.wire import Handed, Sender
from banyan.kernel.clock import Clock

_NEVER = ("MessageRejected", "BadRequestException", "InvalidParameterValue")


class SesMail:
    """SES knows no idempotency: once per id is kept by each process for what it sent itself.

    SES puts a Message-ID of its own in place of ours, so the id goes along as the tag `banyan-id` of its events, too.
    """

    def __init__(self, where: Place, sender: Sender, clock: Clock) -> None:
        self._aws = Aws("BANYAN_MAIL_URL", "sesv2", where, attempts=1)  # who sends tries again, and knows it
        self._sender = sender
        self._clock = clock
        self._handed = Handed()

    async def send(self, message: Message) -> None:
        if message.id in self._handed:
            return
        letter = self._sender.letter(message, self._clock.now())
        tag = "".join(each if each.isascii() and each.isalnum() else "-" for each in message.id)[:256]
        try:
            await self._aws.ask(
                "send_email",
                FromEmailAddress=self._sender.address,
                Destination={"ToAddresses": [message.to]},
                Content={"Raw": {"Data": letter.as_bytes()}},
                EmailTags=[{"Name": "banyan-id", "Value": tag}],
            )
        except Refused as refused:
            if refused.said in _NEVER:
                raise ValueError(f"SES takes no such mail: {refused.said}") from None
            raise
        self._handed.add(message.id)

    async def forget(self, to: str) -> None:
        """Nothing is kept here."""

    async def close(self) -> None:
        await self._aws.close()
