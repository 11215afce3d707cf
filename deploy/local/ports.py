"""Free TCP ports of 127.0.0.1, taken where no outgoing connection can take them away again."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the ranges from which Linux (32768) and macOS (49152) number outgoing connections. A port of those ranges may
# be taken by any client while its server is being restarted; a client that retries it may even connect to itself and
# keep it.
PORTS = range(12_000, 32_000)
ATTEMPTS = 200


def free_port() -> int:
    """A port on which nothing listens now. Another process may still win it: whoever starts a server tries again."""
    for _ in range(ATTEMPTS):
        port = random.choice(PORTS)  # noqa: S311 - spreads runs apart, keeps no secret
        if is_free(port):
            return port
    raise OSError(f"no free port found in {ATTEMPTS} attempts between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    """Whether a server could listen on the port, as servers do: sockets in TIME_WAIT do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
