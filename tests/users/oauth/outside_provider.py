"""A real OpenID Connect provider (npm `oidc-provider` on Node.js), and a browser that signs in there."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urljoin

import aiohttp
import pytest

from banyan.cluster.engines.program import NotHere, Program
from banyan.foundation.free_ports import free_port

VERSION = "9.13.3"
SECRET = "the shop's secret: at least so long"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "banyan" / f"oidc-provider-{VERSION}"


def installed() -> Path:
    """The folder it lies in, fetched once. NotHere without Node.js, npm or the registry."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotHere("node and npm are not installed: on Debian `apt-get install nodejs npm` brings them")
    if not (CACHE / "node_modules" / "oidc-provider" / "package.json").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
        fetched = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"oidc-provider@{VERSION}"],
            cwd=CACHE,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if fetched.returncode:
            raise NotHere(f"npm could not fetch oidc-provider: {fetched.stderr[-200:]}")
    return CACHE


class Provider:
    """`issuer` is what BANYAN_OIDC_ISSUER wants to know. Ada and Bob have proved their addresses there, Eve has not."""

    def __init__(self, folder: Path, back: str) -> None:
        self.program = Program("oidc-provider", folder, free_port())
        self.issuer = f"http://127.0.0.1:{self.program.port}"
        self._back = back

    def start(self) -> None:
        script = installed() / "provider.mjs"
        source = Path(__file__).with_name("provider.mjs").read_text("utf-8")
        if not script.exists() or script.read_text("utf-8") != source:  # imports are looked for beside the script
            script.write_text(source)
        self.program.start(["node", str(script), str(self.program.port), self._back])

    def stop(self) -> None:
        self.program.stop(kill=True)

    async def sign_in(self, url: str, login: str) -> str:
        """Sign in there and agree; where the provider sends the browser at last."""
        cookies: dict[str, str] = {}
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            form: dict[str, str] | None = None
            for _ in range(12):
                headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
                method = "GET" if form is None else "POST"
                async with http.request(method, url, data=form, headers=headers, allow_redirects=False) as answer:
                    text = await answer.text()
                    for each in answer.headers.getall("set-cookie", []):
                        cookies |= {name: morsel.value for name, morsel in SimpleCookie(each).items()}
                    if answer.status in (302, 303):
                        url, form = urljoin(url, answer.headers["location"]), None
                        if url.startswith(self._back):
                            return url
                        continue
                action = re.search(r'<form[^>]*action="([^"]+)"', text)
                assert action, text[:500]
                url = unescape(action[1])
                form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', text))
                form |= {"login": login, "password": "any"} if 'name="login"' in text else {}
        raise AssertionError(f"the provider sent in circles: {url} {urlencode(form or {})}")


def started(folder: Path, back: str) -> Iterator[Provider]:
    provider = Provider(folder, back)
    try:
        provider.start()
    except NotHere as missing:
        pytest.skip(str(missing))
    yield provider
    provider.stop()
