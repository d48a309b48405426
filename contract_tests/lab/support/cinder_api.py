"""Cinder's API. It reads its options from sys.argv, whose name is the one of its command.

With it in one process are the managers of volumes and backups, above a driver that stores nothing. The
API hands things over by messages; here a message arrives before the next request is answered, so that a
client asks as often on every run, and it brings what it names: read from the database again. Volumes are
handed over where their type asks for this backend (volume_backend_name: contract-tests), and so are the
snapshots and backups of such volumes; the others stay as the API alone makes them.
"""

import functools
import logging
import sys

sys.argv[0] = "cinder-api"

from cinder.wsgi import wsgi

api = wsgi.initialize_application()

import cinder.backup.api
from cinder import coordination, objects
from cinder.backup import manager as backup_manager
from cinder.backup import rpcapi as backup_rpcapi
from cinder.scheduler import rpcapi as scheduler_rpcapi
from cinder.volume import manager as volume_manager
from cinder.volume import rpcapi as volume_rpcapi

BACKEND = "contract-tests"
HOST = f"contract-tests@{BACKEND}"


messages = []


def application(environ, start_response):
    while messages:
        bring = messages.pop(0)
        try:
            bring()
        except Exception:  # who sent it does not hear of it
            logging.exception("a message that was not understood")
    return api(environ, start_response)


def message(method):
    """A call that is answered at once, and made later."""

    @functools.wraps(method)
    def later(self, *args, **kwargs):
        messages.append(functools.partial(method, self, *args, **kwargs))

    return later


class Backups(backup_manager.BackupManager):
    """Everything of the manager but the data, which would need a volume attached to this machine."""

    def _start_backup(self, context, backup, volume):
        self._finish_backup(context, backup, volume, {})

    def _run_backup(self, context, backup, volume):  # until 2023
        return {}

    def _run_restore(self, context, backup, volume, *new):
        pass


if not coordination.COORDINATOR.started:
    coordination.COORDINATOR.start()
volumes = volume_manager.VolumeManager(volume_driver="cinder_nowhere.Nowhere", host=HOST)
volumes.stats = {"pools": {}, "allocated_capacity_gb": 0}  # as when it starts
volumes.driver.set_initialized()
backups = Backups(host=HOST)
backups.service = lambda context: volumes.driver
backups.is_initialized = True


class Scheduler(scheduler_rpcapi.SchedulerAPI):
    def create_volume(self, ctxt, volume, request_spec=None, **asked):
        volume = objects.Volume.get_by_id(ctxt.elevated(), volume.id)
        specs = volume.volume_type.extra_specs if volume.volume_type_id else None
        if specs and specs.get("volume_backend_name") == BACKEND:
            volume.host = HOST
            volume.save()
            volumes.create_volume(ctxt.elevated(), volume, request_spec, {}, allow_reschedule=False)

    def create_snapshot(self, ctxt, volume, snapshot, *asked, **others):
        volumes.create_snapshot(ctxt, objects.Snapshot.get_by_id(ctxt, snapshot.id))

    def create_backup(self, ctxt, backup):
        backups.create_backup(ctxt, objects.Backup.get_by_id(ctxt, backup.id))


class Volumes(volume_rpcapi.VolumeAPI):
    def delete_volume(self, ctxt, volume, unmanage_only=False, cascade=False):
        volume = objects.Volume.get_by_id(ctxt.elevated(), volume.id)
        volumes.delete_volume(ctxt.elevated(), volume, unmanage_only, cascade)

    def delete_snapshot(self, ctxt, snapshot, unmanage_only=False):
        volumes.delete_snapshot(ctxt, objects.Snapshot.get_by_id(ctxt, snapshot.id), unmanage_only)


class BackupsFromAfar(backup_rpcapi.BackupAPI):
    def restore_backup(self, ctxt, backup_host, backup, volume_id, *new):
        backups.restore_backup(ctxt, objects.Backup.get_by_id(ctxt, backup.id), volume_id, *new)

    def delete_backup(self, ctxt, backup):
        backups.delete_backup(ctxt, objects.Backup.get_by_id(ctxt, backup.id))

    def reset_status(self, ctxt, backup, status):
        backups.reset_status(ctxt, objects.Backup.get_by_id(ctxt, backup.id), status)


# The API holds objects of these classes, made while it was loaded.
for made_here in (Scheduler, Volumes, BackupsFromAfar):
    for name, method in vars(made_here).items():
        if not name.startswith("__"):
            setattr(made_here.__base__, name, message(method))
# No service reports to the database here: see cinder_services.py.
cinder.backup.api.API._get_available_backup_service_host = lambda self, host, zone: HOST
cinder.backup.api.API._is_backup_service_enabled = lambda self, zone, host: True
