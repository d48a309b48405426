"""CloudKitty's API with what stands behind it in this process, and rated data to report on.

    cloudkitty_api.py SEED_FILE [OPTION OF CLOUDKITTY-API]...

- The API asks the processor over RPC for quotes and for resets of scopes. The processor's two RPC endpoints
  are CloudKitty's own; they listen here, on the transport in memory, without the loop that collects.
- Storage version 2 needs a time series database: InfluxDB in memory, one for all of the API.
- Storage version 1 and the scopes' states get their tables from cloudkitty-storage-init elsewhere.
- The processor sends a scope back to a time some time after the request that asked for it. In one SQLite file
  it may not write between what another request reads and writes: it waits until no request goes on.
- Only the processor writes rated data (and, before v2 could create them, scopes): the seed file has some.
"""

import datetime
import json
import pathlib
import sys
import threading

SEED = sys.argv[1]
sys.argv = ["cloudkitty-api"] + sys.argv[2:]

try:
    import eventlet
except ImportError:
    pass
else:  # until 9 the processor's module replaces the sockets of this process, the server's too
    eventlet.monkey_patch = lambda *arguments, **options: None

import oslo_messaging
from cloudkitty import messaging, orchestrator, service, storage, storage_state
from cloudkitty.api import app
from dateutil import tz
from keystonemiddleware import opts
from oslo_config import cfg

CONF = cfg.CONF
WORKING = threading.Lock()
service.prepare_service()
# Since 23 the API looks up who asks with authtoken's options, which authtoken is not here to register.
for group, options in opts.list_auth_token_opts():
    CONF.register_opts(options, group=group)


def open_storage():
    """The one storage of this process, with its tables."""
    if CONF.storage.version == 2:
        import influxdb
        from cloudkitty_influxdb import InfluxDBClient

        influxdb.InfluxDBClient = InfluxDBClient
    opened = storage.get_storage()
    opened.init()
    storage.get_storage = lambda **arguments: opened
    return opened


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=tz.tzutc())


def seed(opened, scopes):
    data = json.loads(pathlib.Path(SEED).read_text())
    for frame in data["frames"]:
        period = {name: moment(frame[name]) for name in ("begin", "end")}
        point = {"vol": frame["vol"], "rating": frame["rating"]}
        try:
            from cloudkitty.dataframe import DataFrame
        except ImportError:  # before 11 a frame is a mapping, its times are timestamps
            stamps = {name: int(time.timestamp()) for name, time in period.items()}
            point["desc"] = dict(frame["groupby"], **frame["metadata"])
            pushed = {"period": stamps, "usage": {frame["type"]: [point]}}
        else:
            point.update(groupby=frame["groupby"], metadata=frame["metadata"])
            pushed = DataFrame.from_dict({"period": period, "usage": {frame["type"]: [point]}})
        opened.push([pushed], frame["groupby"]["project_id"])
    name = "set_last_processed_timestamp" if hasattr(scopes, "set_last_processed_timestamp") else "set_state"
    for scope in data["scopes"] if CONF.storage.version == 2 else ():
        getattr(scopes, name)(
            scope["scope_id"],
            moment(scope["last_processed_timestamp"]),
            fetcher=scope["fetcher"],
            collector=scope["collector"],
            scope_key=scope["scope_key"],
        )


def alone(function):
    """`function`, but never while another one that went through here works."""

    def wrapped(*arguments, **names):
        with WORKING:
            return function(*arguments, **names)

    return wrapped


def listen():
    endpoints = [orchestrator.RatingEndpoint(None)]
    if hasattr(orchestrator, "ScopeEndpoint"):
        scopes = orchestrator.ScopeEndpoint()
        scopes.reset_state = alone(scopes.reset_state)
        endpoints.append(scopes)
    target = oslo_messaging.Target(topic="cloudkitty", server=CONF.host, version="1.0")
    oslo_messaging.get_rpc_server(messaging.get_transport(), target, endpoints, executor="threading").start()


_storage = open_storage()
_scopes = storage_state.StateManager()
_scopes.init()
seed(_storage, _scopes)
listen()
_load = app.load_app()
application = alone(lambda *request: list(_load(*request)))
