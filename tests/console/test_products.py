"""Products are edited on the version that was read; prices are asked about first."""

from tests.console.browser import Browser
from tests.console.stage import Stage, money

AT = "/console/products/prd_0"


async def test_only_what_was_typed_otherwise_is_sent(stage: Stage, operator: Browser) -> None:
    done = await operator.send(await operator.get(AT), to=AT, name="Storm jacket", status="draft")
    (asked,) = stage.fakes.sent("PATCH", "/v1/products/prd_0")
    assert asked.body == {"name": "Storm jacket", "status": "draft"}
    assert asked.headers["if-match"] == '"3.7"'
    assert "Saved." in done.text
    assert stage.product["description"] == "Keeps the rain out.\nPacks small."


async def test_a_form_sent_untouched_changes_nothing(stage: Stage, operator: Browser) -> None:
    page = await operator.send(await operator.get(AT), to=AT, description="Keeps the rain out.\r\nPacks small.")
    assert "Nothing was changed" in page.text
    assert not stage.fakes.sent("PATCH", ".*")


async def test_what_changed_meanwhile_is_shown_and_saving_again_keeps_both_edits(
    stage: Stage, operator: Browser
) -> None:
    page = await operator.get(AT)
    stage.product |= {"name": "Rain jacket", "status": "archived", "version": 4}
    stale = await operator.send(page, to=AT, name="Storm jacket", description="Dry.")
    assert stale.status == 412
    for words in ("What changed meanwhile", "Trail jacket", "Rain jacket", "Storm jacket", "archived"):
        assert words in stale.text
    assert stage.product["name"] == "Rain jacket"
    await operator.send(stale, to=AT)
    assert stage.product["name"] == "Storm jacket"
    assert stage.product["description"] == "Dry."
    assert stage.product["status"] == "archived"  # what only the other changed is kept


async def test_an_edit_that_is_sent_twice_is_saved_once_and_no_conflict(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    for _ in range(2):
        done = await operator.send(page, to=AT, name="Storm jacket")
        assert "Saved." in done.text
    assert stage.product["version"] == 4


async def test_what_the_catalogue_refuses_is_shown_at_its_field(stage: Stage, operator: Browser) -> None:
    refused = await operator.send(await operator.get(AT), to=AT, name="")
    assert refused.status == 422
    assert 'aria-describedby="e-name"' in refused.html
    assert "at least 1 character" in refused.text
    assert stage.product["name"] == "Trail jacket"


async def test_who_may_not_write_the_catalogue_is_shown_no_form_and_refused(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    support = await stage.signed_in("support")
    seen = await support.get(AT)
    assert [each.action for each in seen.forms if each.action.startswith("/console/products")] == [f"{AT}/prices"]
    assert "name=" not in seen.html.partition("Words and state")[2].partition("</section>")[0]
    fields = [each for each in page.form(AT).fields if each[0] != "seal"]
    seal = dict(seen.form("/console/sign-out").fields)["seal"]
    refused = await support.post(AT, [*fields, ("name", "Mine"), ("seal", seal)])
    assert refused.status == 403
    assert stage.product["name"] == "Trail jacket"


async def test_new_prices_are_asked_about_and_then_saved_one_after_the_other(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    typed = {"price:EUR:SKU-0-S": "119", "price:USD:SKU-0-M": "1,140.50"}
    question = await _send_prices(operator, page, typed)
    assert "129.00 → 119.00\xa0EUR" in question.html
    assert not stage.fakes.sent("PUT", ".*")
    done = await operator.send(question, button="Save the prices")
    assert "The prices are saved." in done.text
    first, second = stage.fakes.sent("PUT", ".*")
    assert (first.path, first.body) == ("/v1/products/prd_0/variants/SKU-0-S/prices/EUR", {"amount": 11_900})
    assert (second.headers["if-match"], second.body) == ('"4.7"', {"amount": 114_050})
    assert not stage.fakes.sent("DELETE", ".*")


async def test_an_empty_price_takes_it_away_after_the_others_are_set(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    question = await _send_prices(operator, page, {"price:EUR:SKU-0-S": "", "price:USD:SKU-0-S": "150"})
    await operator.send(question, button="Save the prices")
    moved = [each.method for each in stage.fakes.asked if "/prices/" in each.path]
    assert moved == ["PUT", "DELETE"]
    assert stage.product["variants"][0]["prices"] == [money(15_000, "USD")]


async def test_a_price_in_another_currency_is_added(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    question = await _send_prices(operator, page, {"add_currency": "jpy", "price::SKU-0-L": "21000"})
    await operator.send(question, button="Save the prices")
    assert money(21_000, "JPY") in stage.product["variants"][2]["prices"]
    assert "JPY" in (await operator.get(AT)).text


async def test_what_is_no_price_is_shown_at_its_field_and_nothing_is_saved(stage: Stage, operator: Browser) -> None:
    page = await operator.get(AT)
    for wrong in ("x", "1.999", "-5", "0", "1e999"):
        refused = await _send_prices(operator, page, {"price:EUR:SKU-0-S": wrong, "price:EUR:SKU-0-M": "10"})
        assert refused.status == 422, wrong
        assert 'aria-invalid="true"' in refused.html
        assert 'value="10"' in refused.html
    refused = await _send_prices(operator, page, {"add_currency": "euros", "price::SKU-0-S": "1"})
    assert refused.status == 422
    assert not stage.fakes.sent("PUT", ".*")


async def test_a_price_that_changed_meanwhile_is_shown(stage: Stage, operator: Browser) -> None:
    question = await _send_prices(operator, await operator.get(AT), {"price:EUR:SKU-0-S": "119"})
    stage.product["variants"][0]["prices"][0] = money(9_900)
    stage.product["version"] = 8
    stale = await operator.send(question, button="Save the prices")
    assert stale.status == 412
    assert "What changed meanwhile" in stale.text
    assert "99.00" in stale.text
    assert stage.product["variants"][0]["prices"][0] == money(9_900)


async def test_prices_that_are_sent_twice_are_saved_and_no_conflict(stage: Stage, operator: Browser) -> None:
    question = await _send_prices(operator, await operator.get(AT), {"price:EUR:SKU-0-S": "119"})
    for _ in range(2):
        done = await operator.send(question, button="Save the prices")
        assert "The prices are saved." in done.text


async def test_a_product_with_many_variants_is_shown_part_by_part(stage: Stage, operator: Browser) -> None:
    one = stage.product["variants"][0]
    stage.product["variants"] = [one | {"sku": f"V-{number}"} for number in range(60)]
    first = await operator.get(AT)
    assert "V-24" in first.text
    assert "V-25" not in first.text
    last = await operator.get(f"{AT}?page=3")
    assert "V-59" in last.text
    assert "Further variants" not in last.text
    assert (await operator.get(f"{AT}?page=999999")).status == 200


async def _send_prices(operator: Browser, page: object, typed: dict[str, str]):  # type: ignore[no-untyped-def]
    form = page.form(f"{AT}/prices")  # type: ignore[attr-defined]
    return await operator.post(form.action, [(name, typed.get(name, value)) for name, value in form.fields])
