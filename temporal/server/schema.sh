#!/bin/sh
# Runs in Temporal's admin tools, once per start: creates or updates the schema of Temporal's own Postgres.
set -eu
SQL_PASSWORD=$(cat /secrets/temporal-postgres-password)
export SQL_PASSWORD

schema() {
  database=$1
  folder=$2
  tool="temporal-sql-tool --plugin postgres12 --ep temporal-postgres -p 5432 -u temporal --db $database"
  # Both say so and fail where it is there already.
  $tool create || true
  $tool setup-schema -v 0.0 || true
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
}

schema temporal temporal
schema temporal_visibility visibility
