"""Wrong settings stop the start and say what is known; secrets are never printed."""

import pytest

from banyan.foundation import settings
from banyan.foundation.settings import WrongSettings


def test_an_unknown_setting_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(WrongSettings, match=r"BANYAN_CURENCY is not a setting. Did you mean BANYAN_CURRENCY\?"):
        settings.read({"BANYAN_CURENCY": "EUR"})


def test_other_programs_variables_are_left_alone() -> None:
    assert settings.read({"PATH": "/bin", "HOME": "/"}).currency == "EUR"


@pytest.mark.parametrize(
    ("name", "value"),
    [("CURRENCY", "euro"), ("POOL_SIZE", "2"), ("HOLD_AT", "sometimes"), ("ACCESS_TOKEN_SECONDS", "3600")],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(WrongSettings, match=f"BANYAN_{name}"):
        settings.read({f"BANYAN_{name}": value})


def test_secrets_are_not_in_what_is_printed() -> None:
    read = settings.read({"BANYAN_PEER_SECRET": "hunter2", "BANYAN_POSTGRES_URL": "postgresql://u:hunter2@h/d"})
    assert "hunter2" not in repr(read)
    assert read.peer_secret.get_secret_value() == "hunter2"


def test_a_wrong_secret_is_not_shown_in_the_refusal() -> None:
    with pytest.raises(WrongSettings) as refused:
        settings.read({"BANYAN_POOL_SIZE": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_options_win_over_the_environment() -> None:
    assert settings.read({"BANYAN_CURRENCY": "USD"}, currency="GBP", shop_name=None).currency == "GBP"


def test_stripes_script_comes_from_stripe_alone_in_production() -> None:
    elsewhere = {"BANYAN_STRIPE_JS_URL": "http://127.0.0.1:12111/v3/stripe.js"}
    assert settings.read(elsewhere).stripe_js_url.startswith("http://127.0.0.1")
    for url in (*elsewhere.values(), "https://js.stripe.com.evil.test/v3/", "http://js.stripe.com/v3/", "https://x@y/"):
        with pytest.raises(WrongSettings, match="BANYAN_STRIPE_JS_URL"):
            settings.read({"BANYAN_ENVIRONMENT": "production", "BANYAN_STRIPE_JS_URL": url})
    assert settings.read({"BANYAN_ENVIRONMENT": "production"}).stripe_js_url.startswith("https://js.stripe.com/")


def test_an_address_of_stripes_script_adds_nothing_to_a_policy() -> None:
    for url in ("https://a.test/x; script-src *", "https://a.test/ https://b.test/", "javascript:1", "https://a.test"):
        with pytest.raises(WrongSettings, match="BANYAN_STRIPE_JS_URL"):
            settings.read({"BANYAN_STRIPE_JS_URL": url})
