"""A paste filter for the place of keystonemiddleware's authtoken: who asks stands in the token itself.

    X-Auth-Token: USER:PROJECT:ROLE,ROLE

becomes the identity headers that authtoken would set. No token, or one of another form, is answered 401,
except where a service shows its versions to anybody. Runs on the Python of the service (3.6 and later).
"""

import json

_OPEN = ("", "/", "/healthcheck")


class IdentityFilter:
    def __init__(self, application, open_paths):
        self.application = application
        self.open_paths = open_paths

    def __call__(self, environ, start_response):
        parts = environ.get("HTTP_X_AUTH_TOKEN", "").split(":")
        if len(parts) == 3 and all(parts):
            environ.update(_identity(*parts))
        elif environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") not in self.open_paths:
            return _refuse(start_response)
        else:
            environ["HTTP_X_IDENTITY_STATUS"] = "Invalid"
        return self.application(environ, start_response)


def _identity(user, project, roles):
    return {
        "HTTP_X_IDENTITY_STATUS": "Confirmed",
        "HTTP_X_USER_ID": user,
        "HTTP_X_USER_NAME": user,
        "HTTP_X_USER": user,
        "HTTP_X_USER_DOMAIN_ID": "default",
        "HTTP_X_PROJECT_ID": project,
        "HTTP_X_PROJECT_NAME": project,
        "HTTP_X_TENANT_ID": project,
        "HTTP_X_TENANT_NAME": project,
        "HTTP_X_TENANT": project,
        "HTTP_X_PROJECT_DOMAIN_ID": "default",
        "HTTP_X_ROLES": roles,
        "HTTP_X_ROLE": roles,
        "HTTP_X_IS_ADMIN_PROJECT": "True",
        "HTTP_X_SERVICE_CATALOG": "[]",
    }


def _refuse(start_response):
    error = {
        "code": 401,
        "title": "Unauthorized",
        "message": "The request you have made requires authentication.",
    }
    body = json.dumps({"error": error}).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("WWW-Authenticate", 'Keystone uri="http://127.0.0.1/identity"'),
    ]
    start_response("401 Unauthorized", headers)
    return [body]


def filter_factory(global_conf, **local_conf):
    """`open_paths` in the paste file adds paths that need no token, separated by blanks."""
    open_paths = _OPEN + tuple(local_conf.get("open_paths", "").split())
    return lambda application: IdentityFilter(application, open_paths)
