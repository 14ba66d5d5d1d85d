import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPassword } from '../../src/cli/read-password.js';
import {
  beginCliSession,
  namedOnCli,
  SESSION_LASTS_MS,
  SESSION_REST_MS,
  signedInOnCli,
} from '../../src/home/cli-session.js';
import { linkMark } from '../../src/home/people-folder.js';
import { setPassword } from '../../src/home/people-passwords.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { openApproval } from '../../src/store/approval-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { commandsInOneProcess } from './run-command.js';
import {
  type Answers,
  startTraderDouble,
  type TraderDouble,
  traderStatus,
  writeRuntime,
  writeRuntimeWith,
} from './trader-double.js';

const runCommand = commandsInOneProcess();

const PASSWORD = 'a password of annas own';
const HALT_ID = 'ab'.repeat(16);
const AS_FAR_AS_THE_AUDIT_TRAIL = /resume: not done: it could not be written to the audit trail/;

/** Two people's passwords, hashed once for all tests. */
let known: string;
let folder: string;
let home: string;
let deskFile: string;
let trader: TraderDouble | null = null;

beforeAll(async () => {
  known = mkdtempSync(join(tmpdir(), 'fermata-known-'));
  await ensureSecrets(known);
  await setPassword(known, 'anna', PASSWORD);
  await setPassword(known, 'bert', `${PASSWORD}, and bert's`);
});
afterAll(() => rmSync(known, { recursive: true, force: true }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-sign-in-'));
  home = join(folder, 'home');
  deskFile = join(folder, 'desk.yaml');
  const people = '  - { name: anna, roles: [operator, approver] }\n  - { name: bert, roles: [approver] }\n';
  const shipped = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');
  writeFileSync(
    deskFile,
    shipped.replace(/^people:.*\n/m, (line) => line + people),
  );
  cpSync(known, home, { recursive: true });
  const runtime = writeRuntime(home, deskFile);
  const halted = { commandId: 'x', ok: true, detail: 'halted', haltId: HALT_ID, mode: 'HALTED' };
  const answers: Answers = {
    stop: () => halted,
    status: () => traderStatus({ mode: 'HALTED', haltId: HALT_ID, entriesWorking: 0 }),
    resize: () => ({ ...halted, detail: 'position size 50 %' }),
  };
  trader = await startTraderDouble(runtime, answers);
});
afterEach(async () => {
  await trader?.close();
  trader = null;
  rmSync(folder, { recursive: true, force: true });
});

const fermata = (...args: string[]) => runCommand(folder, args);
const wasAsked = (method: string) => (trader?.asked ?? []).filter((call) => call.method === method);

async function signIn(name: string, password: string) {
  const file = join(folder, 'password');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return fermata('login', name, '--password-file', file);
}

