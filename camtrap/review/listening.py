"""Where the server listens, and how a browser finds it there; nothing is ever sent from here."""

from __future__ import annotations

import socket

from camtrap.errors import ConfigError
from camtrap.review.security import Policy

_WAITING = 16  # connections; a browser opens six


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any. Raises `ConfigError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(f"There is no address '{host}' on this computer: {error}.") from error
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: nobody else may take it over
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"{host}:{port} cannot be used ({error.strerror or error}): another program, or "
            "another review, has it. Choose another with --port, or any with --port 0."
        ) from error
    return listening


def url(policy: Policy, host: str, port: int) -> str:
    """The address for a browser; the token stands behind the `#`, which no server's log sees."""
    name = host
    if host in ("0.0.0.0", "::", ""):  # a name by which phones find this computer
        name = own_address()
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"#token={policy.token}" if policy.token else "")


def own_address() -> str:
    """This computer's address in its network, as far as it can be told without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: for documentation; UDP sends nothing here
            address: str = probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"
    return address
