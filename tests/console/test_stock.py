"""Shelves are adjusted once and with a reason; settings, warehouses and holds are changed on what was read."""

from tests.console.browser import Browser
from tests.console.stage import Stage

ADJUSTMENTS = "/v1/stock/adjustments"


async def _question(operator: Browser, **typed: str):  # type: ignore[no-untyped-def]
    page = await operator.get("/console/stock/adjust?sku=SKU-0-M")
    return await operator.send(page, button="Go on", **{"reason": "stocktaking", **typed})


async def test_a_count_is_asked_about_and_then_booked(stage: Stage, operator: Browser) -> None:
    question = await _question(operator, kind="counted", units="7")
    assert "3 → 7" in question.text
    assert not stage.fakes.sent("POST", ADJUSTMENTS)
    done = await operator.send(question, button="Adjust the shelf")
    assert "The shelf is adjusted." in done.text
    (asked,) = stage.fakes.sent("POST", ADJUSTMENTS)
    expected = {"sku": "SKU-0-M", "warehouse_id": "wh_main", "kind": "counted", "reason": "stocktaking", "on_hand": 7}
    assert asked.body == expected


async def test_a_change_is_booked_once_however_often_it_is_sent(stage: Stage, operator: Browser) -> None:
    question = await _question(operator, kind="received", units="+10")
    for _ in range(3):
        await operator.send(question, button="Adjust the shelf")
    assert stage.fakes.levels["SKU-0-M"]["warehouses"][0]["on_hand"] == 13


async def test_damaged_units_are_fewer_without_a_minus(stage: Stage, operator: Browser) -> None:
    await operator.send(await _question(operator, kind="damaged", units="1"), button="Adjust the shelf")
    assert stage.fakes.sent("POST", ADJUSTMENTS)[0].body["change"] == -1


async def test_a_count_that_was_right_says_that_nothing_moved(operator: Browser) -> None:
    done = await operator.send(await _question(operator, kind="counted", units="3"), button="Adjust the shelf")
    assert "nothing moved" in done.text


async def test_an_adjustment_needs_a_number_and_a_reason(stage: Stage, operator: Browser) -> None:
    for typed in ({"units": "x"}, {"units": ""}, {"units": "5", "reason": ""}, {"units": "5", "kind": "stolen"}):
        assert (await _question(operator, **typed)).status == 422, typed
    assert not stage.fakes.sent("POST", ADJUSTMENTS)


async def test_less_than_is_set_aside_is_refused_in_place(stage: Stage, operator: Browser) -> None:
    refused = await operator.send(await _question(operator, kind="counted", units="1"), button="Adjust the shelf")
    assert refused.status == 409
    assert "more is set aside than would be left" in refused.text
    assert 'value="stocktaking"' in refused.html
    assert stage.fakes.levels["SKU-0-M"]["warehouses"][0]["on_hand"] == 3


async def test_settings_of_a_sku_are_saved_on_the_version_that_was_read(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/stock/item?sku=SKU-0-M")
    done = await operator.send(page, to="/console/stock/item", low_stock_at="9", backorder="yes")
    assert "Saved." in done.text
    assert stage.fakes.levels["SKU-0-M"]["low_stock_at"] == 9
    assert stage.fakes.levels["SKU-0-M"]["backorder"] is True
    stale = await operator.send(page, to="/console/stock/item", low_stock_at="1")
    assert stale.status == 412
    assert stage.fakes.levels["SKU-0-M"]["low_stock_at"] == 9
    assert (await operator.send(page, to="/console/stock/item", low_stock_at="x")).status == 422


async def test_a_stock_keeper_adjusts_and_a_merchandiser_only_looks(stage: Stage) -> None:
    keeper, merchandiser = await stage.signed_in("stock_keeper"), await stage.signed_in("merchandiser")
    assert "/console/stock/adjust" in (await keeper.get("/console/stock")).links
    assert "/console/stock/adjust" not in (await merchandiser.get("/console/stock")).links
    refused = await merchandiser.send(await _question(merchandiser, units="5"), button="Adjust the shelf")
    assert refused.status == 403
    assert "stock:write" in refused.text


async def test_a_carts_hold_is_ended_after_it_was_asked(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/reservations")
    assert [each.action for each in page.forms if "release" in each.action] == ["/console/reservations/res_2/release"]
    question = await operator.send(page, to="/console/reservations/res_2/release")
    assert stage.fakes.reservations["res_2"]["state"] == "held"
    done = await operator.send(question, button="End the hold")
    assert "The hold has ended" in done.text
    assert stage.fakes.reservations["res_2"]["state"] == "released"


async def test_a_warehouse_is_added_and_changed(stage: Stage, operator: Browser) -> None:
    page = await operator.get("/console/warehouses/new")
    done = await operator.send(page, to="/console/warehouses/new", name="Annex", country="fr", priority="5")
    assert "The warehouse is open." in done.text
    await operator.send(page, to="/console/warehouses/new", name="Annex", country="fr", priority="5")  # a double click
    (made,) = [each for each in stage.fakes.warehouses.values() if each["name"] == "Annex"]
    assert made["country"] == "FR"
    assert made["active"] is True
    at = f"/console/warehouses/{made['id']}"
    page = await operator.get(at)
    await operator.send(page, to=at, name="Annex II", but=("active",))
    assert made["name"] == "Annex II"
    assert made["active"] is False
    stale = await operator.send(page, to=at, name="Annex III")
    assert stale.status == 412
    assert "Annex II" in stale.text
    assert (await operator.send(page, to=at, priority="first")).status == 422
