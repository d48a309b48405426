"""EC2 API as a WSGI application: it brings a server of its own, and no callable.

    ec2_api.py CONFIG

Runs on EC2 API's own Python.
"""

import sys

sys.argv = ["ec2-api", "--config-file", sys.argv[1]]

from ec2api import config, wsgi
from oslo_config import cfg
from oslo_log import log

config.parse_args(sys.argv)
log.setup(cfg.CONF, "ec2api")
application = wsgi.Loader().load_app("ec2api")
