"""InfluxDB in memory, behind its Python client: as much of InfluxQL as CloudKitty's storage asks.

CloudKitty's unit tests bring a stand-in too, but that one takes the place of CloudKitty's own queries: with
it filters by lists, the names that a query gives its sums, and pages are never CloudKitty's.
"""

import datetime
import re

from influxdb.exceptions import InfluxDBClientError
from influxdb.resultset import ResultSet

_STATEMENT = re.compile(
    r'(?:SELECT (?P<what>.+)|DELETE) FROM "dataframes"(?: WHERE (?P<where>.+?))?'
    r"(?: GROUP BY (?P<groups>.+?))?(?: LIMIT (?P<limit>\d+) OFFSET (?P<offset>\d+))?"
)
_TERM = re.compile(r"\"?([^\"=<>' ]+)\"? ?(=|<|>=) ?(?:'([^']*)'|([0-9.]+))")
_SUM = re.compile(r"(\w+)\((\w+)\)(?: AS (\w+))?", re.IGNORECASE)
_FUNCTIONS = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "COUNT": len,
    "MEAN": lambda values: sum(values) / len(values),
}
_FORM = "%Y-%m-%dT%H:%M:%SZ"


class InfluxDBClient:
    """The methods of influxdb.InfluxDBClient that CloudKitty calls."""

    def __init__(self, **options):
        self._points = {}

    def get_list_retention_policies(self, database):
        return [{"name": "autogen"}]

    def write_points(self, points, retention_policy=None):
        """A point with the tags and the time of another takes its place, as in InfluxDB."""
        for point in points:
            tags = {key: str(value) for key, value in point["tags"].items() if value not in ("", None)}
            fields = {key: value for key, value in point["fields"].items() if value is not None}
            time = point["time"].astimezone(datetime.timezone.utc)
            self._points[(time, *sorted(tags.items()))] = (time, tags, fields)

    def query(self, text):
        found = [self._statement(statement) for statement in text.strip("; ").split(";")]
        return found if len(found) > 1 else found[0]

    def _statement(self, text):
        parsed = _STATEMENT.fullmatch(text.strip())
        if not parsed:
            raise InfluxDBClientError("error parsing query: " + text, 400)
        chosen = {
            key: point for key, point in sorted(self._points.items()) if _matches(point, parsed["where"])
        }
        if not parsed["what"]:
            for key in chosen:
                del self._points[key]
            return ResultSet({"series": []})
        points = list(chosen.values())
        if parsed["what"] == "*":
            offset, limit = int(parsed["offset"] or 0), int(parsed["limit"] or len(points))
            series = _everything(points[offset : offset + limit])
        else:
            series = _sums(points, parsed["what"], parsed["groups"])
        return ResultSet({"series": series})


def _matches(point, where):
    return all(
        any(_holds(point, term) for term in terms.strip("()").split(" OR "))
        for terms in (where.split(" AND ") if where else ())
    )


def _holds(point, term):
    parsed = _TERM.fullmatch(term.strip())
    if not parsed:
        raise InfluxDBClientError("error parsing query: " + term, 400)
    time, tags, fields = point
    name, sign, text, number = parsed.groups()
    if name == "time":
        limit = datetime.datetime.strptime(text[:19], _FORM[:-1]).replace(tzinfo=datetime.timezone.utc)
        return time >= limit if sign == ">=" else time < limit
    return {**fields, **tags}.get(name, "") == (float(number) if text is None else text)


def _everything(points):
    names = sorted({name for _, tags, fields in points for name in (*tags, *fields)})
    rows = [
        [time.strftime(_FORM)] + [{**fields, **tags}.get(name) for name in names]
        for time, tags, fields in points
    ]
    return [{"name": "dataframes", "columns": ["time", *names], "values": rows}] if rows else []


def _sums(points, what, groups):
    """One series for each value of the tags that it groups by, a row an hour where it does by time."""
    seconds = re.search(r"time\((\d+)s\)", groups or "")
    tags = [name for name in re.findall(r'"([^"]*)"', groups or "") if name]
    series = {}
    for time, own, fields in points:
        start = 0
        if seconds:
            start = int(time.timestamp()) // int(seconds[1]) * int(seconds[1])
        rows = series.setdefault(tuple(own.get(tag, "") for tag in tags), {})
        rows.setdefault(start, []).append(fields)
    wanted = [(function, field, name or function.lower()) for function, field, name in _SUM.findall(what)]
    return [
        {
            "name": "dataframes",
            "tags": {tag: key[index] for index, tag in enumerate(tags)},
            "columns": ["time"] + [name for _, _, name in wanted],
            "values": [_row(start, found, wanted) for start, found in sorted(rows.items())],
        }
        for key, rows in sorted(series.items())
    ]


def _row(start, found, wanted):
    values = [
        _FUNCTIONS[function.upper()]([fields[field] for fields in found if field in fields])
        for function, field, _ in wanted
    ]
    return [datetime.datetime.utcfromtimestamp(start).strftime(_FORM)] + values
