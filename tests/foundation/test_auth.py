"""Who asks is known by a token of this shop only: its keys, its issuer, its audience, its kind, and its time."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from banyan.contracts.users import AskKeys, KeySet
from banyan.foundation.auth import GUEST, Authority, Principal
from banyan.foundation.peers import Local, Peers
from banyan.foundation.service import Ports
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Forbidden, Refusal, Unauthenticated, Unavailable

ISSUER = "https://shop.example"
OLD, NEW, STRANGERS = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}) for kid in "abx")


@dataclass
class Users:
    """The users service, as far as it is asked for keys; away while `away`."""

    keys: list[RSAKey] = field(default_factory=lambda: [OLD])
    away: bool = False
    asked: int = 0

    async def answer(self, _: Any, __: AskKeys) -> KeySet:
        self.asked += 1
        if self.away:
            raise Unavailable("users is away")
        return KeySet(jwks=json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}))


class World:
    """An authority, its clock, and the users it asks."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.users = Users()
        peers = Peers({}, clock=self.clock)
        absent: Any = object()
        ports: Ports = absent
        peers.add("users", Local(ports, {AskKeys: self.users.answer}, None))
        self.authority = Authority(peers, issuer=ISSUER, clock=self.clock)

    def claims(self, **other: object) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        whole = {"iss": ISSUER, "aud": "banyan", "sub": "usr_1", "sid": "ses_1", "iat": now, "exp": now + 600}
        return {name: value for name, value in {**whole, **other}.items() if value is not None}

    def token(self, key: RSAKey = OLD, *, typ: str = "at+jwt", **claims: object) -> str:
        return jwt.encode({"alg": "RS256", "typ": typ, "kid": key.kid}, self.claims(**claims), key)

    async def who(self, token: str) -> Principal:
        return await self.authority.principal(f"Bearer {token}")


@pytest.fixture
def world() -> World:
    return World()


def part(value: object) -> str:
    return (
        base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")
    )


async def test_a_token_of_the_shop_says_who_asks_and_what_they_may(world: World) -> None:
    who = await world.who(world.token(permissions=["stock:read"]))
    assert who == Principal("usr_1", "ses_1", frozenset({"stock:read"}))
    who.must("stock:read")
    with pytest.raises(Forbidden):
        who.must("stock:write")


@pytest.mark.parametrize(
    ("typ", "claims"),
    [
        ("JWT", {}),
        ("id+jwt", {}),
        ("", {}),
        ("at+jwt", {"iss": "https://other.example"}),
        ("at+jwt", {"iss": None}),
        ("at+jwt", {"aud": "console"}),
        ("at+jwt", {"aud": ["banyan", "console"]}),
        ("at+jwt", {"aud": None}),
        ("at+jwt", {"sub": 7}),
        ("at+jwt", {"sub": None}),
        ("at+jwt", {"exp": None}),
        ("at+jwt", {"exp": "9999999999"}),
        ("at+jwt", {"exp": 9999999999.5}),
        ("at+jwt", {"exp": True}),
        ("at+jwt", {"iat": None}),
        ("at+jwt", {"iat": 9999999999}),
    ],
)
async def test_a_token_that_says_anything_else_is_refused(world: World, typ: str, claims: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await world.who(world.token(typ=typ, **claims))
    assert refused.value.code == "invalid_token"


async def test_a_token_nobody_signed_is_refused(world: World) -> None:
    for alg in ("none", "None", "RS384"):
        header = part({"alg": alg, "typ": "at+jwt", "kid": "a"})
        with pytest.raises(Unauthenticated):
            await world.who(f"{header}.{part(world.claims())}.{part(b'x' * 256)}")
        with pytest.raises(Unauthenticated):
            await world.who(f"{header}.{part(world.claims())}.")


async def test_a_token_signed_with_our_public_key_as_a_secret_is_refused(world: World) -> None:
    head = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'a'})}.{part(world.claims())}"
    for secret in (OLD.as_pem(private=False), json.dumps(OLD.as_dict(private=False)).encode(), b""):
        with pytest.raises(Unauthenticated):
            await world.who(f"{head}.{part(hmac.new(secret, head.encode(), sha256).digest())}")


