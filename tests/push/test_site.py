from __future__ import annotations

import pytest

from camtrap.errors import ConfigError
from camtrap.push.site import TOKEN_VARIABLE, is_loopback, site_of, token_of


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("https://mysite.pamdas.org", "https://mysite.pamdas.org"),
        ("https://MySite.pamdas.org/", "https://mysite.pamdas.org"),
        (" https://mysite.pamdas.org/api/v1.0/ ", "https://mysite.pamdas.org"),
        ("https://mysite.pamdas.org:8443/api", "https://mysite.pamdas.org:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_one_site_has_one_name(text: str, site: str) -> None:
    assert site_of(text) == site
    assert site_of(site) == site


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://mysite.pamdas.org", "not encrypted"),
        ("http://127.0.0.1.evil.example", "not encrypted"),
        ("http://localhost.evil.example", "not encrypted"),
        ("http://10.0.0.5", "not encrypted"),
        ("mysite.pamdas.org", "is no site"),
        ("ftp://mysite.pamdas.org", "is no site"),
        ("https://", "is no site"),
        ("https://mysite:port", "is no site"),
        ("https://[", "is no site"),
        ("", "is no site"),
        ("https://mysite.pamdas.org/events", "more than a site's address"),
        ("https://mysite.pamdas.org/apiary", "more than a site's address"),
        ("https://mysite.pamdas.org?token=abc", "more than a site's address"),
        ("https://olga:secret@mysite.pamdas.org", "a name or a password"),
    ],
)
def test_what_is_no_safe_address_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        site_of(text)
    assert "secret" not in str(error.value)


def test_this_computer_is_told_by_its_number_alone() -> None:
    assert is_loopback("127.8.9.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("example.org") and not is_loopback("0.0.0.0")


def test_a_token_is_taken_as_it_is() -> None:
    assert token_of({TOKEN_VARIABLE: " abc.DEF-123_~ \n"}) == "abc.DEF-123_~"


@pytest.mark.parametrize("value", ["Bearer hush-hush", "hush\nhush", "hush\x00hush", "hushж"])
def test_a_token_that_no_header_holds_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ConfigError, match=TOKEN_VARIABLE) as error:
        token_of({TOKEN_VARIABLE: value})
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("environment", [{}, {TOKEN_VARIABLE: "  "}])
def test_without_a_token_it_says_where_to_get_one(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="access token"):
        token_of(environment)
