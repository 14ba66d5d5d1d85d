/** Options and commands as people type and read them behind npm: with the real one. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { asTyped, nameDeskInCommands } from '../../src/home/desk-in-process.js';
import { repository } from '../support/desk-under-test.js';
import { COMMAND, runCommand } from './run-command.js';
import { writeRuntime } from './trader-double.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'npm-start-'));
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const start = scripts.start.replace('node bin/fermata.js', `"${process.execPath}" "${COMMAND}"`);
  const described = { name: 'typed', version: '1.0.0', scripts: { start } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(described));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the program said; each of these is refused before anything is started. */
function npmStart(...options: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: folder, FERMATA_HOME: join(folder, 'home') };
  return new Promise((resolve) => {
    execFile('npm', ['start', ...options], { cwd: folder, env, timeout: 60_000 }, (_error, _out, err) =>
      resolve(err),
    );
  });
}

it.each([
  [['--speed', 'fast'], '--speed: expected max, realtime, or a number'],
  [['--speed=fast'], '--speed: expected max, realtime, or a number'],
  [['--port=99999999'], '--port: expected a whole number from 0 to 65535; found 99999999'],
  [['--exit-at-end'], '--exit-at-end needs a recording'],
  [['--desk', 'nowhere'], 'no desk of the name nowhere'],
  [['--port', '0', '--speed', '60'], 'npm kept --speed, --port to itself'],
  [['--data=some.csv'], 'put -- before the options: npm start -- --data <file>'],
  [['--', '--speed', 'fast'], '--speed: expected max, realtime, or a number'],
])('npm start %j is understood, or says how to write it', async (options, said) => {
  expect(await npmStart(...options)).toContain(said);
});

it('what is to be done can be typed as it stands', async () => {
  expect(await npmStart('--speed=fast')).toContain('do this:   see: npx fermata help up');
  const env = { npm_command: 'exec' };
  expect(asTyped('fermata status, or end it: fermata down', env)).toBe(
    'npx fermata status, or end it: npx fermata down',
  );
  const others = '/opt/fermata status, npx fermata down, the fermata of a score';
  expect(asTyped(others, env)).toBe(others);
  expect(asTyped('fermata down', {})).toBe('fermata down');
  const container = { ...env, FERMATA_HOME: '/var/lib/fermata', FERMATA_POSTGRES_HOST: 'postgres' };
  expect(asTyped('see: fermata status; fermata up, or fermata upgrade --check', container)).toBe(
    'see: docker-compose run --rm cli status; docker-compose up -d, or docker-compose run --rm cli upgrade --check',
  );
  expect(asTyped('fermata preflight', container)).toMatch(
    /^docker-compose exec operations-worker .* preflight$/,
  );
  // What docker compose takes over runs the desk of its folder.
  expect(
    asTyped('fermata down --desk slob; fermata restore --desk slob; fermata up --desk slob.', container),
  ).toBe('docker-compose down; docker-compose run --rm cli restore --desk slob; docker-compose up -d.');
});

it('names the desk where it is to be started, also where it is the only one', () => {
  onTestFinished(() => nameDeskInCommands(() => null));
  nameDeskInCommands(
    () => null,
    () => 'other',
  );
  expect(asTyped('fermata down, then `fermata up`; or: fermata up --desk third', {})).toBe(
    'fermata down, then `fermata up --desk other`; or: fermata up --desk third',
  );
});

it('names the desk in each command once another one was started here', async () => {
  onTestFinished(() => nameDeskInCommands(() => null));
  nameDeskInCommands(() => 'slob');
  expect(asTyped('fermata doctor says more', {})).toBe('fermata --desk slob doctor says more');
  expect(asTyped('see `fermata person key NAME`', { npm_command: 'exec' })).toBe(
    'see `npx fermata --desk slob person key NAME`',
  );
  for (const bare of [
    'fermata desks',
    'fermata desk check FILE',
    'fermata --help',
    'fermata down --desk other',
  ])
    expect(asTyped(bare, {})).toBe(bare);
  // One that is named makes none before it clear.
  expect(asTyped('fermata down; fermata restore --latest --desk slob; fermata logs', {})).toBe(
    'fermata --desk slob down; fermata restore --latest --desk slob; fermata --desk slob logs',
  );
  // And this can be typed: the name goes to the command.
  const { code, err } = await runCommand(folder, ['--desk', 'slob', 'status']);
  expect(code).toBe(1);
  expect(err).toContain('no desk');
  const { err: unknown } = await runCommand(folder, ['--desk=slob', 'desks']);
  expect(unknown).toContain('--desk');
});

it('lists each desk, where it lies and whether it ran', async () => {
  const { code, out } = await runCommand(folder, ['desks']);
  expect(code).toBe(0);
  expect(out).toMatch(/^crypto-bot +never ran here +\/.*desks\/crypto-bot$/m);
  const { out: json } = await runCommand(folder, ['desks', '--json']);
  const { desks } = JSON.parse(json) as { desks: object[] };
  expect(desks).toContainEqual(expect.objectContaining({ name: 'crypto-bot', started: false, runs: false }));
});

it('lists a desk that is a folder and a file, and one that was started by its path', async () => {
  const place = mkdtempSync(join(tmpdir(), 'desks-'));
  try {
    mkdirSync(join(place, 'desks', 'twice'), { recursive: true });
    for (const name of ['twice.yaml', 'twice/desk.yaml'])
      writeFileSync(join(place, 'desks', name), 'desk: twice\n');
    const elsewhere = join(place, 'elsewhere.yaml');
    writeRuntime(join(place, 'home'), elsewhere, 'elsewhere');
    const { code, out } = await runCommand(place, ['desks']);
    expect(code).toBe(0);
    expect(out).toMatch(/^! twice: both \S+ and \S+; keep the one that the desk is to run by/m);
    expect(out).toMatch(/^crypto-bot /m);
    expect(out).toMatch(new RegExp(`^elsewhere +never ran here +${elsewhere}$`, 'm'));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

it('npm start --json is answered with JSON, though npm keeps the option', async () => {
  const env = { PATH: process.env.PATH, HOME: folder, FERMATA_HOME: join(folder, 'home') };
  const out = await new Promise<string>((resolve) => {
    execFile('npm', ['start', '--silent', '--json', '--speed=fast'], { cwd: folder, env }, (_error, text) =>
      resolve(text),
    );
  });
  // npm adds JSON of its own about a script that failed.
  expect(out).toMatch(/^\{\s+"error": \{\s+"message": "--speed: expected max/);
});

it('a bad data file is refused before anything is started for it', async () => {
  const place = mkdtempSync(join(tmpdir(), 'bad-data-'));
  try {
    writeFileSync(
      join(place, 'bad.csv'),
      'ts,open,high,low,close,volume\n2026-01-05T10:00:00Z,1,2,1,many,3\n',
    );
    const { code, err } = await runCommand(place, ['up', '--data', 'bad.csv']);
    expect(err).toMatch(/bad\.csv/);
    expect(code).toBe(2);
    for (const server of ['postgres', 'temporal'])
      expect(existsSync(join(place, 'home', server)), server).toBe(false);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
