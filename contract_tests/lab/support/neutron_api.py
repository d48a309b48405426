"""Neutron's API, whose way of making an application moved twice. It reads its options from sys.argv."""

import sys

sys.argv[0] = "neutron-server"

try:
    from neutron.wsgi.api import application  # since 2025
except ImportError:
    from neutron import server

    if hasattr(server, "get_application"):  # till 2021
        application = server.get_application()
    else:
        from neutron.server import api_eventlet

        application = server.boot_server(api_eventlet.eventlet_api_server)
