"""A card as it comes in over HTTP, wherever one may: at the vault and, on its way to a provider's vault, at payments."""

import re
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from banyan.foundation import web

_NUMBER = re.compile(r"[0-9]{12,19}")
_CODE = re.compile(r"[0-9]{3,4}")
Code = Annotated[
    SecretStr, Field(description="3 or 4 digits, or nothing", json_schema_extra={"pattern": "^([0-9]{3,4})?$"})
]
SureCode = Annotated[SecretStr, Field(description="3 or 4 digits", json_schema_extra={"pattern": "^[0-9]{3,4}$"})]


class NewCard(web.Body):
    """A card on its way into a vault. Number and code are secrets: they are in no log, no answer and no database."""

    number: Annotated[
        SecretStr,
        Field(
            description="12 to 19 digits; blanks and dashes between them are ignored",
            json_schema_extra={"pattern": "^([0-9][ -]?){11,18}[0-9]$"},
        ),
    ]
    exp_month: Annotated[int, Field(strict=True, ge=1, le=12)]
    exp_year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    cvc: Code = SecretStr("")

    @field_validator("number")
    @classmethod
    def _digits(cls, number: SecretStr) -> SecretStr:
        digits = number.get_secret_value()[:40].replace(" ", "").replace("-", "")
        if not _NUMBER.fullmatch(digits):
            raise ValueError("a card number is 12 to 19 digits")
        return SecretStr(digits)

    @field_validator("cvc")
    @classmethod
    def _three_or_four(cls, cvc: SecretStr) -> SecretStr:
        wanted = cls.model_fields["cvc"].is_required() or cvc.get_secret_value()
        if wanted and not _CODE.fullmatch(cvc.get_secret_value()):
            raise ValueError("a card's code is 3 or 4 digits")
        return cvc


class NewCardWithCode(NewCard):
    """A card on its way into a vault, its code not left out. Both are secrets: in no log, no answer and no database."""

    cvc: SureCode


class Vaulted(BaseModel):
    """A card as it may be spoken of: pay with `token`, show `brand` and `last4`."""

    token: str
    brand: str
    last4: str
