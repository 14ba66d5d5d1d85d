import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namespaceOf } from '../../src/supervisor/start/runtime-file.js';
import {
  cacheDirectory,
  cachedBinary,
  downloadTemporal,
} from '../../src/supervisor/temporal/fetch-temporal.js';
import { resolveTemporal, type TemporalDatabase } from '../../src/supervisor/temporal/resolve-temporal.js';
import { OPTIONS_NEEDED } from '../../src/supervisor/temporal/server-options.js';
import { databaseFileFor, databaseInUse, markReady } from '../../src/supervisor/temporal/start-temporal.js';
import type { Progress } from '../../src/supervisor/up-options.js';

/** Nothing listens there. */
const UNREACHABLE = 'http://127.0.0.1:3';
const NODE_ONLY = dirname(process.execPath);

let folder: string;
let lines: Progress[];
const onProgress = (progress: Progress): void => void lines.push(progress);
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-temporal-'));
  lines = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const tools = join(folder, 'tools');
  mkdirSync(tools, { recursive: true });
  return {
    XDG_CACHE_HOME: join(folder, 'cache'),
    PATH: tools,
    FERMATA_TEMPORAL_DOWNLOAD: UNREACHABLE,
    ...more,
  };
}

/** A program that answers like a `temporal` of that server version, with these options. */
function fakeTemporal(path: string, server: string, options: readonly string[] = OPTIONS_NEEDED): string {
  const help = options.map((option) => `${option} string`).join('\\n');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo 'temporal version 0.0.0-DEV (Server ${server}, UI 2.42.1)'; else printf '%b\\n' '${help}'; fi\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

async function serve(body: Buffer): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function archiveOf(binary: string): Buffer {
  const archive = join(folder, 'archive.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', dirname(binary), 'temporal']);
  return execFileSync('cat', [archive], { maxBuffer: 2 ** 26 });
}

test('a server that somebody else runs comes first', async () => {
  const env = environment({ FERMATA_TEMPORAL: 'external', TEMPORAL_ADDRESS: 'temporal.example:7233' });
  expect(await resolveTemporal({ env })).toEqual({ kind: 'address', address: 'temporal.example:7233' });
});

test('a temporal on PATH is taken if its server is new enough', async () => {
  const env = environment();
  const path = fakeTemporal(join(env.PATH ?? '', 'temporal'), '1.29.1');
  expect(await resolveTemporal({ env })).toEqual({
    kind: 'binary',
    path,
    serverVersion: '1.29.1',
    from: 'path',
  });
});

/** A home in which a server of each version ran, the last one most recently. */
async function ranAs(...versions: readonly string[]): Promise<TemporalDatabase | null> {
  const directory = join(folder, 'temporal');
  for (const [at, version] of versions.entries()) {
    const file = await databaseFileFor(directory, version);
    writeFileSync(file, 'of all runs');
    utimesSync(file, 1_000 + at, 1_000 + at);
    await markReady(file);
  }
  return databaseInUse(directory);
}

test('where a server ran before, one of its version goes on, whatever is on PATH by now', async () => {
  const env = environment();
  const path = fakeTemporal(join(env.PATH ?? '', 'temporal'), '1.31.0');
  const cached = fakeTemporal(cachedBinary(env), '1.29.1');
  expect(await resolveTemporal({ env, database: await ranAs() })).toMatchObject({ path });
  const database = await ranAs('1.30.0', '1.29.1');
  expect(await resolveTemporal({ env, database, onProgress })).toEqual({
    ...{ kind: 'binary', path: cached, serverVersion: '1.29.1', from: 'cache' },
  });
  expect(lines).toMatchObject([{ text: expect.stringContaining('its server is 1.31.0') }]);
  // An earlier build has pinned it.
  const earlier = fakeTemporal(join(folder, 'cache', 'fermata', 'temporal-cli-1.4.0', 'temporal'), '1.29.1');
  fakeTemporal(cachedBinary(env), '1.30.0');
  expect(await resolveTemporal({ env, database })).toMatchObject({ path: earlier });
});

test('where none of its version is at hand the start is refused, until a person lets the other one begin afresh', async () => {
  const env = environment();
  const path = fakeTemporal(join(env.PATH ?? '', 'temporal'), '1.31.0');
  const database = await ranAs('1.28.9', '1.29.1');
  fakeTemporal(cachedBinary(env), '1.28.9'); // one of before, which must not come back
  const file = join(folder, 'temporal', 'server-1.29.1-sealed.db');
  const refused = await resolveTemporal({ env, database }).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    name: 'StartFailure',
    message: expect.stringMatching(/server 1\.29\.1 here.*temporal: its server is 1\.31\.0/s),
    doThis: expect.stringContaining(`mv '${file}.ready' '${file}.left'`),
  });
  execFileSync('sh', ['-c', /mv .*/.exec((refused as { doThis: string }).doThis)?.[0] ?? '']);
  const now = await databaseInUse(join(folder, 'temporal'));
  expect(await resolveTemporal({ env, database: now })).toMatchObject({ path, serverVersion: '1.31.0' });
  expect(existsSync(file)).toBe(true);
});

