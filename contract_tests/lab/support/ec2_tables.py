"""Make the tables of EC2 API's database from its models: its migrations do not run on SQLite.

    ec2_tables.py FILE

Runs on EC2 API's own Python.
"""

import sys

import sqlalchemy
from ec2api.db.sqlalchemy import models

models.BASE.metadata.create_all(sqlalchemy.create_engine("sqlite:///" + sys.argv[1]))
