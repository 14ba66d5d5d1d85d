/** The built page in Chromium, on a web server with a scripted trader and scripted people. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Task } from '../../src/contracts/operations-activities.js';
import type { ApprovalShown } from '../../src/contracts/published.js';
import type { PersonKey } from '../../src/domain/signed-vote.js';
import type { StatementToSign } from '../../src/domain/vote-statement.js';
import type { ProcessStatus } from '../../src/home/process-status.js';
import type { StartedDesk } from '../../src/home/started-desks.js';
import type { VoteRequest } from '../../src/operations/approvals.js';
import type { ResumeDecided } from '../../src/operations/resume-trading.js';
import type { RollRequest, SettingsRequest } from '../../src/operations/settings/change-settings.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { NO_GPU, PAGE_MS, resize } from '../support/page.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { rowMaker } from '../support/row-makers.js';
import { scriptedStatus } from '../support/trader-status.js';
import { APPROVAL, scriptedPeople } from './scripted-people.js';
import { DESK, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const BUILT = resolve(import.meta.dirname, '../../dist/dashboard/index.html');
/** What the page can't be tested without. */
export const missing = [CHROMIUM, BUILT].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`skipped: the page is not tested without ${missing.join(' and ')}`);

/** Equity of the last hour: down by 40 until the middle, and up again. */
const VALLEY = `
  insert into equity select $1, $2::timestamptz - n * interval '1 minute', 10000 + abs(30 - n) * 4 / 3, 10142, 9000, 0, true
  from generate_series(1, 60) n`;

const NO_ATTEMPT = {
  ...{ granted: null, approvers: ['anna'], needed: 1 },
  ...{ attempts: [], progress: null, words: [], problems: [] },
};

export class OpenedPage {
  readonly changed: SettingsRequest[] = [];
  readonly votes: VoteRequest[] = [];
  readonly rolls: RollRequest[] = [];
  /** Errors of the page, and what its content policy refused. */
  readonly complaints: string[] = [];
  mode: 'paper' | 'live' = 'paper';
  desks: readonly StartedDesk[] = [];
  /** Null: the supervisor does not answer. */
  processes: readonly ProcessStatus[] | null = [{ name: 'trader', state: 'running', pid: 4242, restarts: 0 }];
  /** What is asked of people by hand. */
  tasks: readonly Task[] = [];
  approvals: readonly ApprovalShown[] = [APPROVAL];
  /** Who has decided to resume. */
  decided: readonly ResumeDecided[] = [];
  /** What is enrolled for votes, whoever asks. */
  keys: readonly PersonKey[] = [];
  /** What a vote has to be signed over; null: it takes no signature. */
  statement: StatementToSign | null = null;
  database!: TestDatabase;
  web!: WebUnderTest;
  page!: Page;
  #browser: Browser | undefined;

  async start(): Promise<void> {
    const { changed, votes } = this;
    this.database = await createTestDatabase();
    await this.database.ownerPool.query(VALLEY, [DESK, new Date(scriptedStatus().marketData.marketMs)]);
    const readGoLive = async () => ({ ...NO_ATTEMPT, mode: this.mode });
    this.web = await startWebUnderTest(
      this.database.pool,
      {
        readDesks: async () => this.desks,
        personKeysOf: () => this.keys,
        readProcesses: async () => this.processes,
      },
      {
        ...scriptedPeople({ changed, votes }),
        readGoLive,
        listApprovals: async () => this.approvals,
        listDecided: async () => this.decided,
        statementToSign: async () => this.statement,
        listTasks: async () => this.tasks,
        rollContract: async (_, request) => {
          this.rolls.push(request);
          const detail = `${request.symbol} 202612 → ${request.to} waits for approval.`;
          const asked = { version: 1, configHash: null, approvalId: 'a', workflowId: 'w' };
          return { state: 'waiting', detail, changes: [], loosening: [], problems: [], ...asked };
        },
        completeTask: async ({ person }, { id, note, ticked }) => {
          const [task] = this.tasks.filter((one) => one.id === id);
          if (task === undefined || ticked?.length !== task.items?.length)
            return {
              ok: false,
              reason: 'unticked',
              detail: `left of task ${id}: not ${ticked?.join()}`,
              command: '',
            };
          const done = { ...task, state: 'done', doneBy: person, note, finishedMs: Date.now() } as const;
          this.tasks = this.tasks.map((one) => (one === task ? done : one));
          return { ok: true, task: done, problems: [] };
        },
      },
    );
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...NO_GPU] });
    // Without a size of its own Chromium's window stays as it is, and only the page's size changes.
    this.page = await this.#browser.newPage({ viewport: null });
    this.page.setDefaultTimeout(PAGE_MS);
    await resize(this.page, { width: 1280, height: 720 });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    this.page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) this.complaints.push(message.text());
    });
  }

  async signIn(page = this.page): Promise<void> {
    const token = await createSignInToken(this.database.pool, rowMaker, 'operator');
    await page.goto(`${this.web.origin}/#token=${token}`);
  }

  text(testId: string): Promise<string> {
    return this.page.getByTestId(testId).innerText();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.web?.stop();
    await this.database?.drop();
  }
}
