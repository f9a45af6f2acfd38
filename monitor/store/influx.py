"""The store with samples in InfluxDB 2; states, incidents and maintenance stay in SQLite."""

from inventory.errors import StoreError
from inventory.settings import StoreSettings
from monitor.store.base import Batch, StoreReport
from monitor.store.influx_http import InfluxServer
from monitor.store.influx_samples import InfluxSamples
from monitor.store.influx_setup import report
from monitor.store.sqlite_file import SqliteFile
from monitor.store.sqlite_journal import SqliteJournal, write_journal
from monitor.store.sqlite_notes import SqliteNotes


class InfluxStore(InfluxSamples, SqliteJournal, SqliteNotes):
    """Store over a server and a file. Opening it asks the server nothing: it may be away."""

    apart = True

    def __init__(self, settings: StoreSettings, token: str, *, write: bool) -> None:
        """StoreError when the file for states and incidents can't be used."""
        self.server = InfluxServer(settings, token)
        InfluxSamples.__init__(self, self.server, settings.bucket)
        SqliteJournal.__init__(self, SqliteFile(settings.path, write=write))
        self.settings = settings

    def write(self, batch: Batch) -> None:
        """See Store. States and incidents first: they do not wait for samples."""
        with self._file.transaction() as connection:
            write_journal(connection, batch)
        if batch.samples and (refused := self.write_samples(batch.samples)):
            raise StoreError(f"{len(refused)} samples are refused: {refused[0].reason}.")

    def check(self) -> StoreReport:
        """See Store. Asks the server what is there."""
        return report(self.server, self.settings)

    def close(self) -> None:
        """See SampleStore."""
        self._file.close()
        self.server.close()
