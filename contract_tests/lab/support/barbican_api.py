"""Barbican's API. Its own start-up reads /etc: here the files are named, and nothing else is different.

    barbican_api.py BARBICAN.CONF BARBICAN-API-PASTE.INI

Runs on Barbican's own Python (3.6 and later).
"""

import sys

from barbican.common import config
from paste import deploy

config.CONF(["--config-file", sys.argv[1]], project="barbican")
application = deploy.loadapp("config:" + sys.argv[2])
