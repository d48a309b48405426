#!/bin/bash
# What Grenade asks of a plugin, as contract-tests answers it:
#
#     resources.sh create               before the upgrade: record what each service answers
#     resources.sh verify pre-upgrade   the recording is there
#     resources.sh verify post-upgrade  run the same cases, each answer held to the recording
#
# A finding fails the phase, and with it the upgrade. The cloud is DevStack's of /etc/openstack/clouds.yaml.
set -o errexit -o nounset -o pipefail

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVICES=${CONTRACT_TESTS_SERVICES:-placement}
POLICY=${CONTRACT_TESTS_POLICY:-openstack}
OUTPUT=${CONTRACT_TESTS_OUTPUT:-/opt/stack/logs/contract-tests}
ENVIRONMENT=${CONTRACT_TESTS_VENV:-$OUTPUT/venv}
# Further options of `contract-tests run`, such as: --tag smoke --microversions latest
read -r -a OPTIONS <<<"${CONTRACT_TESTS_RUN_OPTIONS:-}"

contract_tests() { # SERVICE OPTION...
    local service=$1
    shift
    "$ENVIRONMENT/bin/contract-tests" run --service "$service" --no-matrix \
        --os-cloud admin="${CONTRACT_TESTS_ADMIN:-devstack-admin}" \
        --os-cloud member="${CONTRACT_TESTS_MEMBER:-devstack}" ${OPTIONS[@]+"${OPTIONS[@]}"} "$@"
}

create() {
    mkdir -p "$OUTPUT"
    if [[ ! -x "$ENVIRONMENT/bin/contract-tests" ]]; then
        python3 -m venv "$ENVIRONMENT"
        "$ENVIRONMENT/bin/pip" install "$PROJECT[cloud]"
    fi
    for service in $SERVICES; do
        contract_tests "$service" --release base --record "$OUTPUT/recordings" --json "$OUTPUT/report-$service-base.json"
    done
}

verify() { # pre-upgrade | post-upgrade
    for service in $SERVICES; do
        test -d "$OUTPUT/recordings/$service/base"
        if [[ "$1" == post-upgrade ]]; then
            contract_tests "$service" --release target --policy "$POLICY" \
                --baseline "$OUTPUT/recordings/$service/base" --json "$OUTPUT/report-$service-target.json"
        fi
    done
}

case "${1:-}" in
    create) create ;;
    verify) verify "${2:-post-upgrade}" ;;
    verify_noapi | destroy) ;; # a case leaves nothing behind
    *)
        echo "resources.sh: create, verify, verify_noapi or destroy, not '${1:-}'" >&2
        exit 2
        ;;
esac
