"""Serve a WSGI application on a socket that is open already. Runs on the Python of the service, 3.6 on.

    serve.py FD THREADS PREFIX WHAT [ARGUMENT...]

WHAT is module:callable, module:callable() for a factory, or the path of a file that defines `application`.
Every release stands behind this one server, so that a recording does not show what served it.
"""

import importlib
import os
import runpy
import socket
import sys


def load(what):
    if what.endswith(".py"):
        return runpy.run_path(what)["application"]
    module, _, name = what.partition(":")
    found = getattr(importlib.import_module(module), name.replace("()", ""))
    return found() if name.endswith("()") else found


def counted(application, path):
    """The application, with a byte in a file for each request: what a proxy asks of it shows there."""

    def call(environ, start_response):
        with open(path, "ab") as out:
            out.write(b".")
        return application(environ, start_response)

    return call


def announce_the_end():
    """Let waitress say that it ends the connection after a HEAD, and where the application raises.

    Some releases of it do so silently, and a client may use the connection again.
    """
    from waitress import task

    build = task.Task.build_response_header

    def build_response_header(self):
        # A request that is none has no command.
        if isinstance(self, task.ErrorTask) or getattr(self.request, "command", "") == "HEAD":
            self.request.headers["CONNECTION"] = "close"
        return build(self)

    task.Task.build_response_header = build_response_header


def main():
    fd, threads, prefix, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    sys.argv = [what.rpartition("/")[2]] + sys.argv[5:]
    counter = os.environ.pop("CONTRACT_TESTS_COUNTER", "")
    application = counted(load(what), counter) if counter else load(what)
    from waitress import serve

    announce_the_end()
    listening = socket.socket(fileno=fd)
    serve(application, sockets=[listening], threads=threads, ident=None, url_prefix=prefix)


main()