describe('who decides something', () => {
  it.each([
    ['approve', 'golive:1', '--reason', 'x'],
    ['resume', '--reason', 'x'],
    ['go-live', '--reason', 'x'],
    ['size', '100', '--reason', 'x'],
    ['coins', 'BTC/USDT', 'foreign', '--reason', 'x'],
    ['incident', 'resolve', 'inc-1'],
    ['task', 'done', '1', '--note', 'x'],
    ['telegram', 'link', 'anna'],
    ['link', '--as', 'anna'],
  ])('%s without a session: exit code 1 and the line that helps', async (...args) => {
    if (args[0] === 'size') {
      await trader?.close();
      const smaller = { status: () => traderStatus({ sizePct: 50 }) };
      trader = await startTraderDouble(writeRuntime(home, deskFile), smaller);
    }
    const { code, err } = await fermata(...args);
    expect(err).toMatch(/^ {2}do this: {3}fermata login \w+$/m);
    expect(code).toBe(1);
    expect(wasAsked('resize')).toEqual([]);
  });

  it('the operator whom every desk has is linked to Telegram without one, also where the desk file does not name him', async () => {
    const { code, err } = await fermata('telegram', 'link', 'operator');
    // As far as the database, which is down here.
    expect(err).toContain("links can't be changed: the database does not answer");
    expect(code).toBe(1);
  });

  it('a link to Telegram has ended although the database is down, which is said, and what remains to be done', async () => {
    const mark = linkMark(home, 'anna');
    const { code, err } = await fermata('telegram', 'unlink', 'anna');
    expect(err).toContain('the Telegram link of anna may still be in the database, which does not answer');
    expect(err).toMatch(/^ {2}kept safe: earlier links and codes of anna count no more$/m);
    expect(err).toMatch(/^ {2}do this: .*; run this again when the database is back$/m);
    expect(code).toBe(1);
    expect(linkMark(home, 'anna')).not.toBe(mark);
  });

  it.each([
    ['ended-telegram-links.json', 'telegram', 'link', 'operator'],
    ['ended-telegram-links.json', 'telegram', 'unlink', 'anna'],
    ['ended-sign-ins.json', 'link'],
  ])('%s that is damaged is named by %s, and no database', async (name, ...args) => {
    const file = join(home, 'people', name);
    writeFileSync(file, '{');
    const { code, err } = await fermata(...args);
    expect(err).toContain(`${file} is damaged`);
    expect(err).not.toContain('database');
    expect(code).toBe(1);
  });

  it('one shell can’t cast both votes: --as names only who is signed in', async () => {
    expect(await signIn('anna', PASSWORD)).toMatchObject({ code: 0 });
    const other = await fermata('resume', '--reason', 'x', '--as', 'bert');
    expect(other.err).toContain('anna is signed in here, not bert');
    expect(other.err).toMatch(/^ {2}do this: {3}fermata login bert$/m);
    expect(other.code).toBe(1);
    const nobody = await fermata('resume', '--reason', 'x', '--as', 'brt');
    expect(nobody.err).toMatch(/the desk file has no person brt\n.*\n {2}do this: {3}use one of: .*bert/);
    expect((await fermata('telegram', 'link', 'brt')).err).toContain('the desk file has no person brt');
    // Signed in as that person, the command gets as far as the audit trail, which is down here.
    const own = await fermata('resume', '--reason', 'x', '--as', 'anna');
    expect(own.out).toMatch(AS_FAR_AS_THE_AUDIT_TRAIL);
  });

  it('a shell does not vote as who signed in elsewhere', async () => {
    await signIn('anna', PASSWORD);
    const { out } = await signIn('bert', `${PASSWORD}, and bert's`);
    expect(out).toContain('anna is signed out here: from now on a decision takes --as bert');
    const annas = await fermata('resume', '--reason', 'x', '--timeout', '1');
    expect(annas.err).toContain('bert has signed in here after anna: it takes --as');
    expect(annas.code).toBe(1);
    expect((await fermata('resume', '--reason', 'x', '--as', 'anna')).err).toContain('not anna');
    const berts = await fermata('resume', '--reason', 'x', '--as', 'bert');
    expect(berts.out).toMatch(AS_FAR_AS_THE_AUDIT_TRAIL);
    // Who is signed in again is still the second one.
    await signIn('bert', `${PASSWORD}, and bert's`);
    expect((await fermata('resume', '--reason', 'x', '--timeout', '1')).err).toContain('it takes --as');
    await fermata('logout');
    await signIn('bert', `${PASSWORD}, and bert's`);
    const alone = await fermata('resume', '--reason', 'x');
    expect(alone.out).toMatch(AS_FAR_AS_THE_AUDIT_TRAIL);
  });

  it('a viewer who is signed in decides nothing', async () => {
    writeFileSync(
      deskFile,
      readFileSync(deskFile, 'utf8').replace('name: bert, roles: [approver]', 'name: bert, roles: [viewer]'),
    );
    await signIn('bert', `${PASSWORD}, and bert's`);
    const { code, err } = await fermata('resume', '--reason', 'x');
    expect(err).toContain('bert may not decide this: the desk file gives no role approver');
    expect(code).toBe(1);
  });
});

