"""The gateway's route table and the mover's split, written down for proxies that others keep: HAProxy, nginx, Istio."""

from banyan.gateway.render.plan import Plan, Server, Split

__all__ = ["Plan", "Server", "Split"]
