"""What every backend of keys promises."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from banyan.foundation import choose
from banyan.foundation.keys import Keys
from banyan.foundation.keys.kms import KEPT_SECONDS
from banyan.foundation.settings import Settings
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unavailable
from tests.backends.aws_server import AwsServer

OpenKeys = Callable[..., Awaitable[Keys]]


async def alias(aws: AwsServer) -> str:
    """A new master key, and a name for it."""
    made, name = await aws.ask("kms", "create_key"), aws.fresh("banyan")
    await aws.ask("kms", "create_alias", AliasName=f"alias/{name}", TargetKeyId=made["KeyMetadata"]["KeyId"])
    return name


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=["file", "kms"])
async def open_keys(
    request: pytest.FixtureRequest, aws: AwsServer, tmp_path: Path, clock: VirtualClock
) -> AsyncIterator[OpenKeys]:
    """Another process with the same master key each time; `other`: with another one."""
    opened: list[Keys] = []
    names: dict[bool, str] = {}

    async def make(*, other: bool = False) -> Keys:
        url = f"file://keys{other}"
        if request.param == "kms":
            if other not in names:
                names[other] = await alias(aws)
            url = aws.url("kms", names[other])
        opened.append(await choose.keys(Settings(data_dir=tmp_path, keys_url=url), clock))
        return opened[-1]

    yield make
    for each in opened:
        await each.close()


async def test_what_is_sealed_opens_again_in_any_process_with_the_key(open_keys: OpenKeys) -> None:
    keys = await open_keys()
    sealed = await keys.seal(b"private key", "users.signing")
    assert b"private" not in sealed
    assert await keys.open(sealed, "users.signing") == b"private key"
    assert await (await open_keys()).open(sealed, "users.signing") == b"private key"


async def test_the_same_secret_is_never_sealed_to_the_same_bytes(open_keys: OpenKeys) -> None:
    keys = await open_keys()
    assert len({await keys.seal(b"secret", "use") for _ in range(20)}) == 20


async def test_nothing_and_much_can_be_sealed(open_keys: OpenKeys) -> None:
    keys = await open_keys()
    for secret in (b"", b"\x00" * 100_000):
        assert await keys.open(await keys.seal(secret, "use"), "use") == secret


async def test_a_secret_opens_only_for_its_use(open_keys: OpenKeys) -> None:
    sealed = await (await open_keys()).seal(b"private key", "users.signing")
    for keys in (await open_keys(), await open_keys()):
        with pytest.raises(ValueError, match="another use"):
            await keys.open(sealed, "orders.links")


async def test_a_secret_that_was_changed_anywhere_does_not_open(open_keys: OpenKeys) -> None:
    keys = await open_keys()
    sealed = await keys.seal(b"private key", "use")
    for place in (0, 1, 3, len(sealed) // 2, len(sealed) - 17, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="changed"):
            await keys.open(bytes(changed), "use")
    for short in (b"", sealed[:1], sealed[:20], sealed[:-1], sealed + b"x"):
        with pytest.raises(ValueError):
            await keys.open(short, "use")


async def test_another_key_opens_nothing(open_keys: OpenKeys) -> None:
    sealed = await (await open_keys()).seal(b"private key", "use")
    with pytest.raises(ValueError, match="another key"):
        await (await open_keys(other=True)).open(sealed, "use")


class Counted:
    """AWS, and what it was asked."""

    def __init__(self, keys: Keys) -> None:
        self.asked: list[str] = []
        self._real = keys._aws.ask  # type: ignore[attr-defined]
        keys._aws.ask = self.ask  # type: ignore[attr-defined]

    async def ask(self, operation: str, **values: object) -> object:
        self.asked.append(operation)
        return await self._real(operation, **values)


async def test_kms_is_asked_once_for_a_use_and_a_while(aws: AwsServer, clock: VirtualClock) -> None:
    url = aws.url("kms", await alias(aws))
    one, reader = [await choose.keys(Settings(keys_url=url), clock) for _ in range(2)]
    asked, read = Counted(one), Counted(reader)
    sealed = [await one.seal(b"secret", use) for use in ("carts", "carts", "answers", "carts")]
    assert asked.asked == ["generate_data_key"] * 2
    for each, use in zip(sealed, ("carts", "carts", "answers", "carts"), strict=True):
        assert await one.open(each, use) == await reader.open(each, use) == b"secret"
    assert (len(asked.asked), read.asked) == (2, ["decrypt"] * 2)
    clock.advance(KEPT_SECONDS + 1)
    await one.seal(b"secret", "carts")
    await reader.open(sealed[0], "carts")
    assert (len(asked.asked), len(read.asked)) == (3, 3)
    await one.close()
    await reader.close()


async def test_a_master_key_that_is_missing_is_an_outage(aws: AwsServer) -> None:
    keys = await choose.keys(Settings(keys_url=aws.url("kms", "alias/nobody-made-this")))
    with pytest.raises(Unavailable, match="kms refused: NotFound"):
        await keys.seal(b"x", "use")
    await keys.close()


async def test_kms_that_does_not_answer_is_unavailable(aws: AwsServer) -> None:
    keys = await choose.keys(Settings(keys_url="kms://banyan?region=eu-central-1&endpoint=http://127.0.0.1:1"))
    with pytest.raises(Unavailable, match="kms does not answer"):
        await keys.seal(b"x", "use")
    await keys.close()
