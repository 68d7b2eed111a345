"""What may be asked of users: one action, one transaction."""

from banyan.users.actions.addresses import add_address, change_address, my_address, my_addresses, remove_address
from banyan.users.actions.api_keys import answer_api_key
from banyan.users.actions.email_changing import ask as ask_email
from banyan.users.actions.email_changing import confirm as confirm_email
from banyan.users.actions.email_changing import undo as undo_email
from banyan.users.actions.erasing import all_erasures, call_off, close_me, erase
from banyan.users.actions.exporting import ask_export, make_exports, my_exports
from banyan.users.actions.exporting import fetch as fetch_export
from banyan.users.actions.exporting import link as export_link
from banyan.users.actions.granting import slow_key
from banyan.users.actions.keys import answer_keys, key_set, replace_keys, rotate_keys, rotate_when_due
from banyan.users.actions.letters import post
from banyan.users.actions.links import look, redeem, redeem_code, send_link
from banyan.users.actions.profile import change_password, change_profile, me
from banyan.users.actions.recognised import sign_in_known
from banyan.users.actions.refreshing import RefreshRefused, refresh, revoke
from banyan.users.actions.roles import all_roles, create_operator, set_roles, user, users
from banyan.users.actions.second_step import finish
from banyan.users.actions.sessions import end_others, end_session, my_sessions, sign_out
from banyan.users.actions.shopper import answer_shopper
from banyan.users.actions.signing_in import sign_in
from banyan.users.actions.signing_up import sign_up
from banyan.users.actions.sweeping import sweep

__all__ = [
    "RefreshRefused",
    "add_address",
    "all_erasures",
    "all_roles",
    "answer_api_key",
    "answer_keys",
    "answer_shopper",
    "ask_email",
    "ask_export",
    "call_off",
    "change_address",
    "change_password",
    "change_profile",
    "close_me",
    "confirm_email",
    "create_operator",
    "end_others",
    "end_session",
    "erase",
    "export_link",
    "fetch_export",
    "finish",
    "key_set",
    "look",
    "make_exports",
    "me",
    "my_address",
    "my_addresses",
    "my_exports",
    "my_sessions",
    "post",
    "redeem",
    "redeem_code",
    "refresh",
    "remove_address",
    "replace_keys",
    "revoke",
    "rotate_keys",
    "rotate_when_due",
    "send_link",
    "set_roles",
    "sign_in",
    "sign_in_known",
    "sign_out",
    "sign_up",
    "slow_key",
    "sweep",
    "undo_email",
    "user",
    "users",
]
