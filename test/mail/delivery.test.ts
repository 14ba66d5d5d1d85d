/** Notices by mail over real SMTP: what goes out, what is tried again, what is not, and what the lamp says of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { nameDeskInCommands } from '../../src/home/desk-in-process.js';
import { eventually } from '../support/eventually.js';
import { type Certificates, makeCertificates } from '../support/guarded-temporal.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ANNA, BEN, FROM, fieldOf, MailBench, type MailBenchOptions } from './support/mail-bench.js';

let database: TestDatabase;
let folder: string;
let certificates: Certificates;
let bench: MailBench;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'fermata-mail-keys-'));
  certificates = makeCertificates(folder);
});
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => bench.close());

const open = async (options: Partial<MailBenchOptions> = {}): Promise<void> => {
  bench = await MailBench.open({ pool: database.pool, ...options });
};
/** Of what would take ten times as long if it waited. */
const FAR_MS = 60_000;
const arrived = (count: number) => eventually(() => expect(bench.letters).toHaveLength(count));
const rowsAre = (...rows: object[]) => eventually(async () => expect(await bench.rows()).toMatchObject(rows));
const lampIs = (state: string, why: RegExp | null) =>
  eventually(() =>
    expect(bench.lamp()).toMatchObject({ state, why: why === null ? null : expect.stringMatching(why) }),
  );

