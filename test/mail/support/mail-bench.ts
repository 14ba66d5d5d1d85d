/** The mailer as it runs, nodemailer and all, against the simulated mail server and the shared store. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Letter, Simulation } from '../../../simulators/smtp/simulation.js';
import { type SmtpOptions, type SmtpSimulator, startSmtpSimulator } from '../../../simulators/smtp/start.js';
import type { Notice } from '../../../src/contracts/notice.js';
import type { Desk } from '../../../src/desk/schema.js';
import { shownChannel } from '../../../src/home/channel-health.js';
import type { Role } from '../../../src/home/runtime.js';
import { type MailTiming, runMail } from '../../../src/mail/run-mail.js';
import type { MailSettings } from '../../../src/notify/channel-credentials.js';
import { insertNotice } from '../../../src/store/outbox.js';
import type { Pool } from '../../../src/store/pool.js';
import { freePort } from '../../../src/supervisor/free-port.js';
import { cryptoDesk } from '../../operations/support/crypto-desk.js';

export const FROM = 'desk@fermata.example';
export const ANNA = 'anna@fermata.example';
export const BEN = 'ben@fermata.example';

const FAST: MailTiming = { deliverEveryMs: 20, retryMs: 20, askEveryMs: 100, tellEveryMs: 20 };

export interface MailBenchOptions {
  readonly pool: Pool;
  /** One of a name of its own where nothing is said. */
  readonly desk?: Desk;
  readonly home?: string;
  readonly server?: SmtpOptions;
  readonly to?: readonly string[];
}

export class MailBench {
  readonly home: string;
  readonly log: string[] = [];
  readonly desk: Desk;
  readonly pool: Pool;
  #server: SmtpSimulator;
  readonly #to: readonly string[];
  #running: Role | null = null;

  readonly #ownHome: boolean;

  private constructor(server: SmtpSimulator, { pool, desk, home, to = [ANNA] }: MailBenchOptions) {
    this.#ownHome = home === undefined;
    this.home = home ?? mkdtempSync(join(tmpdir(), 'fermata-mail-'));
    this.#server = server;
    this.#to = to;
    this.pool = pool;
    this.desk = desk ?? { ...cryptoDesk(), desk: `m-${randomBytes(4).toString('hex')}` };
  }

  static async open(options: MailBenchOptions): Promise<MailBench> {
    // It may go away and come back: nobody is given a port of this range meanwhile.
    return new MailBench(await startSmtpSimulator({ port: await freePort(), ...options.server }), options);
  }

  get simulation(): Simulation {
    return this.#server.simulation;
  }

  get letters(): readonly Letter[] {
    return this.simulation.letters;
  }

  start(change: Partial<MailSettings> = {}, timing: Partial<MailTiming> = {}): void {
    const settings: MailSettings = {
      ...{ host: '127.0.0.1', port: this.#server.port, tls: 'none', authority: null, login: null },
      ...{ from: FROM, to: this.#to },
      ...change,
    };
    const { home, desk, pool } = this;
    const log = (_level: string, text: string): void => void this.log.push(text);
    this.#running = runMail({ home, desk, settings, pool, log, timing: { ...FAST, ...timing } });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = null;
  }

  async tell(change: Partial<Notice> = {}): Promise<void> {
    const fingerprint = randomBytes(6).toString('hex');
    const notice: Notice = {
      ...{ desk: this.desk.desk, event: 'halt', severity: 'critical', title: 'It is halted', fingerprint },
      ...{ text: 'Somebody has to look.', ...change },
    };
    await insertNotice(this.pool, notice);
  }

  /** What of the outbox is there, oldest first. */
  async rows(): Promise<readonly { address: string; state: string; attempts: number; reply: string }[]> {
    const found = await this.pool.query<{ address: string; state: string; attempts: number; reply: string }>(
      'select address, state, attempts, reply from mail_outbox where desk = $1 order by id',
      [this.desk.desk],
    );
    return found.rows;
  }

  /** The mail server goes away, and with it what it has in memory; `serverBack` is one at the same port. */
  serverAway(): Promise<void> {
    return this.#server.close();
  }

  async serverBack(): Promise<void> {
    this.#server = await startSmtpSimulator({ port: this.#server.port });
  }

  /** So much time goes by for what waits in the outbox. */
  async later(ms: number): Promise<void> {
    await this.pool.query(
      `update mail_outbox set next_attempt = next_attempt - make_interval(secs => $2) where desk = $1 and state = 'pending'`,
      [this.desk.desk, ms / 1_000],
    );
  }

  /** Milliseconds until all that waits was tried again; null: nothing waits, or something is being tried. */
  async waitsMs(): Promise<number | null> {
    // By the clock of after it was read: `now()` is the beginning, and what was written since would wait for longer.
    const found = await this.pool.query<{ ms: number | null }>(
      `select extract(epoch from max(next_attempt) - clock_timestamp())::float8 * 1000 as ms from mail_outbox
        where desk = $1 having bool_and(state = 'pending' and next_attempt > now())`,
      [this.desk.desk],
    );
    return found.rows[0]?.ms ?? null;
  }

  lamp() {
    return shownChannel(this.home, this.desk.desk, 'mail', Date.now());
  }

  async close(): Promise<void> {
    // First: a mailer waits for the mail that it has in its hands.
    await this.#server.close();
    await this.stop();
    if (this.#ownHome) rmSync(this.home, { recursive: true, force: true });
  }
}

/** A field of a letter's header, its lines put together. */
export function fieldOf({ data }: Letter, name: string): string | undefined {
  const [header = ''] = data.split('\r\n\r\n');
  return header
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}: `))
    ?.slice(name.length + 2);
}
