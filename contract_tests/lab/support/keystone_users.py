"""Make the users that `keystone-manage bootstrap` does not make: it makes an administrator and the roles.

    keystone_users.py CONFIG USER:PASSWORD:ROLE...

They share the project `members` of the default domain, where each has its role. This is done below the
API, as the bootstrap does it, so that no server has to run. Runs on Keystone's own Python (3.6 and later).
"""

import sys
import uuid

import keystone.conf
from keystone.common import provider_api, sql
from keystone.server import backends

keystone.conf.configure()
sql.initialize()
keystone.conf.CONF(["--config-file", sys.argv[1]], project="keystone")
backends.load_backends()
managers = provider_api.ProviderAPIs
domain = keystone.conf.CONF.identity.default_domain_id

project = uuid.uuid4().hex
managers.resource_api.create_project(
    project, {"id": project, "name": "members", "domain_id": domain, "enabled": True, "description": ""}
)
roles = {role["name"]: role["id"] for role in managers.role_api.list_roles()}
for word in sys.argv[2:]:
    name, password, role = word.split(":")
    user = {"name": name, "password": password, "domain_id": domain, "enabled": True}
    user = managers.identity_api.create_user(user)
    managers.assignment_api.add_role_to_user_and_project(user["id"], project, roles[role])
