"""A port that is handed out is free, and nobody else's: side by side, and after its program ended."""

import socket
import subprocess
import sys

from banyan.foundation.free_ports import free_port

_ASK = "from banyan.foundation.free_ports import free_port; print(*(free_port() for _ in range(150))); input()"


def test_processes_side_by_side_never_share_a_port() -> None:
    asked = [
        subprocess.Popen([sys.executable, "-c", _ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    lent = [int(port) for each in asked if each.stdout for port in each.stdout.readline().split()]
    for each in asked:
        each.communicate("\n", timeout=30)
    assert len(lent) == len(set(lent)) == 600


def test_a_block_is_held_as_long_as_its_process_lives_and_no_longer() -> None:
    child = subprocess.Popen([sys.executable, "-c", _ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    port = int(child.stdout.readline().split()[0])
    first = port - port % 100
    assert not _free(first)
    child.communicate("\n", timeout=30)
    assert _free(first)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    before = next(port for port in iter(free_port, None) if port % 100 < 90)  # the next is of the same block
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", before + 1))
        taken.listen()
        assert free_port() != before + 1


def test_no_port_is_one_that_the_system_lends_to_connections() -> None:
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lent = range(*map(int, file.read().split()))
    assert not any(free_port() in lent for _ in range(20))