test('a kept temporal that does not run is fetched anew, and nobody is advised to drop what is open', async () => {
  const env = environment();
  const database = await ranAs('1.29.1');
  mkdirSync(dirname(cachedBinary(env)), { recursive: true });
  writeFileSync(cachedBinary(env), 'cut off');
  chmodSync(cachedBinary(env), 0o755);
  const refused = await resolveTemporal({ env, database, onProgress }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'StartFailure', doThis: expect.stringContaining('look why') });
  expect((refused as { doThis: string }).doThis).not.toContain('mv ');
  expect((refused as Error).message).toMatch(/it does not run/);
  expect((refused as Error).message).toMatch(/could not be fetched/);
});

test.each([
  ['its server is too old', '1.28.4', OPTIONS_NEEDED, 'its server is 1.28.4'],
  [
    'it lacks an option',
    '1.30.0',
    OPTIONS_NEEDED.filter((option) => option !== '--sqlite-pragma'),
    'does not know --sqlite-pragma',
  ],
])('a temporal on PATH is skipped, with a line that says why, if %s', async (_why, server, options, said) => {
  const env = environment();
  fakeTemporal(join(env.PATH ?? '', 'temporal'), server, options);
  const cached = fakeTemporal(cachedBinary(env), '1.29.1');
  expect(await resolveTemporal({ env, onProgress })).toMatchObject({ path: cached, from: 'cache' });
  expect(lines).toEqual([{ kind: 'line', text: expect.stringContaining(said) }]);
});

test('an archive with another checksum is refused, and nothing of it is kept', async () => {
  const wrong = archiveOf(fakeTemporal(join(folder, 'made', 'temporal'), '1.29.1'));
  const env = environment({ FERMATA_TEMPORAL_DOWNLOAD: await serve(wrong) });
  const download = await downloadTemporal(env, onProgress);
  const sum = createHash('sha256').update(wrong).digest('hex');
  expect(download).toMatchObject({
    ok: false,
    why: expect.stringContaining(`another checksum than the one pinned here (${sum}`),
  });
  expect(existsSync(cachedBinary(env))).toBe(false);
  expect(readdirSync(cacheDirectory(env))).toEqual([]);
  await expect(resolveTemporal({ env, onProgress })).rejects.toMatchObject({
    name: 'TemporalNotFound',
    message: expect.stringContaining('another checksum'),
    doThis: expect.stringMatching(/PATH.*Go 1\.25.*TEMPORAL_ADDRESS/s),
  });
});

test('an archive with the pinned checksum is unpacked into the cache, with progress', async () => {
  const right = archiveOf(fakeTemporal(join(folder, 'made', 'temporal'), '1.29.1'));
  const sum = createHash('sha256').update(right).digest('hex');
  const env = environment({ FERMATA_TEMPORAL_DOWNLOAD: await serve(right), PATH: process.env.PATH });
  const pinned = {
    version: '1.5.1',
    sha256: { [`${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`]: sum },
  };
  expect(await downloadTemporal(env, onProgress, undefined, pinned)).toEqual({
    ok: true,
    path: cachedBinary(env),
  });
  expect(lines.at(-1)).toMatchObject({ kind: 'bar', done: right.length, total: right.length });
  expect(readdirSync(cacheDirectory(env))).toEqual(['temporal']);
  const offline = environment();
  expect(await resolveTemporal({ env: offline })).toMatchObject({ from: 'cache', path: cachedBinary(env) });
});

test('one that was kept and does not run is skipped with a line that says why, and what a killed start left goes', async () => {
  const env = environment();
  const kept = fakeTemporal(cachedBinary(env), '1.29.1');
  writeFileSync(kept, '#!/bin/sh\nexit 7\n');
  for (const name of ['build-0a1b2c3d', 'download-0a1b2c3d'])
    mkdirSync(join(cacheDirectory(env), name, 'parts'), { recursive: true });
  await expect(resolveTemporal({ env, onProgress })).rejects.toMatchObject({ name: 'TemporalNotFound' });
  expect(lines[0]).toEqual({
    kind: 'line',
    text: expect.stringMatching(`^Skipping ${kept}, kept from before: it does not run`),
  });
  expect(lines.filter(({ text }) => text.startsWith('Skipping'))).toHaveLength(1);
  expect(readdirSync(cacheDirectory(env)).sort()).toEqual(['lock', 'temporal']);
});