describe('a vote', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  it('takes whoever the question asks, and whom it does not ask is refused where votes are judged', async () => {
    writeFileSync(
      deskFile,
      readFileSync(deskFile, 'utf8').replace(
        'name: bert, roles: [approver]',
        'name: bert, roles: [operator]',
      ),
    );
    await writeRuntimeWith(database, home, deskFile);
    const later = Date.now() + 3_600_000;
    const common = {
      ...{
        desk: 'crypto-bot',
        kind: 'incident-offer',
        subject: 's',
        title: 'Smaller positions',
        parameters: {},
      },
      ...{
        parametersHash: 'h'.repeat(64),
        needed: 1,
        requestedBy: 'incident',
        workflowId: 'w',
        runId: 'r',
        expiresMs: later,
      },
    };
    for (const [id, roles] of [
      ['both', ['operator', 'approver']],
      ['approvers', ['approver']],
    ] as const)
      await openApproval(database.pool, { ...common, id, token: id, roles });
    await signIn('bert', `${PASSWORD}, and bert's`);
    const counts = (id: string, ...more: readonly string[]) =>
      fermata('approve', id, '--reason', 'x', '--as', 'bert', ...more);
    // As far as Temporal, which is down here.
    expect((await counts('both')).out).toContain('Whether the vote counts is not known');
    expect((await counts('approvers')).out).toMatch(
      /✗ bert may not vote on this: it needs the role approver\.\n {2}kept safe: the desk goes on as it was.*\n {2}do this: {3}look at it as it is now: fermata approvals --all/,
    );
    expect(JSON.parse((await counts('approvers', '--json')).out)).toMatchObject({
      ...{ ok: false, approvalId: 'approvers', keptSafe: expect.any(String) },
      doThis: 'look at it as it is now: fermata approvals --all',
    });
    const { rows } = await database.pool.query('select person, action from audit order by id');
    expect(rows.at(-1)).toEqual({ person: 'bert', action: 'vote:approve' });
  });
});

describe('what makes the desk safer asks nobody who it is', () => {
  it('a stop is taken without a session, and under no name that is not signed in', async () => {
    const { out, err } = await fermata('stop', '--reason', 'x', '--as', 'bert');
    expect(out).toMatch(/^✓ stop: proven/);
    expect(err).toContain('bert is not signed in here: it is recorded as asked for by operator');
    expect(wasAsked('stop')[0]?.params).toMatchObject({ by: 'operator' });
  });

  it('a stop names whoever is signed in', async () => {
    await signIn('anna', PASSWORD);
    await fermata('stop', '--reason', 'x');
    expect(wasAsked('stop')[0]?.params).toMatchObject({ by: 'anna' });
  });

  it('a smaller size is sent without a session', async () => {
    await fermata('size', '50', '--reason', 'wild market');
    expect(wasAsked('resize')[0]?.params).toMatchObject({ sizePct: 50, decisions: [] });
  });
});

