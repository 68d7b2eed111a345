"""Every token of hostile_tokens.json is refused as its line says, and nothing is changed by it (RFC 8725, RFC 9068)."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from banyan.foundation import jose
from banyan.users import actions, signing
from banyan.users.domain.outside import NotBelieved, person
from banyan.users.providers import ALGORITHMS
from banyan.users.storage import signing_keys
from tests.users.desk import Desk
from tests.users.oauth.application import Application, state_of
from tests.users.oauth.workshop import Workshop

LIST: list[dict[str, Any]] = json.loads((Path(__file__).parent / "hostile_tokens.json").read_text("utf-8"))
ACCESS = {each["name"]: each for each in LIST if each["as"] == "access"}
ID = {each["name"]: each for each in LIST if each["as"] == "id"}
KEY = RSAKey.generate_key(2048, {"kid": "theirs", "use": "sig", "alg": "RS256"})
NOW = 1_700_000_000


async def _signing_key(desk: Desk) -> RSAKey:
    sealed = await signing_keys.signing(desk.ports.db)
    assert sealed
    return await signing.open_sealed(desk.ports.keys, sealed.kid, sealed.sealed)


@pytest.fixture(scope="module")
async def workshops(desk: Desk) -> dict[str, Workshop]:
    """For access tokens of the shop, and for its ID tokens."""
    made = await desk.newcomer()
    retired = await _signing_key(desk)
    await actions.replace_keys(desk.ports)
    desk.shop.authority._fetched = desk.shop.authority._looked = float("-inf")
    fresh = (await desk.refresh(made["refresh_token"])).json()["access_token"]
    got = await (await Application.registered(desk)).tokens(fresh, scope="openid")
    now, key = int(desk.ports.clock.now().timestamp()), await _signing_key(desk)
    return {
        "access": Workshop(fresh, key, now, retired=retired),
        "id": Workshop(got["id_token"], key, now),
    }


def test_the_list_is_long_enough_and_every_line_is_another() -> None:
    assert len(LIST) >= 150
    assert len(ACCESS) + len(ID) == len(LIST)


@pytest.mark.parametrize("name", ACCESS)
async def test_a_hostile_access_token_is_refused_and_nothing_is_changed(
    desk: Desk, workshops: dict[str, Workshop], name: str
) -> None:
    line = ACCESS[name]
    base = line.get("base", "access")
    token = workshops[base].token if base == "id" and "header" not in line else workshops[base].make(line)
    before = await state_of(desk)
    answer = await desk.ask("GET", "/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status, answer.json()["code"]) == (401, line["refused"]), name
    assert (answer.header("www-authenticate") or "").startswith("Bearer error=")
    assert await state_of(desk) == before
    assert (await desk.ask("GET", "/v1/me", token=workshops["access"].token)).status == 200  # the true one still holds


@pytest.fixture(scope="module")
def theirs() -> Workshop:
    """For ID tokens of an outside provider."""
    claims = {
        "iss": "https://id.example",
        "aud": "shop",
        "azp": "shop",
        "sub": "their name for her",
        "nonce": "of this browser",
        "iat": NOW,
        "exp": NOW + 600,
        "email": "ada@example.com",
        "email_verified": True,
    }
    told = {"nonce": "of this browser", "client": "shop", "secret": "a secret of the client, long enough"}
    return Workshop(jwt.encode({"alg": "RS256", "typ": "JWT", "kid": "theirs"}, claims, KEY), KEY, NOW, told)


def _believed(token: str) -> str:
    keys = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
    claims = jose.claims(token, keys, algorithms=ALGORITHMS, types=frozenset({"jwt", ""}))
    given = {"issuer": "https://id.example", "client_id": "shop", "nonce": "of this browser", "access_token": "at"}
    return person(claims, **given, now=float(NOW)).subject


@pytest.mark.parametrize("name", ID)
def test_a_hostile_id_token_of_a_provider_is_not_believed(theirs: Workshop, name: str) -> None:
    assert _believed(theirs.token) == "their name for her"
    with pytest.raises((jose.NotTrusted, NotBelieved)) as refused:
        _believed(theirs.make(ID[name]))
    assert (str(refused.value) or "not trusted") == ID[name]["refused"]


def test_a_provider_may_leave_out_what_is_not_required(theirs: Workshop) -> None:
    for make in ({"drop_header": ["typ"]}, {"drop_header": ["kid"]}, {"claims": {"aud": ["shop"]}, "drop": ["azp"]}):
        assert _believed(theirs.make({**make, "sign": "true"})) == "their name for her"
