"""A legacy database's URL is understood, or refused without showing its password."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation.settings import WrongSettings
from banyan.move.source import Source
from banyan.move.source.address import Address


def test_all_parts_of_a_url_are_read() -> None:
    address = Address.of("mysql://us%40er:p%2Fw%3F@db.example:3310/shop?ssl=required")
    assert (address.user, address.password, address.host, address.port) == ("us@er", "p/w?", "db.example", 3310)
    assert (address.database, address.ssl, address.name) == ("shop", "required", "db.example:3310/shop")


def test_what_is_left_out_has_its_usual_value() -> None:
    address = Address.of("mariadb://root@/shop?socket=/run/mysqld.sock")
    assert (address.host, address.port, address.password) == ("127.0.0.1", 3306, "")
    assert address.name == "/run/mysqld.sock/shop"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:geheim@h/d", "begins with postgresql://"),
        ("", "begins with nothing"),
        ("mysql://u:geheim@h", "no database"),
        ("mysql://u:geheim@h/", "no database"),
        ("mysql://:geheim@h/d", "no user"),
        ("mysql://u:geheim@h:99999/d", "cannot be read"),
        ("mysql://u:geheim@h:x/d", "cannot be read"),
        ("mysql://u:geheim@h/d?ssl=perhaps", "unknown ssl"),
        ("mysql://u:geheim@h/d?charset=utf8", "'charset'"),
        ("mysql://u:geheim@h/d?ssl_ca=/no/such", "/no/such"),
    ],
)
def test_a_wrong_url_is_refused_in_words(url: str, told: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        Source(url)
    assert told in str(refused.value)
    assert "geheim" not in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, "mysql://" + text, "mysql://u:p@h/" + text):
        with suppress(WrongSettings):
            assert Address.of(url).database


def test_the_password_is_not_shown() -> None:
    source = Source("mysql://u:geheim@h/d")
    assert "geheim" not in repr(source) + repr(source.address) + source.name
