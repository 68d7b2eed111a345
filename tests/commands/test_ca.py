"""`banyan ca`: an authority is made once, its certificates hold for whom and how long they say, and it changes in three steps."""

import os
import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509
from typer.testing import CliRunner

from banyan.commands import ca
from banyan.foundation.identity.authority import Authority
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.kernel.refusals import Conflict, NotFound
from tests.process.cli import banyan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an authority in it."""
    made = tmp_path / "identity"
    assert said("init", "--into", made).stdout == f"{made}/ca.pem\n"
    return made


def said(*words: object) -> Result:
    done = CliRunner().invoke(ca.app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def issued(folder: Path, name: str) -> x509.Certificate:
    """The certificate of a service, signed by an authority that is trusted."""
    leaf = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    [signer] = [each for each in trusted(folder) if each.subject == leaf.issuer]
    leaf.verify_directly_issued_by(signer)
    return leaf


def trusted(folder: Path) -> Sequence[x509.Certificate]:
    return x509.load_pem_x509_certificates((folder / "ca.pem").read_bytes())


def names(leaf: x509.Certificate) -> set[str]:
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in found}


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_authority_is_made_once_and_its_key_is_for_nobody_else(folder: Path) -> None:
    assert stat.S_IMODE(os.stat(folder / "ca.key").st_mode) == 0o600
    before = files(folder)
    with pytest.raises(Conflict, match="banyan ca rotate"):
        said("init", "--into", folder)
    assert files(folder) == before


def test_a_certificate_holds_for_its_service_its_hosts_and_its_hours(folder: Path) -> None:
    told = said("issue", "orders", "--host", "orders.internal", "--host", "10.0.0.7", "--hours", 5, "--into", folder)
    leaf = issued(folder, "orders")
    assert told.stdout == f"{folder}/orders.pem holds until {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC\n"
    assert names(leaf) == {
        *("spiffe://banyan/orders", "orders", "localhost", "127.0.0.1"),
        *("orders.internal", "10.0.0.7"),
    }
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(hours=5, minutes=5)
    assert stat.S_IMODE(os.stat(folder / "orders.pem").st_mode) == 0o600


def test_several_services_get_a_certificate_each(folder: Path) -> None:
    assert len(said("issue", "users", "gateway", "--into", folder).stdout.splitlines()) == 2
    assert names(issued(folder, "users")).isdisjoint(names(issued(folder, "gateway")) - {"localhost", "127.0.0.1"})


@pytest.mark.parametrize("name", ["ca", "../orders", "Orders", "orders.pem", "-", "örders", ""])
def test_what_is_no_name_of_a_service_is_refused_and_nobody_gets_anything(folder: Path, name: str) -> None:
    before = files(folder)
    with pytest.raises(WrongSettings, match="is no name of a service"):
        said("issue", "--into", folder, "--", "users", name)
    assert files(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("words", [(), ("orders", "--due")])
def test_either_services_are_named_or_those_that_are_due(folder: Path, words: tuple[str, ...]) -> None:
    before = files(folder)
    with pytest.raises(WrongSettings, match="name services, or say --due"):
        said("issue", *words, "--into", folder)
    assert files(folder) == before


def test_only_what_has_lived_two_thirds_of_its_time_is_renewed_with_the_same_names(folder: Path) -> None:
    clock = SystemClock()
    authority, old = Authority(folder, SystemIds(clock)), clock.now() - timedelta(hours=50)
    authority.issue("orders", old, hosts=("orders.internal",), hours=72)
    authority.issue("users", old, hours=720)
    before, young = issued(folder, "orders"), (folder / "users.pem").read_bytes()
    [line] = said("issue", "--due", "--into", folder).stdout.splitlines()
    assert line.startswith(f"{folder}/orders.pem holds until ")
    after = issued(folder, "orders")
    assert after.not_valid_after_utc > before.not_valid_after_utc + timedelta(hours=49)
    assert names(after) == names(before)
    assert (folder / "users.pem").read_bytes() == young
    assert said("issue", "--due", "--into", folder).stdout == ""


def test_the_authority_changes_in_three_steps_and_each_says_the_next(folder: Path) -> None:
    said("issue", "orders", "--into", folder)
    [first], leaf = trusted(folder), (folder / "orders.pem").read_bytes()
    assert "run this again: it will sign" in said("rotate", "--into", folder).stdout
    assert len(trusted(folder)) == 2
    assert (folder / "orders.pem").read_bytes() == leaf
    assert "run this again: it will forget" in said("rotate", "--into", folder).stdout
    assert issued(folder, "orders").issuer != first.subject
    assert first in trusted(folder)
    assert "that is the end of it" in said("rotate", "--into", folder).stdout
    assert first not in trusted(folder)
    assert issued(folder, "orders").issuer != first.subject


@pytest.mark.parametrize("words", [("issue", "orders"), ("rotate",)])
def test_without_an_authority_there_is_nothing_to_issue_or_change(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match="banyan ca init"):
        said(*words, "--into", tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    told = await banyan("ca", "issue", "orders", "--into", str(tmp_path))
    assert (told.status, told.err) == (1, "banyan: there is no authority in this folder: banyan ca init\n")
