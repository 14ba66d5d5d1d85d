/** Playbooks of a desk's folder in code: judged with the desk file, known as kinds of incidents, and never in a desk's way. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepPartsIn } from '../../src/checks/registry.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import { ownIncidents } from '../../src/desk/own-incidents.js';
import { DeskFileError, type DeskProblem } from '../../src/desk/problem.js';
import { keepStartedDesk } from '../../src/supervisor/start/runtime-file.js';
import { incidentStart } from '../../src/temporal/report-incident.js';
import { loadDesk, readPlaybooks } from '../../src/venue/load-desk.js';

const SHIPPED = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');

const codeOf = (body: string, definition = '', before = ''): string =>
  `import { playbook } from 'fermata/pack';
import { z } from 'zod';
${before}
export default playbook({
  title: 'A late bank', ${definition}
  parameters: z.object({ calls: z.number().int().min(1).default(3) }),
  run: async (incident, { calls }) => {
    ${body}
    return String(calls);
  },
});
`;
const SOUND = codeOf(`await incident.wait(1);`);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-playbooks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** As `fermata up` judges it. `more`: lines of the desk file. */
const load = (more = ''): LoadedDesk =>
  loadDesk(write('desk.yaml', `${SHIPPED}\n${more}\n`), { parts: stepPartsIn(folder) });

function problemsOf(more?: string): readonly DeskProblem[] {
  try {
    load(more);
    return [];
  } catch (error) {
    if (error instanceof DeskFileError) return error.problems;
    throw error;
  }
}

