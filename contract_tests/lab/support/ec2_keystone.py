"""Put into a running Keystone what stands on it: endpoints in the catalog, EC2 credentials of users.

    ec2_keystone.py URL USER:PASSWORD:PROJECT WHAT...

WHAT is TYPE=ENDPOINT, or credentials=USER:ACCESS:SECRET (in the project in which the user has a role).
Credentials that are known beforehand let a deployment file say how requests are signed. Runs on any Python
that has requests (3.6 and later).
"""

import json
import sys

import requests

url, admin, words = sys.argv[1], sys.argv[2].split(":"), sys.argv[3:]
session = requests.Session()
session.trust_env = False


def ask(method, path, body=None):
    response = session.request(method, url + path, json=body)
    if response.status_code >= 300:
        sys.exit("%s %s: %s %s" % (method, path, response.status_code, response.text))
    return response


domain = {"id": "default"}
auth = {
    "identity": {
        "methods": ["password"],
        "password": {"user": {"name": admin[0], "password": admin[1], "domain": domain}},
    },
    "scope": {"project": {"name": admin[2], "domain": domain}},
}
answer = ask("POST", "/auth/tokens", {"auth": auth})
session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]

for word in words:
    name, _, value = word.partition("=")
    if name != "credentials":
        service = ask("POST", "/services", {"service": {"type": name, "name": name}}).json()["service"]
        endpoint = {
            "service_id": service["id"],
            "interface": "public",
            "url": value,
            "region_id": "RegionOne",
        }
        ask("POST", "/endpoints", {"endpoint": endpoint})
        continue
    user, access, secret = value.split(":")
    (owner,) = [one["id"] for one in ask("GET", "/users?name=" + user).json()["users"]]
    grants = ask("GET", "/role_assignments?user.id=" + owner).json()["role_assignments"]
    project = next(one["scope"]["project"]["id"] for one in grants if "project" in one["scope"])
    blob = json.dumps({"access": access, "secret": secret})
    body = {"type": "ec2", "blob": blob, "user_id": owner, "project_id": project}
    ask("POST", "/credentials", {"credential": body})