async def test_a_token_of_another_key_is_refused_whatever_key_it_names(world: World) -> None:
    forged = jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "a"}, world.claims(), STRANGERS)
    for token in (world.token(STRANGERS), forged):
        with pytest.raises(Unauthenticated):
            await world.who(token)


async def test_one_changed_letter_is_refused(world: World) -> None:
    head, body, signature = world.token().split(".")
    stolen = part(world.claims(permissions=["operate"]))
    for token in (
        f"{head}.{stolen}.{signature}",
        f"{head}.{body}.{('B' if signature[0] == 'A' else 'A') + signature[1:]}",
    ):
        with pytest.raises(Unauthenticated):
            await world.who(token)


@pytest.mark.parametrize(
    "text", ["Basic YTpi", "Bearer", "Bearer ", "bearer\t", "Bearer a b", "Bearer é.é.é", "Bearer " + "a" * 9000]
)
async def test_what_is_no_token_is_refused_and_nobody_is_asked(world: World, text: str) -> None:
    with pytest.raises(Unauthenticated):
        await world.authority.principal(text)
    assert world.users.asked == 0


async def test_a_token_ends_when_it_says_and_half_a_minute_of_grace(world: World) -> None:
    token = world.token()
    world.clock.advance(629)
    assert (await world.who(token)).user_id == "usr_1"
    world.clock.advance(2)
    for authority in (world.authority, Authority(world.authority._peers, issuer=ISSUER, clock=world.clock)):
        with pytest.raises(Unauthenticated) as refused:
            await authority.principal(f"Bearer {token}")
        assert refused.value.code == "token_expired"


async def test_a_new_key_is_found_when_a_token_names_it_and_the_old_one_goes_on(world: World) -> None:
    before = world.token()
    await world.who(before)
    world.users.keys = [NEW, OLD]
    world.clock.advance(6)
    assert (await world.who(world.token(NEW))).user_id == "usr_1"
    assert (await world.who(before)).user_id == "usr_1"
    assert world.users.asked == 2


async def test_forged_tokens_make_us_ask_for_keys_once_in_five_seconds(world: World) -> None:
    await world.who(world.token())
    world.clock.advance(6)
    for _ in range(50):
        with pytest.raises(Unauthenticated):
            await world.who(world.token(STRANGERS))
    assert world.users.asked == 2


async def test_a_key_taken_back_ends_its_tokens_within_five_minutes_known_ones_too(world: World) -> None:
    token = world.token(exp=int(world.clock.now().timestamp()) + 900)
    await world.who(token)
    world.users.keys = [NEW]
    world.clock.advance(299)
    await world.who(token)
    world.clock.advance(2)
    with pytest.raises(Unauthenticated):
        await world.who(token)


async def test_while_users_is_away_those_signed_in_go_on_and_nobody_waits_for_it_each_time(world: World) -> None:
    known = world.token(exp=int(world.clock.now().timestamp()) + 900)
    await world.who(known)
    world.users.away = True
    world.clock.advance(400)
    for number in range(20):
        assert (await world.who(known)).user_id == "usr_1"
        assert (await world.who(world.token(jti=str(number)))).user_id == "usr_1"
    assert world.users.asked == 2
    world.users.away = False
    world.users.keys = [NEW]
    world.clock.advance(6)
    with pytest.raises(Unauthenticated):
        await world.who(known)


async def test_who_never_had_keys_says_that_users_is_away_and_asks_again(world: World) -> None:
    world.users.away = True
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            await world.who(world.token())
        assert refused.value.status == 503
    world.users.away = False
    assert (await world.who(world.token())).user_id == "usr_1"


async def test_a_guest_is_nobody_and_a_cart_token_is_a_cart_only(world: World) -> None:
    cart = "ct_" + "a" * 43
    assert await world.authority.principal() == GUEST
    by_header, by_cookie = await world.who(cart), await world.authority.principal("", cart)
    assert by_header == by_cookie == Principal(cart_token=cart)
    assert by_cookie.caller.startswith("cart:")
    assert cart not in by_cookie.caller
    for who in (GUEST, by_cookie):
        with pytest.raises(Unauthenticated):
            who.must("stock:read")
    assert await world.authority.principal("", "ct_short") == GUEST
    both = await world.authority.principal(f"Bearer {world.token()}", cart)
    assert (both.user_id, both.cart_token, both.caller) == ("usr_1", cart, "usr_1")
