"""Ironic's API, and a conductor in the same process: a message over `fake:/` leaves no process.

    ironic_api.py --config-file IRONIC.CONF

Its API puts authtoken around itself, without a paste file; the identity filter takes that place. Runs on
Ironic's own Python (3.6 and later).
"""

import importlib
import inspect
import sys

try:
    importlib.import_module("ironic.command")  # starts the threads' backend; eventlet until 2025
except ImportError:
    importlib.import_module("ironic.cmd")

from identity_filter import IdentityFilter
from keystonemiddleware import auth_token
from waitress import adjustments


class Identity(IdentityFilter):
    """Made as AuthProtocol is: Ironic says itself what needs no token. The project `system` is the system."""

    def __init__(self, application, conf):
        super().__init__(application, ())

    def __call__(self, environ, start_response):
        if environ.get("HTTP_X_AUTH_TOKEN", "").split(":")[1:2] == ["system"]:
            environ["HTTP_OPENSTACK_SYSTEM_SCOPE"] = "all"
        return super().__call__(environ, start_response)


auth_token.AuthProtocol = Identity

# Before Python 3.7 the type of eventlet's sockets says that they do not block; waitress takes it for another.
adjustments.Adjustments.check_sockets = staticmethod(lambda sockets: None)

from ironic.common import service

_arguments = ["ironic-api", *sys.argv[1:]]
_names = len(inspect.signature(service.prepare_service).parameters)
service.prepare_service(*(["ironic", _arguments][-_names:]))

import oslo_messaging

from ironic.api import app
from ironic.common import rpc
from ironic.conf import CONF
from ironic.objects import base

try:
    from ironic.conductor import rpc_service
except ImportError:
    from ironic.common import rpc_service

conductor = rpc_service.RPCService(CONF.host, "ironic.conductor.manager", "ConductorManager")
conductor.start()

# Older releases send to TOPIC.HOST, which is a queue's name in RabbitMQ, and a topic of its own for `fake:/`.
rpc.get_server(
    oslo_messaging.Target(topic="%s.%s" % (conductor.topic, CONF.host), server=CONF.host),
    [conductor.manager],
    base.IronicObjectSerializer(is_server=True),
).start()
application = app.VersionSelectorApplication()
