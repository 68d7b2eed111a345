"""What all routes of orders answer alike."""

from typing import Any

from fastapi.responses import Response

from banyan.foundation.web import Problem

# What a route may answer when another service is away; 4XX is said for all.
AWAY: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "A part of the shop does not answer; try again"},
    504: {"model": Problem, "description": "The time allowed for this request is over"},
}


def private(response: Response) -> Response:
    """Carts and orders are somebody's: no cache may keep them."""
    response.headers["cache-control"] = "no-store"
    return response
