"""Make Manila's tables from its models: its migrations do not run through on SQLite.

    manila_tables.py URL

Runs on Manila's own Python (3.6 and later).
"""

import sys

import sqlalchemy
from manila.db.sqlalchemy import models

models.BASE.metadata.create_all(sqlalchemy.create_engine(sys.argv[1]))
