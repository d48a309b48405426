"""Write a service into Keystone's catalog, as the user admin of the deployment `keystone`.

    keystone_catalog.py AUTH_URL PASSWORD TYPE NAME URL

Runs on the Python of the service, whose keystonemiddleware brings keystoneauth1 (3.6 and later).
"""

import sys

from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

auth_url, password, kind, name, url = sys.argv[1:]
admin = Password(
    auth_url=auth_url,
    username="admin",
    password=password,
    user_domain_id="default",
    project_name="admin",
    project_domain_id="default",
)
session = Session(auth=admin)
made = session.post(auth_url + "/services", json={"service": {"type": kind, "name": name}}).json()
for interface in ("public", "internal", "admin"):
    endpoint = {
        "service_id": made["service"]["id"],
        "interface": interface,
        "region_id": "RegionOne",
        "url": url,
    }
    session.post(auth_url + "/endpoints", json={"endpoint": endpoint})
