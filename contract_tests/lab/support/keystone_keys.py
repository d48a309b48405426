"""Make the key repositories that Keystone's Fernet tokens and credentials need, in folders that are there.

    keystone_keys.py FOLDER...

`keystone-manage fernet_setup` does the same, but wants the name of the user that shall own them. Runs on
Keystone's own Python (3.6 and later).
"""

import os
import sys

from cryptography.fernet import Fernet

for folder in sys.argv[1:]:
    for number in ("0", "1"):  # the next key, and the one in use
        path = os.path.join(folder, number)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            out.write(Fernet.generate_key())
