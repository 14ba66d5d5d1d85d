/** Which build a start runs, and what becomes of one on trial: small builds, in processes of their own, below a real starter. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { chosenEntry, startChosen, startChosenOf } from '../../src/cli/start-again.js';
import { buildIdAt } from '../../src/domain/build.js';
import {
  buildEntry,
  closeSwitch,
  keepBuild,
  orderSwitch,
  pointerFile,
  readBuildPointer,
  testedBuilds,
} from '../../src/home/builds.js';
import { readJson, writeJson } from '../../src/home/json-file.js';
import { homePaths } from '../../src/home/runtime.js';
import { down } from '../../src/supervisor/desk-end.js';
import { repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';

const FORMER = buildIdAt(Date.UTC(2026, 0, 10), 'a'.repeat(40));
const NEXT = buildIdAt(Date.UTC(2026, 0, 11), 'b'.repeat(40));

/** What the next build does at its start. */
const BUILDS = {
  well: `writeFileSync('well-' + process.pid, ''); setInterval(() => undefined, 1_000);`,
  /** A person signs in after a while, and all is well. */
  signedIn: `setTimeout(() => {
       writeFileSync('well-' + process.pid, '');
       rmSync('signing-in');
     }, 2_500);
     setInterval(() => undefined, 1_000);`,
  silent: 'setInterval(() => undefined, 1_000);',
  broken: 'process.exit(1);',
  unstarted: 'process.exit(76);',
  ended: 'process.exit(0);',
  /** Is asked to be started again, which fails twice. */
  failing: `const before = readFileSync('starts', 'utf8').trim().split('\\n').length - 1;
     if (before < 3) process.exit(before === 0 ? 75 : 76);
     setInterval(() => undefined, 1_000);`,
  /** Asks to be started again, once. */
  damaging: `if (!existsSync('damaged')) {
       writeFileSync('damaged', '');
       writeFileSync('builds/current.json', '{');
       process.exit(75);
     }
     setInterval(() => undefined, 1_000);`,
} as const;

interface Start {
  readonly build: string;
  readonly how: string;
}

function installation(next: keyof typeof BUILDS, former: keyof typeof BUILDS = 'silent') {
  const home = mkdtempSync(join(tmpdir(), 'fermata-builds-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const put = (id: string, does: string): void => {
    const entry = buildEntry(home, id);
    mkdirSync(dirname(entry), { recursive: true });
    writeFileSync(join(entry, '../../package.json'), '{"type":"module"}');
    writeFileSync(
      entry,
      `import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
       process.on('SIGTERM', () => { appendFileSync('ended', '${id}\\n'); process.exit(0); });
       const said = { build: '${id}', how: process.env.FERMATA_STARTED_AGAIN };
       appendFileSync('starts', JSON.stringify(said) + '\\n');
       writeFileSync('begun-' + process.pid, '');
       ${does}`,
    );
    const made = { commit: 'c', version: '1', from: '/x', updated: [], testedMs: 1, testsTookMs: 1 };
    keepBuild(home, { id, ...made });
  };
  put(FORMER, BUILDS[former]);
  put(NEXT, BUILDS[next]);
  writeJson(pointerFile(home), { build: FORMER, ordered: null });
  orderSwitch(home, { key: 'k', by: 'anna', to: NEXT, starter: process.pid });
  const lines = (name: string) => {
    const file = join(home, name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  return {
    home,
    ended: () => lines('ended'),
    starts: () => lines('starts').map((line) => JSON.parse(line) as Start),
  };
}

/** `wellMs`: how long a build has until it is well; null: as long as the product gives it. */
function begin(home: string, { mayTry = true, againAfterMs = 50, wellMs = null as number | null } = {}) {
  const built = (name: string) => pathToFileURL(join(repository, 'dist', name)).href;
  const script = join(home, 'begin.mjs');
  writeFileSync(
    script,
    `import { existsSync } from 'node:fs';
     import { setTimeout as sleep } from 'node:timers/promises';
     import { runBuilds } from '${built('cli/start-again.js')}';
     import { watchForEnding } from '${built('supervisor/ending.js')}';
     const look = async (_home, pid) => {
       while (!existsSync('begun-' + pid)) await sleep(20);
       const problems = existsSync('well-' + pid) ? [] : ['trader: no answer'];
       return { problems, isSigningIn: existsSync('signing-in') };
     };
     const builds = { home: ${JSON.stringify(home)}, entry: '/nowhere', ending: watchForEnding(), look, againAfterMs: ${againAfterMs} };
     const wellMs = ${wellMs};
     process.exit(await runBuilds(wellMs === null ? builds : { ...builds, wellMs }, ${mayTry}));`,
  );
  return endChildWithThisProcess(spawn(process.execPath, [script], { cwd: home, stdio: 'ignore' }));
}

const TRIED = { build: NEXT, how: 'on-trial' };
const BACK = { build: FORMER, how: '1' };
const outcomeIn = (home: string) => readBuildPointer(home).ordered?.outcome ?? null;

it('a build that is well takes the place of the former one', async () => {
  const { home, starts, ended } = installation('well');
  const starter = begin(home);
  await eventually(() => expect(outcomeIn(home)).toMatchObject({ switched: true }));
  expect(readBuildPointer(home).build).toBe(NEXT);
  expect(await testedBuilds(home)).toEqual([FORMER, NEXT].sort());
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);
  expect([starts(), ended()]).toEqual([[TRIED], [NEXT]]);
});

it('a build whose start waits for a sign-in has that time beside its own', async () => {
  const { home, starts } = installation('signedIn');
  writeFileSync(join(home, 'signing-in'), '');
  const starter = begin(home, { wellMs: 1_000 });
  await eventually(() => expect(outcomeIn(home)).not.toBeNull());
  expect(outcomeIn(home)).toMatchObject({ switched: true });
  expect(starts()).toEqual([TRIED]);
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);
});

it.each([
  ['broken', 'it has ended with 1', []],
  ['silent', 'trader: no answer', [NEXT]],
] as const)('the former build runs again after one that is %s', async (next, says, endedBefore) => {
  const { home, starts, ended } = installation(next);
  // What stays silent is waited for; what ends is seen at once, however long Node takes to start.
  const starter = begin(home, next === 'silent' ? { wellMs: 1_500 } : {});
  await eventually(() => expect(starts()).toEqual([TRIED, BACK]));
  expect(readBuildPointer(home)).toMatchObject({
    build: FORMER,
    ordered: { outcome: { switched: false, says: expect.stringContaining(says) } },
  });
  expect(ended()).toEqual(endedBefore);
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);
});

