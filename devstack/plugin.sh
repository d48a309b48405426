#!/bin/bash
# DevStack's part of contract-tests: there is no service to set up, so this only says that there is a plugin.

if [[ "$1" == "stack" && "$2" == "install" ]]; then
    echo "contract-tests: nothing to install; Tempest's plugin comes by TEMPEST_PLUGINS"
fi
