"""What every backend of mail promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Read
from pathlib import Path
from urllib.parse import quote

import pytest

from banyan.foundation import choose
from banyan.foundation.mail import Mail, Message
from banyan.foundation.mail.file import FileMail
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Unavailable
from tests.backends.aws_server import AwsServer
from tests.backends.smtp_server import PASSWORD, USER, SmtpServer

FROM = "orders@shop.example"


@dataclass
class Post:
    """A mail backend, and how its mails to an address are read where they arrive."""

    mail: Mail
    arrived: Callable[[str], list[Read]]


def of_ses(aws: AwsServer) -> list[Read]:
    return [message_from_bytes(each["raw_data"].encode()) for each in aws.seen()["ses"]["RawMessage"]]


@pytest.fixture(params=["file", "smtp", "ses"])
async def post(request: pytest.FixtureRequest, aws: AwsServer, smtp: SmtpServer, tmp_path: Path) -> AsyncIterator[Post]:
    url = "file://mail"
    if request.param == "smtp":
        url = f"smtp://127.0.0.1:{smtp.ports['plain']}?from={FROM}"
    elif request.param == "ses":
        await aws.ask("sesv2", "create_email_identity", EmailIdentity=FROM)
        url = aws.url("ses", **{"from": FROM})

    def arrived(to: str) -> list[Read]:
        if request.param == "file":
            found = [message_from_bytes(each.read_bytes()) for each in (tmp_path / "mail").glob("*.eml")]
        else:
            found = smtp.mails if request.param == "smtp" else of_ses(aws)
        return [each for each in found if each["To"] == to]

    mail = await choose.mail(Settings(data_dir=tmp_path, mail_url=url))
    yield Post(mail, arrived)
    await mail.close()


def subject(mail: Read) -> str:
    return str(make_header(decode_header(mail["Subject"])))


def text(mail: Read) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n", "\n").rstrip("\n")


async def test_a_mail_arrives_as_it_was_written(post: Post) -> None:
    words = "Thank you — see you soon\n\n.\n" + "long " * 300 + "\nhttps://shop.example/orders/x?token=a=b\n.end"
    await post.mail.send(Message("ord_1:confirmed", "ada@example.com", "Your order — confirmed ✓", words))
    [read] = post.arrived("ada@example.com")
    assert (subject(read), text(read)) == ("Your order — confirmed ✓", words)


async def test_what_is_still_here_of_mails_to_somebody_is_dropped(post: Post) -> None:
    for number, to in enumerate(("Fay@example.com", "fay@example.com", "fay@example.com.evil.example")):
        await post.mail.send(Message(f"ltr_fay{number}", to, "Hi", "To: fay@example.com\n"))
    for _ in range(2):
        await post.mail.forget("fay@Example.com")
    left = [len(post.arrived(to)) for to in ("Fay@example.com", "fay@example.com", "fay@example.com.evil.example")]
    folder = isinstance(post.mail, FileMail)
    assert left == ([0, 0, 1] if folder else [1, 1, 1])  # what has left is its reader's


async def test_the_same_id_is_one_mail(post: Post) -> None:
    for _ in range(2):
        await post.mail.send(Message("ord_2:confirmed", "bob@example.com", "Your order", "Thank you"))
    await post.mail.send(Message("ord_3:confirmed", "bob@example.com", "Your order", "Thank you"))
    assert len(post.arrived("bob@example.com")) == 2


async def test_the_message_id_is_made_of_the_id_so_that_mailboxes_can_tell(post: Post) -> None:
    await post.mail.send(Message("ltr_01j", "cleo@example.com", "Hi", "there"))
    [read] = post.arrived("cleo@example.com")
    assert read["Message-ID"].startswith("<ltr_01j@")


@pytest.mark.parametrize(
    ("to", "about"),
    [
        ("dan@example.com", "Hi\r\nBcc: eve@example.com"),
        ("dan@example.com", "Hi\x00"),
        ("dan@example.com\nBcc: eve@example.com", "Hi"),
    ],
)
async def test_a_line_break_is_no_second_header(post: Post, to: str, about: str) -> None:
    with pytest.raises(ValueError):
        await post.mail.send(Message("x", to, about, ""))
    assert post.arrived("dan@example.com") == []


async def test_many_at_once_all_arrive_over_few_connections(smtp: SmtpServer) -> None:
    mail = await choose.mail(Settings(mail_url=f"smtp://127.0.0.1:{smtp.ports['plain']}?from={FROM}"))
    before = smtp.connections
    for start in (0, 20):
        sent = [Message(f"many_{n}", "many@example.com", "Hi", str(n)) for n in range(start, start + 20)]
        await asyncio.gather(*(mail.send(each) for each in sent))
    assert sorted(int(text(each)) for each in smtp.mails if each["To"] == "many@example.com") == list(range(40))
    assert smtp.connections - before <= 4
    await mail.close()


@pytest.mark.parametrize(
    ("way", "url"), [("starttls", "smtp://{}?starttls=yes&from={}"), ("tls", "smtps://{}?from={}")]
)
async def test_a_password_goes_over_tls_to_a_server_that_is_known(
    smtp: SmtpServer, way: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = f"{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{smtp.ports[way]}"
    settings = Settings(mail_url=url.format(who, FROM), shop_name="Bäume, GmbH")
    strangers = await choose.mail(settings)
    with pytest.raises(Unavailable, match="SSLCertVerificationError"):
        await strangers.send(Message(f"{way}_0", f"{way}@example.com", "Hi", ""))
    monkeypatch.setenv("SSL_CERT_FILE", str(smtp.certificate))
    mail = await choose.mail(settings)
    await mail.send(Message(f"{way}_1", f"{way}@example.com", "Hi", ""))
    [read] = [each for each in smtp.mails if each["To"] == f"{way}@example.com"]
    assert str(make_header(decode_header(read["From"]))).endswith(f"<{FROM}>")
    wrong = await choose.mail(Settings(mail_url=url.format(who.replace("s3cret", "guess"), FROM)))
    with pytest.raises(Unavailable, match="535") as refused:
        await wrong.send(Message(f"{way}_2", f"{way}@example.com", "Hi", ""))
    assert "guess" not in repr(refused.value)
    for each in (mail, wrong, strangers):
        await each.close()


async def test_a_recipient_nobody_knows_is_wrong_and_a_full_mailbox_is_tried_again(smtp: SmtpServer) -> None:
    mail = await choose.mail(Settings(mail_url=f"smtp://127.0.0.1:{smtp.ports['plain']}?from={FROM}"))
    smtp.says |= {"gone@example.com": "550 no such user", "full@example.com": "452 mailbox full"}
    with pytest.raises(ValueError, match="550"):
        await mail.send(Message("no_1", "gone@example.com", "Hi", ""))
    with pytest.raises(Unavailable, match="452"):
        await mail.send(Message("no_2", "full@example.com", "Hi", ""))
    del smtp.says["full@example.com"]
    await mail.send(Message("no_2", "full@example.com", "Hi", ""))
    assert len([each for each in smtp.mails if each["To"] == "full@example.com"]) == 1
    await mail.close()


async def test_a_server_that_does_not_answer_is_unavailable(aws: AwsServer) -> None:
    for url in ("smtp://127.0.0.1:1?from=a@b.c", "ses://?from=a@b.c&region=eu-west-1&endpoint=http://127.0.0.1:1"):
        mail = await choose.mail(Settings(mail_url=url))
        with pytest.raises(Unavailable, match="does not answer"):
            await mail.send(Message("x", "ada@example.com", "Hi", ""))
        await mail.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("smtp://mail.example", "say who sends"),
        ("ses://?region=eu-west-1", "say who sends"),
        ("smtp://?from=a@b.c", "name a server"),
        ("smtp://mail.example:port?from=a@b.c", "name a server"),
        ("smtp://shop:hunter2@mail.example?from=a@b.c", "not sent in the clear"),
        ("smtp://shop:hunter2@mail.example?starttls=maybe&from=a@b.c", "yes or no"),
        ("smtp://shop:hunter2@mail.example?tls=yes&from=a@b.c", "tls is no option"),
    ],
)
async def test_a_wrong_url_stops_the_start_and_tells_no_password(url: str, said: str) -> None:
    with pytest.raises(WrongSettings, match=said) as wrong:
        await choose.mail(Settings(mail_url=url))
    assert "hunter2" not in str(wrong.value)
