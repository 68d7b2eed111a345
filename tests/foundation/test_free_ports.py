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


def test_what_a_process_had_is_lent_again_once_it_is_gone() -> None:
    rounds = [
        subprocess.run([sys.executable, "-c", _ASK], input="\n", capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    assert all(len(each.split()) == 150 for each in rounds)


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
