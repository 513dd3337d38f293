"""Ledgers of forecasts: the format of their records; read and verify them."""

from pathlib import Path

from bayes_scaling.ledger.formats import Format
from bayes_scaling.ledger.heads import Head
from bayes_scaling.ledger.reading import read_records
from bayes_scaling.ledger.verification import Verification, examine_ledger
from bayes_scaling.registry.draws_and_data import SUFFIXES, files_of
from bayes_scaling.registry.record_checks import unlike_record
from bayes_scaling.registry.records import SCHEMA, Record

FORECASTS = Format(SCHEMA, unlike_record, files_of, SUFFIXES, Record)


def read_ledger(ledger: str | Path) -> tuple[Record, ...]:
    """Read the records of a ledger, as they stand: `verify` says whether they hold.

    Parameters
    ----------
    ledger : str or Path

    Returns
    -------
    tuple of Record

    Raises
    ------
    LedgerError
        If there is no such ledger, or a line can't be read or is of a newer version.
    """
    return read_records(ledger, FORECASTS)


def verify(ledger: str | Path, head: Head | str | Path | None = None) -> Verification:
    """Recompute the chain of a ledger, its head and the hashes of its side files.

    Parameters
    ----------
    ledger : str or Path
    head : Head, str or Path, optional
        A head that was published when the ledger had that many records: ``"50:3fa9..."``, or a
        head file. Records may have been added since.

    Returns
    -------
    Verification

    Raises
    ------
    LedgerError
        If there is no such ledger, or the head can't be read.
    OutputError
        If a file is there but can't be read.

    Notes
    -----
    What this shows, and what it can't. Each line carries the SHA-256 of the line before, so an
    edit, deletion, insertion or change of order anywhere but at the end breaks the chain, and the
    head file beside the ledger guards the end. Both lie in the same place. Whoever can write there
    can rewrite all records and the head file with them, or cut the end of both, and the chain that
    results holds. That this did not happen is shown only by a head published where its author
    can't take it back: a commit pushed to a repository of others (``anchor="git"``, then push), a
    time-stamping service, a post. Handed that head, `verify` vouches for every byte of the records
    it counts, but not for what was appended after them.

    Nor does a chain show that a forecast is older than its outcome: the time in a record is what
    the clock of its author said. Only the date of the publication is a witness. And nothing shows
    that the author did not keep several ledgers and publish the one that came true; a place where
    all heads are posted does.

    Side files are checked by their hashes. An author is a name, not a signature.
    """
    return examine_ledger(ledger, head, FORECASTS)
