"""`/oauth` and what belongs to it: tokens for applications of others, in the forms and with the errors of the standards."""

from fastapi import APIRouter

from banyan.users.api.oauth.authorizations import router as authorizations
from banyan.users.api.oauth.clients import router as clients
from banyan.users.api.oauth.consents import router as consents
from banyan.users.api.oauth.inspecting import router as inspecting
from banyan.users.api.oauth.outside import router as outside
from banyan.users.api.oauth.token import router as token

router = APIRouter()
for part in (token, inspecting, authorizations, clients, consents, outside):
    router.include_router(part)
