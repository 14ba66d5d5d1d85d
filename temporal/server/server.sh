#!/bin/sh
# Temporal's server takes its password from the environment only: it is read from the file here and nowhere shown.
set -eu
POSTGRES_PWD=$(cat /secrets/temporal-postgres-password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