describe('a notice', () => {
  it('that is critical, or of an event that the desk file mails, goes to each address; no other does', async () => {
    await open({ to: [ANNA, BEN] });
    await bench.tell({ title: 'A fill', event: 'fill', severity: 'info' });
    await bench.tell({ title: 'The day', event: 'report', severity: 'info', text: 'P&L: 1080.00\n.\nend' });
    await bench.tell({ title: 'It is halted\r\nBcc: eve@evil.example' });
    bench.start();
    await arrived(4);
    const subjects = bench.letters.map((letter) => [letter.to.join(), fieldOf(letter, 'Subject')]);
    expect(subjects).toEqual([
      [ANNA, 'CRITICAL: It is halted Bcc: eve@evil.example'],
      [BEN, 'CRITICAL: It is halted Bcc: eve@evil.example'],
      [ANNA, 'The day'],
      [BEN, 'The day'],
    ]);
    const [critical, , day] = bench.letters;
    expect(critical && fieldOf(critical, 'Bcc')).toBeUndefined();
    expect(critical && fieldOf(critical, 'Importance')).toBe('High');
    expect(day && fieldOf(day, 'Importance')).toBeUndefined();
    expect(critical && fieldOf(critical, 'From')).toContain(`<${FROM}>`);
    // Quoted-printable, whose line of a point alone is none.
    expect(day?.data).toContain('P&L: 1=E2=80=AF080.00\r\n.\r\nend');
    await lampIs('ok', null);
  });

  it('says when it happened, and is dated when it was stored', async () => {
    await open();
    await bench.tell({ occurredMs: Date.UTC(2020, 10, 20, 2, 11, 9) });
    bench.start();
    await arrived(1);
    const [letter] = bench.letters;
    expect(letter?.data).toContain('2020-11-20 02:11:09 UTC');
    expect(letter && fieldOf(letter, 'Date')).not.toContain('2020');
  });

  it('names the desk in its commands where several run', async () => {
    onTestFinished(() => nameDeskInCommands(() => null));
    nameDeskInCommands(() => 'slob');
    await open();
    await bench.tell({ text: 'Once you have looked at it: fermata resume --reason TEXT' });
    bench.start();
    await arrived(1);
    expect(bench.letters[0]?.data).toContain('fermata --desk slob resume --reason TEXT');
  });

  it('that the server puts off (451) is tried again until it is taken, once', async () => {
    await open();
    bench.simulation.fault({ at: 'rcpt', effect: { kind: 'reply', reply: '451 4.3.0 try later' }, times: 2 });
    await bench.tell();
    bench.start();
    await arrived(1);
    await rowsAre({ state: 'sent', attempts: 3, reply: expect.stringMatching(/^250 2\.0\.0 taken/) });
    expect(bench.log.join('\n')).toContain('is sent again in 1 s: 451 4.3.0 try later');
  });

  it('that the server refuses (550) is not tried again: the lamp says so, until the address takes one', async () => {
    await open({ to: [ANNA, BEN] });
    const effect = { kind: 'reply', reply: '550 5.1.1 no such user' } as const;
    bench.simulation.fault({ at: 'rcpt', effect, address: BEN });
    await bench.tell();
    bench.start();
    await rowsAre({ state: 'sent' }, { state: 'refused', attempts: 1, reply: '550 5.1.1 no such user' });
    await lampIs('refusing', /^ben@fermata\.example takes no mail: 550 5\.1\.1 no such user$/);
    // What is not delivered is counted before the addresses are looked at: the next look has both as they are.
    await eventually(() =>
      expect(bench.lamp()?.problem).toMatch(/^Alerts do not arrive by mail: .* Not delivered so far: 1\.$/),
    );
    await bench.tell();
    await arrived(3);
    await lampIs('ok', null);
    expect((await bench.rows()).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
  });

  it('whose letter is refused (554 after its end) is not tried again', async () => {
    await open();
    bench.simulation.fault({ at: 'letter', effect: { kind: 'reply', reply: '554 5.7.1 looks like spam' } });
    await bench.tell();
    bench.start();
    await rowsAre({ state: 'refused', attempts: 1, reply: '554 5.7.1 looks like spam' });
  });

  it('whose answer is lost is sent again under the same Message-ID', async () => {
    await open();
    bench.simulation.fault({ at: 'letter', effect: { kind: 'take-and-drop' } });
    await bench.tell();
    bench.start();
    await arrived(2);
    await rowsAre({ state: 'sent', attempts: 2 });
    const [id, again] = bench.letters.map((letter) => fieldOf(letter, 'Message-ID'));
    expect(id).toMatch(/^<.+@fermata\.example>$/);
    expect(again).toBe(id);
  });

  it('whose server is away for an hour arrives once, within a minute of its return; the lamp has said so meanwhile', async () => {
    const MINUTE_MS = 60_000;
    await open();
    await bench.serverAway();
    await bench.tell({ title: 'The day', event: 'report', severity: 'info' });
    await bench.tell();
    bench.start({}, { retryMs: 30_000 });
    const untilTriedMs = () =>
      eventually(async () => {
        const ms = await bench.waitsMs();
        expect(ms).not.toBeNull();
        return ms ?? 0;
      });
    for (let awayMs = 0; awayMs < 60 * MINUTE_MS; ) {
      const waitsMs = await untilTriedMs();
      await bench.later(waitsMs + 1);
      awayMs += waitsMs;
    }
    await lampIs('silent', /was not reached/);
    expect(bench.lamp()?.problem).toMatch(/^Alerts do not arrive by mail: .* Not delivered so far: 2\.$/);
    const waitsMs = await untilTriedMs();
    await bench.serverBack();
    expect(waitsMs).toBeLessThanOrEqual(MINUTE_MS);
    await bench.later(MINUTE_MS);
    await arrived(2);
    await rowsAre({ state: 'sent' }, { state: 'sent' });
    await lampIs('ok', null);
    expect(new Set(bench.letters.map((letter) => fieldOf(letter, 'Message-ID'))).size).toBe(2);
  });

  it('whose server takes the letter and never says so is handed in ever less often', async () => {
    await open();
    bench.simulation.fault({ at: 'letter', effect: { kind: 'hang' }, times: Number.POSITIVE_INFINITY });
    await bench.tell();
    bench.start({}, { retryMs: 30_000, timeouts: { connectMs: 2_000, silentMs: 200 } });
    /** In half minutes, begun ones counted. */
    const waits: number[] = [];
    while (waits.length < 4) {
      const waitsMs = await eventually(async () => {
        const ms = await bench.waitsMs();
        expect(ms).not.toBeNull();
        return ms ?? 0;
      });
      waits.push(Math.ceil(waitsMs / 30_000));
      await bench.later(waitsMs + 1);
    }
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it.each(['connect', 'ehlo', 'data', 'letter'] as const)(
    'that hangs at %s is given up after a time, and tried again',
    async (at) => {
      await open();
      // The mailer asks the server, too: whichever comes first.
      bench.simulation.fault({ at, effect: { kind: 'hang' }, times: 2 });
      await bench.tell();
      bench.start({}, { timeouts: { connectMs: 500, silentMs: 500 } });
      await rowsAre({ state: 'sent' });
      // A busy machine may be late with an answer, too.
      expect(new Set(bench.letters.map((letter) => fieldOf(letter, 'Message-ID'))).size).toBe(1);
    },
  );

  it('that hangs keeps no mailer from ending, and is sent by the next one', async () => {
    await open();
    bench.simulation.fault({ at: 'letter', effect: { kind: 'hang' } });
    await bench.tell();
    bench.start({}, { timeouts: { connectMs: 10 * FAR_MS, silentMs: 10 * FAR_MS } });
    await eventually(() => expect(bench.simulation.commands).toContain('DATA'));
    const startedMs = performance.now();
    await bench.stop();
    // Far less than what this mailer would wait for a silent server, and more than any machine needs.
    expect(performance.now() - startedMs).toBeLessThan(FAR_MS);
    await rowsAre({ state: 'pending', reply: expect.stringContaining('this process ends') });
    bench.start();
    await rowsAre({ state: 'sent' });
  });

  it('that a mailer which died had in its hands is sent by the next one, when its time is over', async () => {
    await open();
    await bench.tell();
    await database.pool.query(
      `insert into mail_outbox (notice_id, desk, address, state, attempts, next_attempt)
       select id, desk, $2, 'sending', 1, now() from notice where desk = $1`,
      [bench.desk.desk, ANNA],
    );
    bench.start();
    await rowsAre({ state: 'sent', attempts: 2 });
    expect(bench.letters).toHaveLength(1);
  });

  it('of a day ago is no news, and what was tried for days is given up', async () => {
    await open();
    await bench.tell({ title: 'Old' });
    await database.pool.query(`update notice set created = now() - interval '25 hours' where desk = $1`, [
      bench.desk.desk,
    ]);
    await bench.tell({ title: 'Stuck' });
    await database.pool.query(
      `with old as (update notice set created = now() - interval '73 hours' where desk = $1 and title = 'Stuck' returning id)
       insert into mail_outbox (notice_id, desk, address, attempts, next_attempt)
       select id, $1, $2, 9, now() + interval '1 hour' from old`,
      [bench.desk.desk, ANNA],
    );
    bench.start();
    await rowsAre({ state: 'given_up', attempts: 9 });
    await bench.tell({ title: 'New' });
    await arrived(1);
    expect(bench.letters.map((letter) => fieldOf(letter, 'Subject'))).toEqual(['CRITICAL: New']);
  });
});

describe('a mail server', () => {
  const encryption = () => ({
    key: readFileSync(certificates.serverKey, 'utf8'),
    cert: readFileSync(certificates.serverCert, 'utf8'),
  });
  const known = () => readFileSync(certificates.authority, 'utf8');
  const LOGIN = { user: 'desk', password: 'correct horse battery' };
  const users = { [LOGIN.user]: LOGIN.password };

  it.each(['required', 'implicit'] as const)('with TLS (%s) is signed in to, encrypted', async (tls) => {
    await open({ server: { encryption: encryption(), tls, users } });
    await bench.tell();
    const kind = tls === 'implicit' ? 'implicit' : 'starttls';
    bench.start({ tls: kind, authority: known(), login: LOGIN });
    await arrived(1);
    expect(bench.letters).toMatchObject([{ isEncrypted: true, user: 'desk' }]);
  });

  it('that offers no TLS where that is required gets neither password nor mail', async () => {
    await open({ server: { users } });
    await bench.tell();
    bench.start({ tls: 'starttls', login: LOGIN });
    await eventually(async () => expect((await bench.rows())[0]?.attempts).toBeGreaterThan(1));
    expect(bench.letters).toEqual([]);
    expect(bench.simulation.commands.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([]);
    await eventually(() => expect(bench.lamp()?.problem).toMatch(/^Alerts do not arrive by mail/));
  });

  it('whose certificate nobody known has signed gets nothing', async () => {
    await open({ server: { encryption: encryption(), tls: 'required' } });
    await bench.tell();
    bench.start({ tls: 'starttls' });
    await eventually(async () => expect((await bench.rows())[0]?.attempts).toBeGreaterThan(1));
    expect(bench.letters).toEqual([]);
    await lampIs('silent', /was not reached/);
  });

  it('that refuses the password, and quotes it, is asked again; the password is written nowhere', async () => {
    const quoted = `${LOGIN.password} ${Buffer.from(LOGIN.password).toString('base64')} ${Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString('base64')}`;
    await open({ server: { users } });
    const effect = { kind: 'reply', reply: `535 5.7.8 not ${quoted}` } as const;
    bench.simulation.fault({ at: 'auth', effect, times: Number.POSITIVE_INFINITY });
    await bench.tell();
    bench.start({ login: LOGIN });
    await lampIs('refusing', /535 5\.7\.8 not \[redacted\] \[redacted\] \[redacted\]/);
    await eventually(async () => expect((await bench.rows())[0]?.attempts).toBeGreaterThan(1));
    const rows = JSON.stringify(await bench.rows());
    const everything = [...bench.log, rows, JSON.stringify(bench.lamp())].join('\n');
    for (const secret of quoted.split(' ').slice(-2)) expect(everything).not.toContain(secret);
    expect(everything).not.toContain(LOGIN.password);
    bench.simulation.calm();
    await arrived(1);
    await lampIs('ok', null);
  });

  it('that is away is silent in the lamp before any mail is due, and well once it is back', async () => {
    await open();
    bench.simulation.fault({ at: 'connect', effect: { kind: 'drop' }, times: Number.POSITIVE_INFINITY });
    bench.start();
    await lampIs('silent', /was not reached/);
    bench.simulation.calm();
    await lampIs('ok', null);
    expect(bench.letters).toEqual([]);
  });
});
