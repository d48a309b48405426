"""A driver of Cinder's that stores nothing: what the managers ask of it is always done."""

from cinder.volume import driver


class Nowhere(driver.VolumeDriver):
    def do_nothing(self, *args, **kwargs):
        """Return no change of what the database has."""

    check_for_setup_error = get_volume_stats = ensure_export = create_export = remove_export = do_nothing
    create_volume = create_volume_from_snapshot = delete_volume = do_nothing
    create_snapshot = delete_snapshot = do_nothing
    delete_backup = do_nothing
