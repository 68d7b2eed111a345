"""A URL's scheme chooses the backend; one that is none names those that are."""

from pathlib import Path
from typing import Any

import pytest

from banyan.foundation import choose
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock

PORTS = ("bus", "cache", "search", "media", "mail", "keys")
KNOWN = {"bus": "postgresql://", "cache": "memory://", "search": "embedded://"}


async def opened(port: str, settings: Settings) -> Any:
    """The port's backend, by these settings."""
    if port == "bus":
        return await choose.bus(settings.bus_url.get_secret_value())
    if port == "cache":
        return await choose.cache(settings, SystemClock())
    return await getattr(choose, port)(settings)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("url", ["carrier-pigeon://roof", "kafka//broker", "", "://", "memory:"])
async def test_an_unknown_scheme_is_refused_by_name_with_those_that_are_known(port: str, url: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        await opened(port, Settings.model_validate({f"{port}_url": url}))
    assert f"BANYAN_{port.upper()}_URL" in str(refused.value)
    assert f"Known: {KNOWN.get(port, 'file://')}" in str(refused.value)


async def test_a_secret_in_the_url_is_not_told() -> None:
    with pytest.raises(WrongSettings) as refused:
        await choose.bus("nats://shop:hunter2@broker:4222")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("port", [port for port in PORTS if port != "bus"])
async def test_a_laptop_needs_no_settings(port: str, tmp_path: Path) -> None:
    await (await opened(port, Settings(data_dir=tmp_path))).close()


def test_a_folder_lies_below_the_data_folder_or_where_its_url_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert choose.folder("file://media", settings) == tmp_path / "media"
    assert choose.folder("file://media/pictures", settings) == tmp_path / "media" / "pictures"
    assert choose.folder("file:///srv/pictures", settings) == Path("/srv/pictures")


async def test_who_was_given_no_search_says_so_when_it_searches() -> None:
    absent: Any = choose.no_search("orders")
    with pytest.raises(RuntimeError, match="orders declares no search"):
        absent.find("tea")
    await absent.close()


@pytest.mark.parametrize(
    ("url", "several"),
    [
        ("embedded://", "embedded://search?shared"),
        ("embedded://elsewhere", "embedded://elsewhere?shared"),
        ("embedded://elsewhere?shared", "embedded://elsewhere?shared"),
        ("embedded://memory", "embedded://memory"),
        ("https://search.example:9200", "https://search.example:9200"),
    ],
)
def test_several_processes_share_an_index_that_lies_in_a_folder(url: str, several: str) -> None:
    assert choose.search_of_several(url) == several
