"""Make Neutron's tables from its models: its migrations alter columns, which SQLite cannot.

    neutron_tables.py URL

Runs on Neutron's own Python (3.6 and later).
"""

import sys

import sqlalchemy
from neutron.db.migration.models import head

head.model_base.BASEV2.metadata.create_all(sqlalchemy.create_engine(sys.argv[1]))
