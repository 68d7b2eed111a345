"""A key is shown once, where it was made; what ends or replaces one is asked first."""

from tests.console.browser import Browser
from tests.console.stage import Stage


async def test_a_key_is_made_and_shown_once(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/keys/new")
    assert "stock:read" in page.html
    assert "users:write" not in page.form("/console/keys/new").fields
    fields = [each for each in page.form("/console/keys/new").fields if each[0] not in ("name", "scope", "days")]
    typed = [*fields, ("name", "Scanner"), ("scope", "stock:read"), ("days", "30")]
    made = await operator.post("/console/keys/new", typed)
    key = next(iter(stage.fakes.keys.values()))["key"]
    assert (made.status, key in made.text) == (201, True)
    assert stage.fakes.asked[-1].body == {"name": "Scanner", "scopes": ["stock:read"], "days": 30}
    listed = await operator.get("/console/keys")
    assert "Scanner" in listed.text
    assert key not in listed.html


async def test_what_is_wrong_is_told_at_its_field(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/keys/new")
    fields = [each for each in page.form("/console/keys/new").fields if each[0] not in ("name", "scope", "days")]
    none = await operator.post("/console/keys/new", [*fields, ("name", "x"), ("days", "30")])
    assert (none.status, "Choose one at least." in none.text) == (422, True)
    no_number = await operator.post("/console/keys/new", [*fields, ("name", "x"), ("days", "soon")])
    assert "A whole number, please." in no_number.text
    assert not stage.fakes.keys


async def test_rotating_and_revoking_are_asked_first(stage: Stage, operator: Browser) -> None:
    user = next(each for each in stage.fakes.users.values() if each["roles"] == ["operator"])
    stage.fakes.keys["apk_1"] = {
        "id": "apk_1",
        "user_id": user["id"],
        "name": "Scanner",
        "hint": "wxyz",
        "scopes": ["stock:read"],
        "state": "active",
        "expires_at": "2027-01-01T00:00:00Z",
    }
    question = await operator.send(await operator.get("/console/keys"), to="/console/keys/apk_1/rotate")
    assert len(stage.fakes.keys) == 1
    assert "bk_rotated" in (await operator.send(question, button="Rotate the key")).text
    question = await operator.send(await operator.get("/console/keys"), to="/console/keys/apk_1/revoke")
    assert stage.fakes.keys["apk_1"]["state"] == "active"
    assert "The key is revoked." in (await operator.send(question, button="Revoke the key")).text
    assert stage.fakes.keys["apk_1"]["state"] == "revoked"