it('a desk that somebody ends while its build is on trial stays ended', async () => {
  const { home, starts } = installation('ended');
  expect(await once(begin(home), 'exit')).toEqual([0, null]);
  expect(starts()).toEqual([TRIED]);
  expect(readBuildPointer(home)).toMatchObject({ build: FORMER, ordered: { outcome: { switched: false } } });
});

it('the former build runs again, once, where the disk does not take that the next one is well', async () => {
  const { home, starts, ended } = installation('well');
  // What is written there takes the pointer's place.
  mkdirSync(`${pointerFile(home)}.new`);
  const starter = begin(home);
  await eventually(() => expect(starts()).toEqual([TRIED, BACK]));
  expect([ended(), readBuildPointer(home).build]).toEqual([[NEXT], FORMER]);
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);
  expect(starts()).toHaveLength(2);
});

it('a desk that is to be started again is, as the build that ran, where nobody can say any more which one is to run', async () => {
  const { home, starts } = installation('well', 'damaging');
  const starter = begin(home, { mayTry: false });
  await eventually(() => expect(starts()).toEqual([BACK, BACK]));
  expect(() => readBuildPointer(home)).toThrow('does not say which build is to run');
  // That start is not kept from it either.
  closeSwitch(home);
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);
});

it('a desk that is to be started again is, where that start fails: twice more, and a start by hand not once', async () => {
  const { home, starts } = installation('silent', 'failing');
  closeSwitch(home);
  mkdirSync(homePaths(home).run);
  const starter = begin(home, { mayTry: false });
  await eventually(() => expect(starts()).toHaveLength(4));
  // In between a stop was tried until a start took it.
  expect(readJson(join(homePaths(home).run, 'starter.json'))).toMatchObject({ pid: starter.pid });
  starter.kill('SIGTERM');
  expect(await once(starter, 'exit')).toEqual([0, null]);

  for (const [mayTry, made, build] of [
    [false, 1, 'unstarted'],
    [true, 3, 'unstarted'],
    // It had run, and ended in whatever way: a person may have wanted that.
    [true, 1, 'broken'],
  ] as const) {
    const broken = installation('silent', build);
    closeSwitch(broken.home);
    expect(await once(begin(broken.home, { mayTry }), 'exit')).toEqual([1, null]);
    expect(broken.starts()).toHaveLength(made);
  }
});

it('a desk that is about to be started again is ended by fermata down, which never says that nothing was to end', async () => {
  const { home, starts } = installation('silent', 'unstarted');
  closeSwitch(home);
  const starter = begin(home, { againAfterMs: 600_000 });
  await eventually(() => expect(existsSync(join(homePaths(home).run, 'starter.json'))).toBe(true));
  const ended = once(starter, 'exit');
  expect(await down(home)).toEqual({ kind: 'ended' });
  await ended;
  expect(starts()).toHaveLength(1);
  expect(await down(home)).toEqual({ kind: 'not-running' });
});

it('a start by hand is refused where the chosen build is gone, or nobody can say which it is', () => {
  const { home } = installation('well');
  expect(chosenEntry(home)).toBe(buildEntry(home, FORMER));
  rmSync(buildEntry(home, FORMER));
  expect(() => chosenEntry(home)).toThrow(`build ${FORMER} is to run, and is not there`);
  for (const damaged of ['', '{', '{}', '[]', '{"build":"../x"}']) {
    writeFileSync(pointerFile(home), damaged);
    expect(() => startChosen(home)).toThrow(
      expect.objectContaining({
        keptSafe: 'nothing was started or ended',
        doThis: expect.stringContaining(`rm ${pointerFile(home)}`),
      }),
    );
  }
  rmSync(pointerFile(home));
  expect(startChosen(home)).toBeNull();
});

it('the chosen build is started of a desk file that only that build understands', () => {
  const { home } = installation('well');
  const file = join(home, 'desk.yaml');
  expect(startChosenOf(home, file)).toBeNull();
  writeFileSync(file, 'desk: sample\nkeyOfAnotherBuild: 1\n');
  expect(startChosenOf(home, file)).toBeTypeOf('function');
  writeFileSync(file, 'keyOfAnotherBuild: [');
  expect(startChosenOf(home, file)).toBeNull();
});

it('what was ordered of a starter that is gone is tried by nobody later', async () => {
  const { home, starts } = installation('well');
  const starter = begin(home, { mayTry: false });
  await eventually(() => expect(starts()).toEqual([BACK]));
  closeSwitch(home);
  expect(outcomeIn(home)).toMatchObject({ switched: false, says: expect.stringContaining('cut off') });
  expect(readBuildPointer(home).build).toBe(FORMER);
  starter.kill('SIGTERM');
  await once(starter, 'exit');
});
