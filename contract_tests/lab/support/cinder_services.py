"""Write the volume services into Cinder's database that would report themselves, were they running.

    cinder_services.py CONFIG HOST...

Without one there is no availability zone, and nothing to enable or disable. Their last report is long ago,
so that they are down at every start. Runs on Cinder's own Python (3.6 and later).
"""

import datetime
import sys

sys.argv, config, hosts = ["cinder-manage"], sys.argv[1], sys.argv[2:]

from cinder import context, objects
from cinder.db import api as db
from cinder.objects import base
from cinder.volume import rpcapi
from oslo_config import cfg

objects.register_all()
cfg.CONF(["--config-file", config], project="cinder")
for host in hosts:
    values = {
        "host": host,
        "binary": "cinder-volume",
        "topic": "cinder-volume",
        "availability_zone": "nova",
        "disabled": False,
        "report_count": 1,
        "rpc_current_version": rpcapi.VolumeAPI.RPC_API_VERSION,
        "object_current_version": base.OBJ_VERSIONS.get_current(),
        "replication_status": "disabled",
        "created_at": datetime.datetime(2020, 1, 1),
        "updated_at": datetime.datetime(2020, 1, 1),
    }
    db.service_create(context.get_admin_context(), values)
