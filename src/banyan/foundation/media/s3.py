"""Media as objects in an S3 bucket: `s3://bucket/prefix?region=…`."""

from typing import Any

from banyan.foundation.aws import Aws, Place, Refused
from banyan.foundation.media import File, type_of
from banyan.foundation.settings import WrongSettings

_NONE = ("NoSuchKey", "404")


class S3Media:
    """What is put is there whole or not at all, and at once for everyone (S3 is strongly consistent since 2020).

    The role needs s3:GetObject, PutObject and DeleteObject below the prefix, and s3:ListBucket: without it S3 answers
    AccessDenied where there is no such object.
    """

    def __init__(self, where: Place) -> None:
        self._bucket, _, prefix = where.name.partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        if not self._bucket:
            raise WrongSettings("BANYAN_MEDIA_URL: s3:// names no bucket; use s3://bucket/prefix")
        # Endpoints given for tests and S3 look-alikes know no bucket.host names.
        style: dict[str, Any] = {"s3": {"addressing_style": "path"}} if where.endpoint else {}
        self._aws = Aws("BANYAN_MEDIA_URL", "s3", where, **style)

    async def put(self, path: str, body: bytes) -> None:
        media_type = type_of(path)
        await self._aws.ask("put_object", **self._at(path), Body=body, ContentType=media_type)

    async def get(self, path: str) -> File | None:
        try:
            media_type = type_of(path)
        except ValueError:
            return None
        try:
            found = await self._aws.ask("get_object", **self._at(path))
        except Refused as refused:
            if refused.said in _NONE:
                return None
            raise
        return File(found["Body"], media_type)

    async def remove(self, path: str) -> None:
        type_of(path)
        await self._aws.ask("delete_object", **self._at(path))

    async def close(self) -> None:
        await self._aws.close()

    def _at(self, path: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + path}
