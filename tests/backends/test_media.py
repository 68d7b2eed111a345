"""What every backend of media promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banyan.foundation import choose
from banyan.foundation.media import Media
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.refusals import Unavailable
from tests.backends.aws_server import AwsServer


@pytest.fixture(params=["file", "s3"])
async def media(request: pytest.FixtureRequest, aws: AwsServer, tmp_path: Path) -> AsyncIterator[Media]:
    url = "file://media"
    if request.param == "s3":
        bucket = aws.fresh("media")
        await aws.ask(
            "s3", "create_bucket", Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region}
        )
        url = aws.url("s3", f"{bucket}/shop")
    opened = await choose.media(Settings(data_dir=tmp_path, media_url=url))
    yield opened
    await opened.close()


async def test_a_picture_is_read_back_with_its_type(media: Media) -> None:
    body = bytes(range(256)) * 2000
    await media.put("demo/tent.png", body)
    got = await media.get("demo/tent.png")
    assert got is not None
    assert (got.body, got.media_type) == (body, "image/png")


async def test_what_is_put_again_replaces_what_was_there(media: Media) -> None:
    for body in (b"<svg>1</svg>", b"<svg>2</svg>"):
        await media.put("tent.svg", body)
    got = await media.get("tent.svg")
    assert got is not None
    assert got.body == b"<svg>2</svg>"


async def test_what_is_removed_is_gone_and_may_be_removed_again(media: Media) -> None:
    await media.put("demo/tent.svg", b"<svg/>")
    for _ in range(2):
        await media.remove("demo/tent.svg")
    assert await media.get("demo/tent.svg") is None


async def test_there_is_nothing_where_nothing_was_put(media: Media) -> None:
    assert await media.get("demo/nothing.png") is None
    await media.put("demo/inner/tent.png", b"x")
    assert await media.get("demo/inner.png") is None


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x.png", ".hidden.png", "a\x00.png", "x.exe", "x"])
async def test_a_path_that_leads_elsewhere_is_refused(media: Media, path: str) -> None:
    with pytest.raises(ValueError, match="no path for media"):
        await media.put(path, b"x")
    with pytest.raises(ValueError, match="no path for media"):
        await media.remove(path)
    assert await media.get(path) is None


async def test_objects_lie_below_the_prefix_with_their_type_for_a_cdn(aws: AwsServer) -> None:
    bucket = aws.fresh("media")
    await aws.ask("s3", "create_bucket", Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    media = await choose.media(Settings(media_url=aws.url("s3", f"{bucket}/a/b/")))
    await media.put("demo/tent.svg", b"<svg/>")
    await media.close()
    head = await aws.ask("s3", "head_object", Bucket=bucket, Key="a/b/demo/tent.svg")
    assert head["ContentType"] == "image/svg+xml"


async def test_a_bucket_that_is_missing_is_an_outage_and_no_missing_picture(aws: AwsServer) -> None:
    media = await choose.media(Settings(media_url=aws.url("s3", "nobody-made-this")))
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        await media.get("demo/tent.svg")
    await media.close()


async def test_s3_that_does_not_answer_is_unavailable(aws: AwsServer) -> None:
    media = await choose.media(Settings(media_url="s3://bucket?region=eu-central-1&endpoint=http://127.0.0.1:1"))
    with pytest.raises(Unavailable, match="s3 does not answer"):
        await media.get("demo/tent.svg")
    await media.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket?regoin=eu-central-1", "regoin is no option of s3"),
        ("s3://bucket?region=eu-central-1&endpoint=localhost", "endpoint is an address"),
        ("s3://bucket", "no region"),
        ("s3://?region=eu-central-1", "names no bucket"),
    ],
)
async def test_a_wrong_url_stops_the_start(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(WrongSettings, match=said):
        await choose.media(Settings(media_url=url))
