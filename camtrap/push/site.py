"""Where to send: the address and the token, checked before anything is asked of the network."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from camtrap.errors import ConfigError

TOKEN_VARIABLE = "CAMTRAP_EARTHRANGER_TOKEN"  # its name, and no secret


def site_of(text: str) -> str:
    """A site's address without path, as `https://host` or `https://host:port`, in small letters.

    Raises `ConfigError` unless it is https, or a program on this computer.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    told = f"{text}" if "@" not in text else "The address"
    if not host or parts.scheme not in ("https", "http"):
        raise ConfigError(f"{told} is no site. Write it like --site https://mysite.pamdas.org")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"The address of the site holds a name or a password. Leave them out; the token comes "
            f"from the environment ({TOKEN_VARIABLE})."
        )
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or (path and path != "/api" and not path.startswith("/api/")):
        raise ConfigError(
            f"{told} is more than a site's address. Write it like --site https://mysite.pamdas.org"
        )
    if parts.scheme != "https" and not is_loopback(host):
        raise ConfigError(
            f"{told} is not encrypted: the token and the animals' places could be read on the way. "
            "Write it with https://"
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")


def is_loopback(host: str) -> bool:
    """True for a name or number of this computer itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def token_of(environment: Mapping[str, str]) -> str:
    """The token, from the environment alone; raises `ConfigError` that does not repeat it."""
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise ConfigError(
            f"There is no token. Make one in EarthRanger's administration (an access token of an "
            f"account that may add events), and put it into the environment as {TOKEN_VARIABLE}."
        )
    # What a header cannot hold would be told, with the token, by whoever is to send it.
    if not token.isascii() or not token.isprintable() or any(map(str.isspace, token)):
        raise ConfigError(
            f"{TOKEN_VARIABLE} holds what no token holds (a space, a line break or a foreign "
            "letter). Copy the token again, without the word Bearer."
        )
    return token
