"""Manila's API. It reads its options from sys.argv, whose name is the one of its command."""

import sys

sys.argv[0] = "manila-api"

from manila.wsgi import wsgi

application = wsgi.initialize_application()
