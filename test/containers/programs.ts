/** The services' programs without containers: each a process of its own, with the environment that Compose gives it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { roleProblem } from '../../src/worker/role-health.js';
import { accountsAtFailure, type CommandRun } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { compose, environmentOf, SERVICE_OF_ROLE } from './compose-file.js';
import { type Placed, readOnly } from './read-only.js';

type Variables = Readonly<Record<string, string>>;

/** Of what each has written, where a test fails. */
const TOLD_CHARS = 4_000;

export class Programs {
  readonly running = new Map<string, { readonly process: ChildProcess; log: string }>();

  /**
   * `volumes`: where the programs may write; the image lies in it. `given`: what stands in `.env`, which reaches only the
   * services that ask for it. `here`: what differs from a container.
   */
  constructor(
    private readonly volumes: string,
    private readonly image: string,
    private readonly given: Variables,
    private readonly here: Variables,
  ) {
    accountsAtFailure.add(() =>
      [...this.running].map(([role, { log }]) => `The end of ${role}:\n${log.slice(-TOLD_CHARS)}`).join('\n'),
    );
  }

  /** Runs until it ends; `command` instead of the service's own, as `docker-compose exec` does it. */
  run(service: string, more: Variables = {}, command?: readonly string[]): Promise<CommandRun> {
    const env = { ...this.environment(service), ...more };
    const options = { cwd: this.image, env, timeout: 120_000 };
    const placed = this.placed(command ?? compose.services[service]?.command ?? []);
    return new Promise((settle) => {
      execFile(placed.command, placed.args, options, (error, stdout, stderr) =>
        settle({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }

  /** A service that sets something up; rejects where it fails. */
  async setUp(service: string): Promise<void> {
    const { code, stdout, stderr } = await this.run(service);
    if (code !== 0) throw new Error(stdout + stderr);
  }

  start(role: string): void {
    const service = SERVICE_OF_ROLE[role] ?? '';
    const { command, args } = this.placed(compose.services[service]?.command ?? []);
    const options = { cwd: this.image, env: this.environment(service) };
    const child = endChildWithThisProcess(
      spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    const kept = { process: child, log: '' };
    this.running.set(role, kept);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        kept.log += text;
      });
    }
  }

  async end(role: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.running.get(role)?.process;
    this.running.delete(role);
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Asked in this process until it is: a health check of its own, again and again, takes a core from the roles that start. */
  async becomesHealthy(role: string): Promise<void> {
    const home = this.here.FERMATA_HOME ?? '';
    await until(`${role} well`, async () => (await roleProblem(role, home)) === null);
    await until(`${role} healthy`, () => this.isHealthy(role));
  }

  /** The health check of the service, run as Compose runs it. */
  async isHealthy(role: string): Promise<boolean> {
    const service = SERVICE_OF_ROLE[role] ?? '';
    const [, , ...command] = compose.services[service]?.healthcheck?.test ?? [];
    return (await this.run(service, {}, command)).code === 0;
  }

  private placed([program = '', ...rest]: readonly string[]): Placed {
    return readOnly(this.volumes, this.image, [process.execPath, join(this.image, program), ...rest]);
  }

  environment(service: string): Record<string, string> {
    const own = { FERMATA_SECRETS: join(this.here.FERMATA_SECRETS_OF ?? '', service) };
    const composed = environmentOf(service, this.given);
    // What stands in `.env` of Temporal goes to those alone whom the file tells of it.
    const here = Object.entries(this.here).filter(
      ([name]) => !name.startsWith('TEMPORAL_') || name in composed,
    );
    return {
      ...composed,
      ...Object.fromEntries(here),
      // Each has its own volume, but for the one that fills them.
      ...(service === 'secrets' ? {} : own),
    };
  }
}
