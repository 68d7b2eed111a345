"""What a page may load, where its forms lead and who hears when it tries otherwise: its Content-Security-Policy (level 3).

Scripts run by the page's own nonce, and what these load (`strict-dynamic`); no inline script or style, no plug-in, no base.
What a page frames is said by its face: fields for cards come from another origin. A form that leads on to somebody else's
origin answers with a page that goes there by itself: browsers hold `form-action` against every redirect.
"""

REPORTS = "/csp-reports"  # the gateway's
REPORTING = {"reporting-endpoints": f'csp="{REPORTS}"'}
NONCE_BYTES = 18

# What no page of ours needs of a browser. Passkeys are the page's own.
PERMISSIONS = ", ".join(
    (
        *(f"{name}=()" for name in ("camera", "geolocation", "microphone", "payment", "usb", "serial", "midi", "hid")),
        *(f"{name}=()" for name in ("browsing-topics", "display-capture", "clipboard-read")),
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
    )
)


def policy(nonce: str, *, images: str = "'self' https: data:", frames: str = "", connects: str = "'self'") -> str:
    """`nonce`: what the page's `<script>` elements carry; unguessable, and another one each time. `frames` and `connects`:
    origins that the page may put into a frame, and that its scripts may ask."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' 'strict-dynamic'",
            "style-src 'self'",
            f"img-src {images}",
            f"connect-src {connects}",
            "font-src 'self'",
            "manifest-src 'self'",
            *([f"frame-src {frames}"] if frames else []),
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            f"report-uri {REPORTS}",
            "report-to csp",
        )
    )
