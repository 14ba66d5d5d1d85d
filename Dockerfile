# One image for every role of a desk; docker-compose.yml says which role a container runs.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /fermata
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts
# The links of the Postgres that a restore drill runs: later on nothing in here can be written any more.
RUN node --input-type=module -e "await (await import('./dist/supervisor/start-postgres.js')).findPostgresBinaries()"

FROM node:20.20.2-bookworm-slim
# pg_dump and pg_restore of the server's major version, for backups and drills.
RUN apt-get update \
  && apt-get install -y --no-install-recommends postgresql-client-15 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /fermata
COPY --from=build /fermata/package.json ./
COPY --from=build /fermata/package-lock.json ./
COPY --from=build /fermata/node_modules ./node_modules
COPY --from=build /fermata/dist ./dist
COPY --from=build /fermata/desks ./desks
COPY --from=build /fermata/bin ./bin
COPY --from=build /fermata/temporal ./temporal
# Named volumes take over who owns these; a volume that stays empty would take it over from the next image again.
RUN install -d -o node -g node -m 0700 /var/lib/fermata /var/lib/fermata/people /var/lib/fermata/web /before \
  /run/fermata /fermata/data /secrets /prometheus \
  /secrets-of/bot /secrets-of/engine-worker /secrets-of/operations-worker /secrets-of/ledger /secrets-of/web \
  /secrets-of/telegram /secrets-of/cli /secrets-of/restore /secrets-of/stores /secrets-of/preflight /secrets-of/postgres \
  /secrets-of/temporal-postgres /secrets-of/temporal-schema /secrets-of/temporal /secrets-of/prometheus \
  && install -o node -g node -m 0600 /dev/null /prometheus/.owner
USER node
ENV NODE_ENV=production
ENTRYPOINT ["node"]
CMD ["bin/fermata.js", "--help"]
