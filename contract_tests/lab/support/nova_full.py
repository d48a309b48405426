"""Nova as its own functional tests stand it up, behind a port: servers become ACTIVE.

API, conductor, scheduler and a compute with the fake driver are one process, with Placement inside, stand-ins
for Glance, Neutron and Cinder, and databases in memory.

    nova_full.py PASTE_FILE
"""

import os
import sys
import traceback
import warnings

PASTE = sys.argv[1]
sys.argv = ["nova-api"]
os.environ.setdefault("OS_TEST_TIMEOUT", "0")

import nova.tests  # it patches what has to be patched, before all else
import nova.tests.functional
import oslo_policy.opts
from oslo_db.sqlalchemy import engines
from nova import policy
from nova.conf import CONF
from nova.image import glance
from nova.api.openstack import identity
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import integrated_helpers

try:
    from nova.api.wsgi import Loader  # since 2023
except ImportError:
    from nova.wsgi import Loader


# oslo.db opens each connection anew once an hour, and a database in memory is gone with its connection.
create_engine = engines.create_engine
engines.create_engine = lambda *args, **kwargs: create_engine(
    *args, **{**kwargs, "connection_recycle_time": -1}
)
oslo_policy.opts.set_defaults(CONF)  # registers the options, where Nova has not yet done so
NEW_DEFAULTS = CONF.oslo_policy.enforce_new_defaults


class Environment(integrated_helpers._IntegratedTestBase):
    api_major_version = "v2.1"
    ADMIN_API = True
    STUB_KEYSTONE = False  # the stand-in reads other headers than a client sends
    compute_driver = "fake.MediumFakeDriver"

    def _setup_services(self):
        self.flags(api_paste_config=PASTE, group="wsgi")
        if "auth_strategy" in CONF.api:  # there until 2026
            self.flags(auth_strategy="keystone", group="api")
        self.flags(compute_driver=self.compute_driver)
        if "response_validation" in CONF.api:
            self.flags(response_validation="warn", group="api")  # what operators have; tests have "error"
        # Placement's fixture, in the same process, takes back what Nova made the default in 2023.
        self.flags(enforce_new_defaults=NEW_DEFAULTS, group="oslo_policy")
        policy.reset()
        policy.init(suppress_deprecation_warnings=True)
        # Services are up, however slow the machine is, and none of them writes beside a request.
        self.flags(report_interval=0, service_down_time=10**6)
        # A build ends before its answer: a client asks as often on every run, and recordings are alike.
        self.useFixture(nova_fixtures.SpawnIsSynchronousFixture())
        super()._setup_services()

    def nothing(self):
        """There is no test in it."""


identity.verify_project_id = lambda context, project_id: True  # Keystone is not there to be asked
_environment = Environment("nothing")
try:
    _environment.setUp()
except BaseException:
    traceback.print_exc()  # Nova's hook for what nobody catches writes to a log that is only in memory
    raise
# Each has told that it is alive by the time of the first request, and not at some time later.
for service in (_environment.conductor, _environment.scheduler, _environment.compute):
    service.service_ref.report_count += 1
    service.service_ref.save()
# One image is enough to boot from, and a list of one is a short one.
images = glance.get_default_image_service().images
for name in list(images)[1:]:
    del images[name]
# Nova's tests turn some warnings into errors; for a client they would be answers 500.
warnings.resetwarnings()
warnings.simplefilter("ignore")
application = Loader().load_app("osapi_compute")
