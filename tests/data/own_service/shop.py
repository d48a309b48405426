"""A small shop with a date-versioned API (WSGI, nothing but the standard library).

`Shop-Version: 2024-06-01` asks for a version; without it the oldest answers. What changed:

- 2024-01-01: a price is a number
- 2024-06-01: a price has an amount and a currency; lists have pages; an item can be shown as a label, by
  `Accept: application/json;type=label`
- 2025-02-01: an item has tags; a label has them too
"""

import json
import re
import threading
import uuid
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode

VERSIONS = ("2024-01-01", "2024-06-01", "2025-02-01")
TOKENS = {"admin-token-of-the-shop": "admin", "reader-token-of-the-shop": "reader"}
SPACE = uuid.UUID("7f6d2f4e-4e6c-4b9a-9d5c-2f6f0a3b1c11")


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Shop:
    """The application. `lost` is a property that it forgets to answer, as a regression would."""

    def __init__(self, lost=""):
        self.lost = lost
        self.items = {}
        self.orders = {}
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        headers = [("Vary", "Shop-Version, Accept")]
        media_type = "application/json"
        try:
            version = self.version(environ)
            with self.lock:
                status, document, more = self.route(environ, body, version)
            headers += [("Shop-Version", version), *more]
            if self.as_label(environ, version):
                tags = {"tags": document["tags"]} if "tags" in document else {}
                document = {"label": {"text": document["name"], **tags}}
                media_type += ";type=label"
        except Refused as error:
            status, document = error.status, {"error": {"code": error.status, "message": str(error)}}
        content = b"" if document is None else json.dumps(document).encode()
        if content:
            headers.append(("Content-Type", media_type))
        headers.append(("Content-Length", str(len(content))))
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [content]

    def as_label(self, environ, version):
        asked = environ["PATH_INFO"].startswith("/items/") and environ["REQUEST_METHOD"] == "GET"
        return asked and "type=label" in environ.get("HTTP_ACCEPT", "") and version >= "2024-06-01"

    def version(self, environ):
        asked = environ.get("HTTP_SHOP_VERSION", VERSIONS[0])
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])", asked):
            raise Refused(400, f"{asked} is no version")
        if not VERSIONS[0] <= asked <= VERSIONS[-1]:
            raise Refused(406, f"the versions are {VERSIONS[0]} to {VERSIONS[-1]}")
        return asked

    def route(self, environ, body, version):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/":
            return 200, {"oldest": VERSIONS[0], "newest": VERSIONS[-1]}, []
        role = TOKENS.get(environ.get("HTTP_X_AUTH_TOKEN"))
        if role is None:
            raise Refused(401, "say who you are")
        if method != "GET" and role != "admin":
            raise Refused(403, "this is for an admin")
        for wanted, pattern, handler in self.ROUTES:
            found = re.fullmatch(pattern, path)
            if found and wanted == method:
                query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
                return handler(self, version, query, body, *found.groups())
        raise Refused(404, "there is nothing here")

    def shown(self, item, version):
        price = item["price"]
        found = {"id": item["id"], "name": item["name"], "price": price}
        if version >= "2024-06-01":
            found["price"] = {"amount": price, "currency": "EUR"}
        if version >= "2025-02-01":
            found["tags"] = []
        found.pop(self.lost, None)
        return found

    def list_items(self, version, query, body):
        if not query.get("limit", "1").isdigit():
            raise Refused(400, "limit is a number")
        found = sorted(
            (one for one in self.items.values() if one["group"] == query.get("group", "")),
            key=lambda one: one["id"],
        )
        document = {}
        if version >= "2024-06-01":
            found = [one for one in found if one["id"] > query.get("marker", "")]
            limit = int(query.get("limit", len(found)))
            if len(found) > limit:
                query = {**query, "marker": found[limit - 1]["id"]}
                document["next"] = f"/items?{urlencode(query)}"
                found = found[:limit]
        return 200, {"items": [self.shown(one, version) for one in found], **document}, []

    def create_item(self, version, query, body):
        asked = json.loads(body or b"{}")
        price = asked.get("price")
        if version >= "2024-06-01":
            price = price.get("amount") if isinstance(price, dict) else None
        if not isinstance(price, int) or "name" not in asked:
            raise Refused(400, "an item has a name and a price")
        item = {"id": str(uuid.uuid5(SPACE, asked["name"])), "name": asked["name"], "price": price}
        self.items[item["id"]] = {**item, "group": asked.get("group", "")}
        return 201, self.shown(item, version), [("Location", f"/items/{item['id']}")]

    def item(self, name):
        if name not in self.items:
            raise Refused(404, f"there is no item {name}")
        return self.items[name]

    def show_item(self, version, query, body, name):
        return 200, self.shown(self.item(name), version), []

    def delete_item(self, version, query, body, name):
        del self.items[self.item(name)["id"]]
        return 204, None, []

    def create_order(self, version, query, body, name):
        order = {"id": str(uuid.uuid5(SPACE, f"order of {self.item(name)['id']}")), "item": name, "looks": 0}
        self.orders[order["id"]] = order
        return 202, {"state": "pending"}, [("Location", f"/orders/{order['id']}")]

    def show_order(self, version, query, body, name):
        if name not in self.orders:
            raise Refused(404, f"there is no order {name}")
        order = self.orders[name]
        order["looks"] += 1
        return 200, {"state": "done" if order["looks"] > 2 else "pending", "item": order["item"]}, []

    ROUTES = (
        ("GET", "/items", list_items),
        ("POST", "/items", create_item),
        ("GET", "/items/([^/]+)", show_item),
        ("DELETE", "/items/([^/]+)", delete_item),
        ("POST", "/items/([^/]+)/orders", create_order),
        ("GET", "/orders/([^/]+)", show_order),
    )


application = Shop()
broken = Shop(lost="price")
