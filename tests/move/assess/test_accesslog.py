"""An access log tells routes, rates and times; a damaged or hostile one is read as far as it goes."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.move.assess.accesslog import BY_KEYWORD, FILES, OTHERS, ROUTES, read_lines, read_log, route_of


def line(
    target: str = "/index.php?route=product/product&product_id=40",
    *,
    at: str = "10:00:00",
    method: str = "GET",
    status: int = 200,
    rest: str = "",
) -> str:
    return f'10.0.0.1 - - [22/Nov/2026:{at} +0000] "{method} {target} HTTP/1.1" {status} 512 "-" "Mozilla/5.0 (X11; Linux)"{rest}'


def test_requests_are_counted_by_method_and_route_with_their_peak() -> None:
    lines = [line(at=f"10:00:{s:02}") for s in range(0, 40, 2)] + [line(at=f"10:01:{s:02}") for s in range(30)]
    lines += [line("/index.php?route=checkout/cart.add&language=en", at="10:01:40", method="POST", status=500)]
    traffic = read_lines(lines)
    assert (traffic.requests, traffic.unread, traffic.seconds, traffic.peak_per_minute) == (51, 0, 100.0, 31)
    first, second = traffic.routes
    assert (first.method, first.route, first.count, first.peak_per_minute, first.errors) == (
        "GET",
        "product/product",
        50,
        30,
        0,
    )
    assert (second.method, second.route, second.errors, second.p50_ms) == ("POST", "checkout/cart.add", 1, None)
    assert traffic.per_second(first) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("spelt", "unit"),
    [
        (" {:.3f}", 1e-3),
        (' "{:.3f}"', 1e-3),
        (" rt={:.3f} uct=0.001", 1e-3),
        (" request_time={:.6f}", 1e-3),
        (" {:.0f}", 1e3),
        (" {:.0f} -", 1e3),
    ],
)
def test_times_are_read_in_the_units_they_are_written_in(spelt: str, unit: float) -> None:
    traffic = read_lines(line(rest=spelt.format(ms * unit)) for ms in range(1, 101))
    (route,) = traffic.routes
    assert route.p50_ms == pytest.approx(50, rel=0.03)
    assert route.p95_ms == pytest.approx(95, rel=0.03)


def test_apaches_whole_seconds_are_not_taken_for_microseconds() -> None:
    (route,) = read_lines(line(rest=f" {seconds}") for seconds in [1] * 90 + [4] * 10).routes
    assert route.p50_ms == pytest.approx(1000, rel=0.03)
    assert route.p95_ms == pytest.approx(4000, rel=0.03)


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("/index.php?route=product/product&product_id=40", "product/product"),
        ("/index.php?language=en-gb&route=checkout%2Fcart", "checkout/cart"),
        ("/admin/index.php?route=common/login", "admin:common/login"),
        ("/index.php?_route_=desktops/mac", BY_KEYWORD),
        ("/", "common/home"),
        ("/index.php", "common/home"),
        ("/index.php?route=", "common/home"),
        ("/image/cache/catalog/a-200x200.jpg?v=3", FILES),
        ("/orders/1042/lines/3", "/orders/{n}/lines/{n}"),
        ("/api/v2/customers", "/api/v2/customers"),
        ("/<script>alert(1)</script>", "/_script_alert_1__/script_"),
    ],
)
def test_a_route_is_what_the_shop_takes_it_for(target: str, route: str) -> None:
    assert route_of(target) == route


def test_a_common_log_and_one_with_a_host_before_it_are_read_too() -> None:
    common = '10.0.0.1 - bo [22/Nov/2026:10:00:00 +0200] "GET / HTTP/1.0" 200 -'
    assert read_lines([common, f"shop.example:443 {line('/')}"]).routes[0].count == 2


def test_a_packed_log_is_read_and_a_damaged_one_as_far_as_it_goes(tmp_path: Path) -> None:
    text = "\n".join(line(at=f"10:{n // 60:02}:{n % 60:02}", target=f"/p/{n}") for n in range(3000)).encode()
    whole, cut = tmp_path / "access.log.gz", tmp_path / "cut.log.gz"
    whole.write_bytes(gzip.compress(text))
    cut.write_bytes(gzip.compress(text)[:-2000])
    assert read_log(whole).requests == 3000
    part = read_log(cut)
    assert 0 < part.requests < 3000
    assert "damaged" in part.note
    plain = tmp_path / "access.log"
    plain.write_bytes(text + b"\n" + b"\xff\x00" * 100_000 + b"\n" + line().encode())
    assert read_log(plain).requests == 3001


def test_memory_does_not_grow_with_what_visitors_make_up() -> None:
    traffic = read_lines(line(f"/made/up{''.join(chr(97 + int(d)) for d in str(n))}") for n in range(ROUTES + 500))
    assert len(traffic.routes) == ROUTES + 1
    assert next(r for r in traffic.routes if r.route == OTHERS).count == 500


@given(st.text(max_size=200))
def test_any_line_is_read(text: str) -> None:
    read_lines([text, line(text), line(rest=text), line(at=text), f'[{text}] "{text}" 200 1'])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_log(raw: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        for content in (raw, b"\x1f\x8b" + raw, gzip.compress(raw)[:-3]):
            Path(file.name).write_bytes(content)
            read_log(Path(file.name))


@pytest.mark.parametrize("piece", ['"', "\\", "[", " ", '\\"', "GET ", "1.", "[22/Nov/2026:10:00:00 +0000] "])
def test_long_hostile_lines_take_no_time_to_speak_of(piece: str) -> None:
    read_lines([piece * 10_000, line(piece * 10_000), line(rest=piece * 10_000)])
