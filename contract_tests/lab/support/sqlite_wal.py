"""Let SQLite files be read while they are written (journal mode WAL, which is stored in the file).

    sqlite_wal.py FILE...

Without it a session within a session of a service, or a second thread, is told `database is locked`.
"""

import sqlite3
import sys

for path in sys.argv[1:]:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