describe('a playbook in code', () => {
  it('is a step of a routine, its name and its parameters judged where the desk file is', () => {
    write('playbooks/late-bank.ts', SOUND);
    const routine = (step: string): string =>
      SHIPPED.replace(
        /\nroutines:.*\n/,
        `\nroutines:\n  - { name: calls, title: Calls, steps: [${step}] }\n`,
      );
    const of = (step: string): readonly DeskProblem[] => {
      try {
        loadDesk(write('desk.yaml', routine(step)), { parts: stepPartsIn(folder) });
        return [];
      } catch (error) {
        if (error instanceof DeskFileError) return error.problems;
        throw error;
      }
    };
    expect(
      of('{ key: bank, title: Bank, playbook: late-bank, with: { calls: 2 }, waitMinutes: 30 }'),
    ).toEqual([]);
    expect(of('{ key: bank, title: Bank, playbook: late-bonk }')).toMatchObject([
      { key: 'routines[0].steps[0].playbook', found: 'late-bonk', doThis: 'write playbook: late-bank' },
    ]);
    expect(of('{ key: bank, title: Bank, playbook: late-bank, with: { calls: 0 } }')).toMatchObject([
      { key: 'routines[0].steps[0].with.calls' },
    ]);
    expect(of('{ key: bank, title: Bank, playbook: late-bank, with: { cals: 2 } }')).toMatchObject([
      { key: 'routines[0].steps[0].with.cals' },
    ]);
  });

  it('is a kind of incident by its file’s name, with what the desk file gives it', () => {
    const without = load().configHash;
    write('playbooks/late-bank.ts', codeOf('', `severity: 'critical', trigger: { order: 'rejected' },`));
    const { desk, configHash } = load('playbooks: { late-bank: { calls: 5 } }');
    expect(ownIncidents(desk).get('late-bank')).toMatchObject({
      title: 'A late bank',
      severity: 'critical',
      trigger: { halt: [], order: 'rejected' },
      code: { name: 'late-bank', with: { calls: 5 } },
    });
    const symptom = { kind: 'late-bank', subject: '', key: 'k', source: 's', title: 't', detail: 'd' };
    const [input] = incidentStart(desk, symptom, null).args;
    expect(input).toMatchObject({
      severity: 'critical',
      code: { name: 'late-bank', with: { calls: 5 }, haltRule: desk.resume.fault },
    });
    expect(input.playbook).toBeUndefined();
    // The desk file differs; code alone makes no other configuration of the trader.
    expect(configHash).not.toBe(without);
    const before = load().configHash;
    write('playbooks/late-bank.ts', SOUND);
    expect(load().configHash).toBe(before);
    expect(before).toBe(without);
  });

  it.each([
    ['check', 'databose', "write incident.check('database'), or write checks/databose.ts"],
    ['report', 'costss', "write incident.report('costs'), or write reports/costss.ts"],
    ['action', 'no-such-thing-at-all', 'write one of these, or write actions/no-such-thing-at-all.ts'],
  ])(
    'asks for no %s that is not there: it would be found in the middle of an incident',
    (kind, name, doThis) => {
      write(
        'playbooks/late-bank.ts',
        codeOf(`await incident.check('database'); await incident.${kind}('${name}');`),
      );
      expect(problemsOf()).toMatchObject([{ key: 'playbooks/late-bank.ts:8', found: name, doThis }]);
      write('playbooks/late-bank.ts', codeOf(`await incident.action('backup'); // .check('databose')`));
      expect(problemsOf()).toEqual([]);
    },
  );

  it.each([
    ['a misspelt key', '{ maxAgeMinuts: 5 }', 'the unknown key maxAgeMinuts', 'write maxAgeMinutes'],
    ['a key beside one that is worked out', '{ maxAgeMinutes: calls, age: 5 }', 'the unknown key age', ''],
    ['a value of another kind', "{ maxAgeMinutes: 'five' }", '"five"', 'write a number'],
    ['a value out of its bounds', '{ maxAgeMinutes: -1 }', 'number -1', 'write a number of at least 0'],
  ])(
    'gives a check no %s: it could not be made in the middle of an incident',
    (_what, given, found, doThis) => {
      const asked = `await incident.check('books-agree', { with: ${given} });`;
      write('playbooks/late-bank.ts', codeOf(asked));
      expect(problemsOf()).toMatchObject([
        { key: 'playbooks/late-bank.ts:8', found, doThis: expect.stringContaining(doThis) },
      ]);
    },
  );

  it.each([
    ['a value', '{ with: { maxAgeMinutes: calls } }'],
    ['a key', "{ with: { ['max' + 'Age']: 5 } }"],
    ['the values', '{ with: Object.assign({}, { maxAge: 5 }) }'],
    ['the options', 'Object.assign({}, { with: { maxAge: 5 } })'],
  ])('is judged when it runs by %s that it works out', (_what, options) => {
    write('playbooks/late-bank.ts', codeOf(`await incident.check('books-agree', ${options});`));
    expect(problemsOf()).toEqual([]);
  });

  it('is told of what kind a part is that it asks for as another', () => {
    write('playbooks/late-bank.ts', codeOf(`await incident.report('database');`));
    expect(problemsOf()).toMatchObject([
      { found: 'database, a check', doThis: "database is a check: write incident.check('database')" },
    ]);
  });

  it('may have methods of these names of its own', () => {
    const own = 'const notes = { said: [] as string[], report(text: string) { this.said.push(text); } };';
    write('playbooks/late-bank.ts', codeOf(`${own} notes.report('late'); await incident.check('database');`));
    expect(problemsOf()).toEqual([]);
  });

  it('asks for a check of its own folder', () => {
    write(
      'checks/room.ts',
      `import { check } from 'fermata/pack';
import { z } from 'zod';
export default check({ title: 'Room', parameters: z.object({}), run: () => ({ verdict: 'pass', observed: '', expected: '' }) });
`,
    );
    write('playbooks/late-bank.ts', codeOf(`await incident.check('room');`));
    expect(problemsOf()).toEqual([]);
  });

  it('is what a step may name', () => {
    write('playbooks/late-bank.ts', SOUND);
    const step = `      - { key: own, title: Own, check: database, onFail: incident, incident: late-bank }\n`;
    const file = write('desk.yaml', SHIPPED.replace(/( {4}steps:\n)/, `$1${step}`));
    expect(() => loadDesk(file)).not.toThrow();
    rmSync(join(folder, 'playbooks/late-bank.ts'));
    expect(() => loadDesk(file)).toThrow(/one of the kinds step-failed/);
  });

  it.each([
    ['a name that no file has', 'late-bnk: {}', 'playbooks.late-bnk', 'write late-bank instead of late-bnk'],
    [
      'a key that it does not have',
      'late-bank: { cals: 2 }',
      'playbooks.late-bank.cals',
      'write calls instead of cals',
    ],
    [
      'a value that it does not take',
      'late-bank: { calls: 0 }',
      'playbooks.late-bank.calls',
      'write a number of at least 1',
    ],
  ])('is given nothing that it does not take: %s', (_what, given, key, doThis) => {
    write('playbooks/late-bank.ts', SOUND);
    expect(problemsOf(`playbooks: { ${given} }`)).toMatchObject([{ key, doThis, line: expect.any(Number) }]);
  });

  it.each([
    ['a clock', codeOf(`performance.now();`), 8, 'performance: a playbook has the time of its run'],
    [
      'a timer',
      codeOf(`setTimeout(() => undefined, 1);`),
      8,
      'setTimeout: a playbook waits with incident.wait',
    ],
    ['randomness', codeOf(`Math.random();`), 8, 'Math.random: a playbook has no randomness'],
    [
      'the network',
      codeOf(`await fetch('http://x');`),
      8,
      'fetch: a playbook reaches nothing outside of itself',
    ],
    [
      'a way around',
      codeOf(`(async () => {}).constructor('x');`),
      8,
      '.constructor: it leads to code that nobody has read',
    ],
    ['what holds all names', codeOf(`Object.keys(globalThis);`), 8, 'globalThis: a playbook reaches nothing'],
    [
      'a module of Node',
      codeOf('', '', `import { readFileSync } from 'node:fs'; readFileSync;`),
      3,
      'an import of node:fs',
    ],
    [
      'the library below',
      codeOf('', '', `import '@temporalio/workflow';`),
      3,
      'an import of @temporalio/workflow',
    ],
    [
      'a file that is not there',
      codeOf('', '', `import './lib/calls.js';`),
      3,
      'an import of ./lib/calls.js, and there is no such file',
    ],
    ['what no incident has', codeOf(`await incident.say('late');`), 8, 'incident.say'],
    ['another folder’s file', codeOf('', '', `import '../lib/x.js';`), 3, 'outside of playbooks/'],
    ['broken code', codeOf('const ='), 8, 'a syntax error: Expected identifier but found "="'],
  ])('is refused with file and line for %s', (_what, text, line, found) => {
    write('lib/x.ts', 'export {};');
    write('playbooks/late-bank.ts', text);
    const problems = problemsOf();
    expect(problems[0]).toMatchObject({
      key: `playbooks/late-bank.ts:${line}`,
      found: expect.stringContaining(found),
    });
  });

  it.each([
    ['no playbook', `export default 3;`, 'another default export'],
    ['no default export', `export const a = 3;`, 'no default export'],
    ['what throws', codeOf('', '', `throw new Error('not today');`), 'not today'],
    ['no such cause', codeOf('', `trigger: { halt: ['bad-luck'] },`), 'trigger.halt[0]: expected one of '],
    ['no run', codeOf('').replace('run:', 'runs:'), 'run: expected a function'],
    [
      'no such severity',
      codeOf('', `severity: 'urgent',`),
      'severity: expected one of critical, high, medium, low, found "urgent"',
    ],
    [
      'a date, which no desk file has',
      codeOf('').replace(/z\.object\(.*\)/, 'z.object({ calls: z.date().optional() })'),
      'parameters.calls: expected text, a number, or true or false; found z.date()',
    ],
    [
      'parameters that are none',
      codeOf('').replace(/z\.object\(.*\)/, '{ calls: 3 }'),
      'parameters: expected z.object({…}), found a group of keys',
    ],
    [
      'a parameter that no step can give',
      codeOf('').replace(/z\.object\(.*\)/, 'z.object({ calls: z.array(z.number()) })'),
      'parameters.calls: expected text, a number, or true or false; found a list',
    ],
    ['its own halt', codeOf('', `trigger: { halt: ['check-failed'] },`), 'found check-failed'],
  ])('is refused with its file for %s', (_what, text, found) => {
    write('playbooks/late-bank.ts', text);
    expect(problemsOf()).toMatchObject([
      { key: 'playbooks/late-bank.ts', found: expect.stringContaining(found) },
    ]);
  });

  it.each([
    ['that ships', 'playbooks/exchange-down.ts', '', 'playbooks/exchange-down.ts'],
    ['that is none', 'playbooks/Late_Bank.ts', '', 'playbooks/Late_Bank.ts'],
    ['of another file', 'playbooks/sound.js', '', 'playbooks/sound.ts'],
  ])('is refused with a name %s', (_what, file, more, key) => {
    write('playbooks/sound.ts', SOUND);
    write(file, SOUND.replace(/: readonly string\[\]/, ''));
    expect(problemsOf(more).map((problem) => problem.key)).toEqual([key]);
  });

  it('is opened by nothing that opens another', () => {
    write('playbooks/one.ts', codeOf('', `trigger: { halt: ['venue'] },`));
    write('playbooks/other.ts', codeOf('', `trigger: { halt: ['venue'] },`));
    expect(problemsOf()).toMatchObject([{ found: 'halt venue, which opens one' }]);
  });

  it('runs as the desk was started, and one that is broken later takes no role down', () => {
    write('playbooks/late-bank.ts', SOUND);
    write('playbooks/sound.ts', SOUND);
    const loaded = load('playbooks: { late-bank: { calls: 5 } }');
    const { deskFile, writtenFile } = keepStartedDesk(join(folder, 'run'), loaded);
    write('playbooks/late-bank.ts', 'broken');
    const kinds = (file: string) => [
      ...ownIncidents(loadDesk(file, { playbooks: readPlaybooks }).desk).keys(),
    ];
    expect(kinds(deskFile)).toEqual(['late-bank', 'sound']);
    expect(writtenFile).toBe(join(folder, 'desk.yaml'));
    // Without a copy, as in a container: the broken one is left out.
    expect(kinds(join(folder, 'desk.yaml'))).toEqual(['sound']);
    expect(loadDesk(join(folder, 'desk.yaml')).desk.coded).toBeUndefined();
  });
});
