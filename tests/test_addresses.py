"""Addresses in messages: what is secret in them is not shown."""

import pytest

from bnrepro import addresses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tried https://user:password@host/mnist: HTTP status 404", "Tried https://***@host/mnist: HTTP status 404"),
        ("https://token@host", "https://***@host"),
        ("postgresql://user:a/b@c#d@host:5432/runs", "postgresql://***@host:5432/runs"),
        ("postgresql://host/runs?user=me&password=secret", "postgresql://host/runs?***"),
        ("http://user:pass@word@host and sqlite:////a/b.db", "http://***@host and sqlite:////a/b.db"),
        ("https://host/mnist: HTTP status 404; me@host", "https://host/mnist: HTTP status 404; me@host"),
    ],
)
def test_what_stands_before_the_host_or_in_the_query_is_hidden(text, shown):
    assert addresses.without_secrets(text) == shown


def test_secrets_of_the_environment_are_hidden_wherever_a_library_quotes_them(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abcdef\n")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:pass%20word@host")
    quoted = r"Invalid header value 'Bearer abcdef\n'; login as user/pass word failed"
    assert addresses.without_secrets(quoted) == r"Invalid header value 'Bearer ***\n'; login as user/*** failed"


@pytest.mark.parametrize(
    ("name", "value", "quoted", "shown"),
    [
        ("BNREPRO_MIRROR", "HTTPS://abcdef@host/mnist", "login as abcdef failed", "login as *** failed"),
        (
            "MLFLOW_TRACKING_URI",
            "postgresql://user@host/runs?sslmode=require&password=abc%2Fdef",
            "user: abc/def is wrong, encryption is required",
            "user: *** is wrong, encryption is required",
        ),
        ("AZURE_STORAGE_ACCESS_KEY", "abc/def==", "key abc/def== is wrong", "key *** is wrong"),
    ],
)
def test_a_secret_is_known_by_its_place_or_by_its_name(monkeypatch, name, value, quoted, shown):
    monkeypatch.setenv(name, value)
    assert addresses.without_secrets(quoted) == shown


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("http://host", True),
        ("HTTPS://host", True),
        ("databricks", True),
        ("sqlite:///mlflow.db", False),
        ("postgresql+psycopg2://host/runs", False),
        ("./mlruns", False),
        ("", False),
    ],
)
def test_a_server_is_told_from_a_database(address, server):
    assert addresses.is_server(address) == server
