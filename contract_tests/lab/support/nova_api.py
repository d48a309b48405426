"""Nova's API. Its factory takes a name before 2025 and is served by uWSGI elsewhere, which reads sys.argv."""

import inspect
import sys

sys.argv = ["nova-api"]

from nova.api.openstack import identity, wsgi_app

identity.verify_project_id = lambda context, project_id: True  # Keystone is not there to be asked
_names = len(inspect.signature(inspect.unwrap(wsgi_app.init_application)).parameters)
application = wsgi_app.init_application(*("osapi_compute", "nova-api")[:_names])
