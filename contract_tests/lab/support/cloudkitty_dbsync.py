"""CloudKitty's own dbsync, on SQLite.

    cloudkitty_dbsync.py --config-file FILE upgrade

Since 23 some migrations fill new columns through a session of CloudKitty's own, which is a second connection.
SQLite shows it nothing of the migration that is still open, so there such a session works on the migration's
connection.
"""

import contextlib
import sys

from alembic import op
from cloudkitty import db
from cloudkitty.cli import dbsync
from sqlalchemy.orm import Session

_own = getattr(db, "session_for_write", None)


@contextlib.contextmanager
def _session_for_write():
    try:
        connection = op.get_bind()
    except (AttributeError, NameError):  # no migration is open
        with _own() as session:
            yield session
        return
    session = Session(bind=connection)
    yield session
    session.flush()


if _own is not None:
    db.session_for_write = _session_for_write
sys.exit(dbsync.main())
