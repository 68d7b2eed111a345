"""The bank's own page for its cards' holders: a charge, Confirm or Refuse, and back to the shop. It needs no script."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from banyan.foundation.service import Ports
from banyan.kernel.money import Money
from banyan.testbank import actions

ChargeId = Annotated[str, Path(pattern="^tb_[0-9a-z]{26}$")]
Secret = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

_STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:#eef1f6;color:#15233b;
font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:26rem;background:#fff;border-radius:16px;padding:1.75rem;box-shadow:0 12px 40px #15233b26}
header{display:flex;gap:.6rem;align-items:center;font-weight:700;color:#1c4fd6}
header span{display:grid;place-items:center;width:2.2rem;height:2.2rem;border-radius:10px;background:#1c4fd6;color:#fff}
h1{font-size:1.25rem;margin:1.25rem 0 .25rem}
p.sum{color:inherit;font-size:2rem;font-weight:700;margin:.25rem 0 1rem;font-variant-numeric:tabular-nums}
p{margin:.25rem 0;color:#4a5872}
form{display:grid;gap:.6rem;margin-top:1.5rem}
button,a.go{font:inherit;font-weight:600;min-height:3rem;border-radius:10px;border:2px solid #1c4fd6;cursor:pointer;
display:grid;place-items:center;text-decoration:none}
button.yes,a.go{background:#1c4fd6;color:#fff}
button.no{background:transparent;color:#1c4fd6}
button:focus-visible,a:focus-visible{outline:3px solid #f5a524;outline-offset:2px}
footer{margin-top:1.25rem;font-size:.85rem;color:#4a5872}
@media (prefers-color-scheme:dark){body{background:#0d1526;color:#e8edf7}main{background:#18233b;box-shadow:none}
p,footer{color:#a9b6d0}header{color:#8fb0ff}button.no{color:#8fb0ff;border-color:#8fb0ff}}
"""
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_RULES = {"content-security-policy": _POLICY, "cache-control": "no-store", "referrer-policy": "no-referrer"}


def routes(ports: Ports) -> APIRouter:
    router = APIRouter(prefix="/bank/confirm", tags=["testbank"], include_in_schema=False)

    @router.get("/{charge_id}/{secret}", response_model=None)
    async def ask(charge_id: ChargeId, secret: Secret) -> Response:
        """Whether this charge is theirs."""
        charge = await actions.waiting(ports, charge_id, secret)
        if charge["state"] != "requires_action":
            back = escape(charge["return_url"], quote=True)
            return _page(
                "This payment is decided",
                f'<p>There is nothing left to do here.</p><a class="go" href="{back}">Back to the shop</a>',
            )
        amount = Money(charge["amount"], charge["currency"])
        return _page(
            "Is this you?",
            f"<p>{escape(ports.settings.shop_name)} asks for</p><p class=sum>{escape(str(amount))}</p>"
            "<p>Your bank asks you before it lets this payment through.</p>"
            '<form method="post"><button class="yes" name="answer" value="confirm">Confirm payment</button>'
            '<button class="no" name="answer" value="refuse">Refuse</button></form>',
        )

    @router.post("/{charge_id}/{secret}", response_model=None)
    async def decide(charge_id: ChargeId, secret: Secret, request: Request) -> Response:
        """Back to the shop, decided."""
        form = parse_qs((await request.body())[:1000].decode("latin-1"))
        back = await actions.confirm(ports, charge_id, secret, yes=form.get("answer") == ["confirm"])
        return RedirectResponse(back, 303, _RULES)

    return router


def _page(title: str, inside: str) -> Response:
    return HTMLResponse(
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1"><meta name=robots content=noindex>'
        f"<title>{title} · Test bank</title><style>{_STYLE}</style></head><body><main>"
        f"<header><span aria-hidden=true>tb</span>Test bank</header><h1>{title}</h1>{inside}"
        "<footer>This is a bank for trying things out. No money moves.</footer></main></body></html>",
        headers=_RULES,
    )
