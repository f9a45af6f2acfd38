"""Why the database is away, on the page, in the reader's language."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from inventory.errors import StoreError
from inventory.model import Network
from inventory.settings import Settings
from monitor.said import Said, said_by, told
from monitor.sentences import SENTENCES
from monitor.store import schema
from monitor.store.base import Store
from monitor.store.influx import InfluxStore
from monitor.store.open import open_store
from monitor.store.sqlite_file import explain
from tests.api.filling import fill_history

REASONS = (
    "database is locked",
    "attempt to write a readonly database",
    "database disk image is malformed",
    "file is not a database",
    "database or disk is full",
    "unable to open database file",
    "disk I/O error",
)
"""What SQLite itself says (its sqlite3ErrStr)."""
TECHNICAL = re.compile(r"`[^`]*`|/[\w./-]+|https?://\S+|config\.yaml|imereti store init|\(bucket\)")
"""What stays as it is in every language."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("PRAGMA journal_mode = DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def foreign(text: str) -> list[str]:
    """Words of another alphabet than Georgian."""
    return re.findall(r"[A-Za-z]{2,}", TECHNICAL.sub("", text))


async def banner(settings: Settings, network: Network, language: str) -> str:
    """The words of the banner of the first page."""
    store = open_store(settings.store)
    app = create_app(settings, network, store)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://noc") as client,
    ):
        answer = await client.get("/", headers={"Accept": "text/html", "Accept-Language": language})
    store.close()
    found = re.search(r'<div id="banner".*?</div>', answer.text, re.DOTALL)
    assert found
    return unescape(re.sub(r"<[^>]*>", " ", found[0]))


async def test_the_banner_of_a_locked_database_is_georgian_for_georgians(
    settings: Settings, network: Network, writer: Store
) -> None:
    fill_history(writer, network, time.time(), step_s=600, span_s=1200)
    writer.close()
    with locked(settings.store.path):
        georgian = await banner(settings, network, "ka")
        english = await banner(settings, network, "en")
    assert "მონაცემთა ბაზის წაკითხვა ვერ ხერხდება (ბაზა დაკავებულია)" in georgian
    assert str(settings.store.path) in georgian
    assert foreign(georgian) == []
    assert "can't read the database (database is locked): another process holds it" in english


async def test_the_banner_of_a_damaged_database_too(settings: Settings, network: Network) -> None:
    settings.store.path.write_bytes(b"this is no database, " * 999)
    georgian = await banner(settings, network, "ka")
    assert "ფაილი დაზიანებულია" in georgian
    assert "`imereti store check`" in georgian
    assert foreign(georgian) == []


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("doing", ["read", "write", "open", "back up"])
def test_whatever_sqlite_says_is_told_in_georgian(reason: str, doing: str) -> None:
    said = explain(Path("/var/lib/imereti/samples.sqlite"), doing, sqlite3.Error(reason))
    assert f"can't {doing} the database ({reason}): " in said
    assert foreign(told(said, "ka")) == []


def test_an_unheard_of_reason_stays_in_its_brackets() -> None:
    said = explain(Path("/s.sqlite"), "read", sqlite3.Error("the moon is full of {cheese}"))
    assert "(the moon is full of {cheese})" in told(said, "ka")


def test_the_reason_survives_the_error_that_carries_it(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        newer.execute("PRAGMA user_version = 999")
        newer.execute("CREATE TABLE something (x)")
    newer.close()
    settings = Settings().store
    with pytest.raises(StoreError) as caught:
        open_store(replace(settings, path=path), write=True)
    words = said_by(caught.value)
    assert isinstance(words, Said)
    assert str(caught.value) == words
    assert "ბაზა უფრო ახალმა პროგრამამ შექმნა" in told(words, "ka")


def test_an_influxdb_that_is_not_there_is_told_in_georgian(tmp_path: Path) -> None:
    where = replace(
        Settings().store, kind="influxdb", path=tmp_path / "s.sqlite", url="http://127.0.0.1:9"
    )
    store = InfluxStore(where, "a token", write=True)
    with pytest.raises(StoreError, match=r"can't read: .*Connection refused") as caught:
        list(store.last_samples())
    store.close()
    georgian = told(said_by(caught.value), "ka")
    assert "http://127.0.0.1:9: წაკითხვა ვერ ხერხდება" in georgian
    assert "მუშაობს თუ არა მონაცემთა ბაზა" in georgian


def test_no_sentence_of_the_store_has_english_words_in_georgian() -> None:
    ours = {code: name.ka for code, name in SENTENCES.items() if code.startswith(("sqlite", "inf"))}
    assert len(ours) > 10
    without_places = {code: re.sub(r"\{\w+\}", "", text) for code, text in ours.items()}
    assert {code: foreign(text) for code, text in without_places.items() if foreign(text)} == {}