test('without network and without Go the error names the three ways', async () => {
  const env = environment({ PATH: [join(folder, 'tools'), NODE_ONLY].join(delimiter) });
  const failure = await resolveTemporal({ env, onProgress }).catch((error: Error) => error);
  expect(failure).toMatchObject({ name: 'TemporalNotFound', keptSafe: 'nothing was started' });
  expect((failure as Error).message).toMatch(/no temporal on PATH[\s\S]*could not be fetched[\s\S]*Go 1\.25/);
});

test('where Go is present the pinned version is built once, also by two starts at once', async () => {
  const PATH = `${join(folder, 'tools')}${delimiter}/usr/bin${delimiter}/bin`;
  // What a person has set for Go counts.
  const env = environment({ PATH, GOGC: '150' });
  const made = fakeTemporal(join(folder, 'made', 'temporal'), '1.29.1');
  const calls = join(folder, 'calls');
  writeFileSync(
    join(folder, 'tools', 'go'),
    `#!/bin/sh\nif [ "$1" = version ]; then echo 'go version go1.26.0 linux/amd64'; exit; fi\necho "$@, collects at $GOGC" >> ${calls}\nfor i in 1 2 3; do echo "package/$i" >&2; done\nsleep 0.3\ncp ${made} "$GOBIN/temporal"\n`,
  );
  chmodSync(join(folder, 'tools', 'go'), 0o755);
  const found = await Promise.all([1, 2].map(() => resolveTemporal({ env, onProgress })));
  expect(found.map((source) => source.kind === 'binary' && source.path)).toEqual([
    cachedBinary(env),
    cachedBinary(env),
  ]);
  expect(execFileSync('cat', [calls], { encoding: 'utf8' }).trim().split('\n')).toEqual([
    'install -v -trimpath -ldflags=-s -w -gcflags=all=-dwarf=false github.com/temporalio/cli/cmd/temporal@v1.5.1, collects at 150',
  ]);
  expect(lines).toContainEqual({
    kind: 'bar',
    text: expect.stringContaining('Building Temporal'),
    done: 3,
    total: 993,
  });
  expect(lines).toContainEqual({ kind: 'bar', text: 'Temporal is built', done: 993, total: 993 });
});

test('a build that fails is a reason, not a crash, and leaves nothing', async () => {
  const env = environment({ PATH: `${join(folder, 'tools')}${delimiter}/usr/bin${delimiter}/bin` });
  writeFileSync(
    join(folder, 'tools', 'go'),
    `#!/bin/sh\nif [ "$1" = version ]; then echo 'go version go1.26.0 linux/amd64'; exit; fi\necho 'no route to the module proxy' >&2\nexit 1\n`,
  );
  chmodSync(join(folder, 'tools', 'go'), 0o755);
  await expect(resolveTemporal({ env, onProgress })).rejects.toThrow('no route to the module proxy');
  expect(readdirSync(cacheDirectory(env))).toEqual(['lock']);
});

test('refuses a server that is named while it is to start its own, with the line that helps', async () => {
  for (const name of [
    'TEMPORAL_ADDRESS',
    'TEMPORAL_PROFILE',
    'TEMPORAL_API_KEY',
    'TEMPORAL_TLS_CLIENT_CERT_PATH',
  ]) {
    await expect(resolveTemporal({ env: environment({ [name]: 'x' }) })).rejects.toMatchObject({
      message: expect.stringContaining(name),
      doThis: expect.stringContaining('FERMATA_TEMPORAL=external'),
    });
  }
});

test('starts no server of its own where a profile names no address', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'fermata-profile-')), 'temporal.toml');
  writeFileSync(file, '[profile.default]\nnamespace = "desks"\n');
  const env = environment({ FERMATA_TEMPORAL: 'external', TEMPORAL_CONFIG_FILE: file });
  await expect(resolveTemporal({ env })).rejects.toThrow(/names an address/);
  writeFileSync(file, '[profile.default]\naddress = "temporal.example:7233"\nnamespace = "desks"\n');
  expect(await resolveTemporal({ env })).toEqual({ kind: 'address', address: 'temporal.example:7233' });
  expect(namespaceOf(env)).toBe('desks');
  await expect(resolveTemporal({ env: environment({ FERMATA_TEMPORAL: 'auto' }) })).rejects.toThrow(
    /managed or external/,
  );
});
