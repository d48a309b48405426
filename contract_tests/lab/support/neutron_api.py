"""Neutron's API, whose way of making an application moved twice. It reads its options from sys.argv."""

import sys

sys.argv[0] = "neutron-server"

try:
    from neutron.wsgi.api import application  # since 2025
except ImportError:
    from neutron.server import get_application

    application = get_application()