describe('a session', () => {
  it('is a file that only its owner reads, and holds no password', async () => {
    const { code, out } = await signIn('anna', PASSWORD);
    expect(out).toContain('anna (operator, approver) is signed in here, 12 hours at most');
    expect(code).toBe(0);
    const file = join(home, 'session.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(PASSWORD);
  });

  it('is not begun with a wrong password, nor by somebody unknown, in the same words', async () => {
    for (const [name, password] of [
      ['anna', 'wrong'],
      ['mallory', PASSWORD],
    ] as const) {
      const { code, err } = await signIn(name, password);
      expect(err).toContain(`${name} was not signed in: name or password is wrong`);
      expect(err).toMatch(/^ {2}do this: {3}fermata person list shows who has a password$/m);
      expect(code).toBe(1);
    }
    expect(namedOnCli(home, Date.now())).toBeNull();
  });

  it('names the file of the generated password to the operator alone: no other person’s is in it', async () => {
    const { err } = await signIn('operator', 'wrong');
    expect(err).toContain(`operator is in ${join(home, 'secrets', 'operator-password')}`);
  });

  it('is neither begun nor ended where the file of passwords is damaged, which is said', async () => {
    await signIn('anna', PASSWORD);
    const file = join(home, 'people', 'passwords.json');
    const intact = readFileSync(file, 'utf8');
    writeFileSync(file, intact.slice(0, -20));
    for (const refused of [
      await signIn('bert', `${PASSWORD}, and bert's`),
      await fermata('resume', '--reason', 'x'),
    ]) {
      expect(refused.err).toContain(`${file} is damaged`);
      expect(refused.err).toMatch(
        /^ {2}do this: {3}No password there signs anybody in, and operator still has its own\. Put an intact copy/m,
      );
      expect(refused.code).toBe(1);
    }
    await fermata('stop', '--reason', 'x');
    expect(wasAsked('stop')[0]?.params).toMatchObject({ by: 'anna' });
    writeFileSync(file, intact);
    expect((await fermata('resume', '--reason', 'x')).out).toMatch(AS_FAR_AS_THE_AUDIT_TRAIL);
  });

  it('ends with fermata logout', async () => {
    await signIn('anna', PASSWORD);
    expect((await fermata('logout')).out).toBe('✓ anna is signed out here\n');
    expect(namedOnCli(home, Date.now())).toBeNull();
    expect((await fermata('resume', '--reason', 'x')).code).toBe(1);
  });

  it('ends an hour after its last command, and twelve hours after it was begun', () => {
    const standingOf = () => 's'.repeat(64);
    const at = (nowMs: number) => signedInOnCli(home, standingOf, nowMs);
    beginCliSession(home, 'anna', standingOf(), 0);
    expect(at(SESSION_REST_MS - 1)).toEqual({ ok: true, person: 'anna', after: null });
    expect(at(2 * SESSION_REST_MS - 2)).toEqual({ ok: true, person: 'anna', after: null });
    expect(at(3 * SESSION_REST_MS - 2)).toEqual({ ok: false, why: 'the session of anna has ended' });
    beginCliSession(home, 'anna', standingOf(), 0);
    for (let nowMs = 0; nowMs < SESSION_LASTS_MS; nowMs += SESSION_REST_MS / 2)
      expect(at(nowMs).ok).toBe(true);
    expect(at(SESSION_LASTS_MS).ok).toBe(false);
  });

  it('says that the clock was set back, where that ended it', () => {
    const standingOf = () => 's'.repeat(64);
    beginCliSession(home, 'anna', standingOf(), SESSION_REST_MS);
    expect(signedInOnCli(home, standingOf, 0)).toEqual({
      ok: false,
      why: 'the session of anna has ended: this machine’s clock was set back since',
    });
  });

  it('ends with the password', async () => {
    await signIn('anna', PASSWORD);
    await setPassword(home, 'anna', 'quite another password');
    expect((await fermata('resume', '--reason', 'x')).err).toContain(
      'the password of anna has changed since, or another build signed them in',
    );
  });

  it('is none where its file was written by hand, or others can read it', async () => {
    await signIn('anna', PASSWORD);
    const file = join(home, 'session.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('anna', 'bert'));
    expect(namedOnCli(home, Date.now())).toBeNull();
    writeFileSync(file, text);
    expect(namedOnCli(home, Date.now())).toBe('anna');
    const { chmodSync } = await import('node:fs');
    chmodSync(file, 0o644);
    expect(namedOnCli(home, Date.now())).toBeNull();
  });
});

describe('a password at the terminal', () => {
  function terminal(...keys: string[]) {
    const raw: boolean[] = [];
    const setRawMode = (on: boolean) => raw.push(on);
    return { input: Object.assign(Readable.from(keys), { isTTY: true, setRawMode }), raw };
  }

  it('is typed without echo, and can be corrected', async () => {
    const { input, raw } = terminal('sexx', '\u007f', '\u007f', 'cret', '\r', 'not read');
    let shown = '';
    const say = (text: string) => {
      shown += text;
    };
    expect(await readPassword({ prompt: 'Password: ', file: undefined, input, say })).toBe('secret');
    expect(shown).toBe('Password: \n');
    expect(raw).toEqual([true, false]);
  });

  it('is given up with Ctrl-C', async () => {
    const { input } = terminal('se', '\u0003');
    await expect(readPassword({ prompt: '', file: undefined, input, say: () => {} })).rejects.toThrow(
      'cancelled',
    );
  });

  it('is read from a pipe', async () => {
    const input = Readable.from(['from a', ' pipe\nrest']);
    expect(await readPassword({ prompt: '', file: undefined, input })).toBe('from a pipe');
  });
});
