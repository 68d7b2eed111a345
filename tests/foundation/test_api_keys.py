"""A key says by itself that it is one, is asked after at most every 30 seconds, and no longer works when users says so."""

import pytest

from banyan.contracts.users import AskApiKey, HeldKey, KeyHolder
from banyan.foundation.api_keys import REMEMBERED_SECONDS, Keyring, digest, looks_real, make
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Unauthenticated, Unavailable

KEY = make(bytes(range(32)))
HOLDER = KeyHolder(
    key_id="apk_1", user_id="usr_1", scopes=("stock:read", "stock:write"), permissions=("orders:read", "stock:read")
)


class Users:
    """Says who stands behind a key; None: does not answer."""

    def __init__(self) -> None:
        self.held: HeldKey | None = HeldKey(holder=HOLDER)
        self.asked: list[str] = []

    async def ask(self, call: AskApiKey) -> HeldKey:
        self.asked.append(call.digest)
        if self.held is None:
            raise Unavailable("users is away")
        return self.held


@pytest.fixture
def users() -> Users:
    return Users()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def ring(users: Users, clock: VirtualClock) -> Keyring:
    return Keyring(users, clock)  # type: ignore[arg-type]


def test_a_key_is_known_by_its_shape_and_checksum() -> None:
    assert KEY.startswith("bk_")
    assert len(KEY) == 52
    assert looks_real(KEY)
    assert make(b"\0" * 32) != make(b"\1" * 32)


@pytest.mark.parametrize(
    "text", ["", "bk_", KEY[:-1], KEY + "0", KEY.replace("bk_", "sk_"), KEY[:10] + "!" + KEY[11:], KEY[:-1] + "!"]
)
def test_what_is_no_key_is_not_taken_for_one(text: str) -> None:
    assert not looks_real(text)


@pytest.mark.parametrize("place", [3, 20, 45, 51])
def test_a_key_with_another_character_is_none(place: int) -> None:
    other = "a" if KEY[place] != "a" else "b"
    assert not looks_real(KEY[:place] + other + KEY[place + 1 :])


async def test_a_key_may_do_what_both_it_and_its_maker_may(ring: Keyring) -> None:
    who = await ring.principal(KEY)
    assert (who.user_id, who.key_id, who.caller) == ("usr_1", "apk_1", "apk_1")
    assert who.permissions == {"stock:read"}
    assert who.scopes == {"stock:read", "stock:write"}


async def test_users_is_asked_by_digest_and_once_in_thirty_seconds(
    ring: Keyring, users: Users, clock: VirtualClock
) -> None:
    await ring.principal(KEY)
    await ring.principal(KEY)
    assert users.asked == [digest(KEY)]
    clock.advance(REMEMBERED_SECONDS + 1)
    await ring.principal(KEY)
    assert len(users.asked) == 2


async def test_a_revoked_key_works_no_longer_than_thirty_seconds(
    ring: Keyring, users: Users, clock: VirtualClock
) -> None:
    await ring.principal(KEY)
    users.held = HeldKey(holder=None)
    clock.advance(REMEMBERED_SECONDS + 1)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await ring.principal(KEY)
    assert len(users.asked) == 2  # that it is refused is remembered, too


async def test_what_is_no_key_is_refused_without_asking(ring: Keyring, users: Users) -> None:
    with pytest.raises(Unauthenticated):
        await ring.principal(KEY[:-1] + ("a" if KEY[-1] != "a" else "b"))
    assert users.asked == []


async def test_a_key_that_nobody_can_ask_after_is_not_guessed_at(ring: Keyring, users: Users) -> None:
    users.held = None
    with pytest.raises(Unavailable):
        await ring.principal(KEY)
