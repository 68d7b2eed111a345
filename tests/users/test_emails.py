"""When two spellings are one account, and which are no address at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.users.domain.emails import parse

_ATEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-"
atoms = st.text(_ATEXT, min_size=1, max_size=12)
locals_ = st.lists(atoms, min_size=1, max_size=3).map(".".join)
labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
domains = st.builds(
    lambda parts, top: ".".join([*parts, top]), st.lists(labels, min_size=1, max_size=3), st.just("com")
)
addresses = st.builds("{}@{}".format, locals_, domains)


@given(addresses)
def test_case_never_makes_another_account(address: str) -> None:
    assert parse(address.upper()).canonical == parse(address.lower()).canonical == parse(address).canonical


@given(addresses)
def test_plain_addresses_are_compared_in_lower_case_and_mailed_as_written(address: str) -> None:
    email = parse(f"  {address} ")
    assert email.canonical == address.lower()
    assert email.raw == address
    assert email.mailbox == address.partition("@")[0] + "@" + address.partition("@")[2].lower()


@given(atoms, atoms, domains)
def test_tags_and_dots_are_part_of_the_name_elsewhere(one: str, other: str, domain: str) -> None:
    spellings = {parse(f"{one}{between}{other}@{domain}").canonical for between in ("", ".", "+", "-")}
    assert len(spellings) == 4


names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=9)  # six of them are 64 bytes at most
providers = st.sampled_from(["gmail.com", "googlemail.com", "GMail.com", "GOOGLEMAIL.COM"])


@given(st.lists(names, min_size=1, max_size=4), st.lists(names, max_size=2), providers)
def test_gmail_hears_no_dots_no_tags_and_two_names(parts: list[str], tags: list[str], provider: str) -> None:
    spelt = "+".join([".".join(parts), *tags])
    assert parse(f"{spelt}@{provider}").canonical == f"{''.join(parts)}@gmail.com"
    assert parse(f"{spelt}@{provider}").mailbox == f"{spelt}@{provider.lower()}"


@given(st.text("\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0455", min_size=1, max_size=12))
def test_a_name_that_only_looks_latin_is_the_latin_one(cyrillic: str) -> None:
    latin = cyrillic.translate(str.maketrans("\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0455", "aceopxyis"))
    assert parse(f"{cyrillic}@example.com").canonical == parse(f"{latin}@example.com").canonical


@given(
    st.text("abcdefgh", min_size=1, max_size=5),
    st.text("\u0430\u0431\u0432\u0433\u03b4\u03bb\u0561\u05d0\u0627", min_size=1, max_size=5),
)
def test_scripts_are_not_mixed(latin: str, other: str) -> None:
    for text in (f"{latin}{other}@example.com", f"{other}{latin}@example.com", f"ada@{latin}{other}.com"):
        with pytest.raises(ValueError):
            parse(text)


@given(st.text(max_size=40))
def test_any_text_is_refused_or_read_the_same_however_it_is_spelt(text: str) -> None:
    for attempt in (text, f"{text}@example.com", f"a@{text}.com"):
        try:
            email = parse(attempt)
        except ValueError:
            continue
        assert email.canonical == parse(email.canonical).canonical
        assert email.canonical == parse(email.mailbox).canonical
        assert email.canonical == parse(unicodedata.normalize("NFD", attempt)).canonical
        assert email.canonical.count("@") == 1
        assert unicodedata.is_normalized("NFKC", email.canonical)
        assert email.canonical.partition("@")[2].isascii()
        assert not any(unicodedata.category(each)[0] in "CZ" for each in email.canonical + email.mailbox)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@bücher.example"),
        ("ada@例え。テスト", "ada@例え.テスト"),
        ("ａｄａ@ｅｘａｍｐｌｅ．com", "ada@example.com"),
        ("jos\u00e9@example.com", "JOSE\u0301@EXAMPLE.COM"),
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("\u1e9e@example.com", "ss@example.com"),
        ("\u212bngstrom@example.com", "\u00e5ngstrom@example.com"),
        ("\u03bf\u03c2@example.com", "\u039f\u03a3@example.com"),
        ("A.d.a+shop@GMail.com", "ada@googlemail.com"),
        ("ad\u0131@example.com", "adi@example.com"),  # Turkish dotless \u0131 looks like i
        ("\u0441\u043e\u0441\u043e@example.com", "coco@example.com"),  # Cyrillic, every letter
        ("\u03bf\u03bd\u03bf@example.com", "ovo@example.com"),  # Greek, every letter
    ],
)
def test_these_are_one_account(one: str, other: str) -> None:
    assert parse(one).canonical == parse(other).canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada+shop@example.com", "ada@example.com"),
        ("a.da@example.com", "ada@example.com"),
        ("ada@stra\u00dfe.example", "ada@strasse.example"),  # IDNA 2008: two domains, two owners
        ("\u0441\u0430\u0448\u0430@example.com", "cawa@example.com"),  # Cyrillic, and one letter of it looks like none
        ("+tag@gmail.com", "@gmail.com".join(("tag", ""))),
        ("ada@www.example.com", "ada@example.com"),
    ],
)
def test_these_are_two_accounts(one: str, other: str) -> None:
    assert parse(one).canonical != parse(other).canonical


def test_mail_goes_to_the_spelling_that_was_given_not_to_the_folded_one() -> None:
    assert parse("Stra\u00dfe@B\u00dcCHER.example").mailbox == "Stra\u00dfe@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a@",
        "@example.com",
        "a",
        "a@b",
        "a@b@example.com",
        "a\uff20b@example.com",
        "a@example.com.",
        "a@example\u3002com\u3002",
        "a@.example.com",
        "a@ex..com",
        "a.@example.com",
        ".a@example.com",
        "a..b@example.com",
        '"a b"@example.com',
        "a b@example.com",
        "a,b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a\x00@example.com",
        "a\u200b@example.com",
        "a\u200d@example.com",
        "a\ufeff@example.com",
        "a\u00ad@example.com",
        "a\u034f@example.com",
        "a\u3164@example.com",
        "a\ufe0f@example.com",
        "a\u202e@example.com",
        "a@exam\u200bple.com\u200b ",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@exa_mple.com",
        "\u0430da@example.com",  # Cyrillic а among Latin letters
        "ada@p\u0430ypal.com",
        "ada@\u0430\u0440\u0440\u04cf\u0435.com",  # all Cyrillic, and looks like another domain
        "ada@xn--80ak6aa92e.com",  # … the same as it travels
        "a@-example.com",
        "a@xn--a.com",
        "\u00a8a@example.com",
        "\ud800@example.com",
        "a@\ud800.com",
        "a" * 65 + "@example.com",
        "ä" * 33 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "b." * 130 + "com",
        "a" * 100_000,
    ],
)
def test_these_are_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
