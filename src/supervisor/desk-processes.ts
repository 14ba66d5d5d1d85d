/** Everything that runs for one desk, in start order: databases, trader, workers, web. */
import { rmSync } from 'node:fs';
import type { Mode } from '../domain/mode.js';
import { deskPaths, type HomePaths } from '../home/runtime.js';
import type { ProcessStatus } from '../home/supervisor-protocol.js';
import { notStarted, openCompanion, refusedWords, type SignIn } from './companion.js';
import type { Ending } from './ending.js';
import { type KeeperNews, ProcessKeeper, type Running } from './keep-running.js';
import type { DeskLog } from './log/desk-log.js';
import type { ChildrenFile } from './process-table.js';
import { type RoleName, rolesInOrder } from './roles.js';
import { type OwnServer, SharedServer } from './shared-server.js';
import { refuseUnwritable } from './start/claim-home.js';
import {
  choosePostgres,
  chooseTemporal,
  type PostgresPlace,
  refuseEarlierVersion,
  startOwnPostgres,
  startOwnTemporal,
  type TemporalServerPlace,
} from './start/start-stores.js';
import { ROLE_SCRIPT, startRole } from './start-role.js';
import type { TemporalSource } from './temporal/resolve-temporal.js';
import { type TraderHeartbeat, watchTrader } from './trader-heartbeat.js';
import type { UpOptions } from './up-options.js';

export interface ProcessesContext {
  readonly options: UpOptions;
  readonly paths: HomePaths;
  readonly log: DeskLog;
  readonly children: ChildrenFile;
  readonly ending: Ending;
  /** Prints one line for the person at the terminal. */
  readonly say: (text: string) => void;
  /** Shows the current step to the person at the terminal. */
  readonly step: (text: string) => void;
}

export class DeskProcesses {
  /** Postgres and Temporal: run by this desk, or only used by it. */
  readonly #servers: SharedServer<unknown>[] = [];
  /** The roles' keepers, in start order. */
  readonly #roles: ProcessKeeper[] = [];
  /**
   * Roles that died. They share no process until a person restarts them, because the cause might also end
   * another desk's role.
   */
  readonly #died = new Set<string>();
  #heartbeat: TraderHeartbeat | null = null;

  constructor(private readonly context: ProcessesContext) {}

  /** Without what was not started, because something else is used in its place. */
  get statuses(): readonly ProcessStatus[] {
    return this.#keepers.map(({ status }) => status).filter(({ state }) => state !== 'stopped');
  }

  startPostgres(): Promise<PostgresPlace> {
    const { paths, say: onLine, ending } = this.context;
    return this.#share<PostgresPlace>({
      ...{ name: 'postgres', whatNow: 'The trader goes on; nothing is recorded outside its journal. ' },
      choose: (before) => this.#ofThisVersion('postgres', () => choosePostgres(before)),
      start: (at, children) => startOwnPostgres({ paths, children, onLine }, at, ending.asked),
    });
  }

  startTemporal(source: Extract<TemporalSource, { kind: 'binary' }>): Promise<TemporalServerPlace> {
    const { paths, say: onLine } = this.context;
    let folder = paths.servers.sockets;
    return this.#share<TemporalServerPlace>({
      ...{ name: 'temporal', whatNow: 'The trader goes on; stop and close-all work without Temporal. ' },
      choose: (before) => this.#ofThisVersion('temporal', () => chooseTemporal(paths, before)),
      start: (at, children) => {
        if (at.network.kind === 'own-network') folder = at.network.folder;
        return startOwnTemporal({ paths, children, onLine }, at, source);
      },
      tidy: () => rmSync(folder, { recursive: true, force: true }),
    });
  }

  startCompanion(): Promise<SignIn | null> {
    const isDown = (name: string) => this.#servers.some((server) => server.name === name && server.isDown);
    return openCompanion(this.context, this.#tell.bind(this), (server) => this.#share(server), isDown);
  }

  async #ofThisVersion<At>(name: string, choose: () => Promise<At>): Promise<At> {
    await refuseEarlierVersion(name, this.context.paths);
    return choose();
  }

  /** Without the servers that other desks' supervisors run. */
  get #keepers(): readonly ProcessKeeper[] {
    const servers = this.#servers.flatMap(({ keeper }) => (keeper === null ? [] : [keeper]));
    return [...servers, ...this.#roles];
  }

  async #share<At>({ whatNow, ...own }: OwnServer<At>): Promise<At> {
    const { paths, children, log, ending } = this.context;
    const server = new SharedServer<At>({
      ...{ run: paths.servers.run, children, ...own },
      onNews: (news) => this.#report(own.name, news, whatNow),
      say: (text) => this.#tell('info', text),
    });
    this.#servers.push(server as SharedServer<unknown>);
    const at = await server.open(ending.asked);
    const pid = server.keeper?.status.pid;
    const text = pid === undefined ? 'is another desk’s and is used here' : `is ready (process ${pid})`;
    if (pid !== null) log.write('supervisor', 'info', `${own.name} ${text}`);
    return at;
  }

  /**
   * Starts the trader, then in parallel the roles that connect to it; if one fails, the others are still awaited.
   */
  async startRoles(runtimeFile: string): Promise<void> {
    const [trader, ...others] = rolesInOrder(this.context.options.separate ?? false);
    await this.#startTogether([trader], runtimeFile);
    await this.#startTogether(others, runtimeFile);
    this.#watchTrader();
  }

  async #startTogether(names: readonly RoleName[], runtimeFile: string): Promise<void> {
    this.context.ending.asked.throwIfAborted();
    this.context.step(`Starting ${names.join(', ')} …`);
    const starts = names.map((name) => this.#keep(name, () => this.#startRole(name, runtimeFile)));
    for (const result of await Promise.allSettled(starts)) {
      if (result.status === 'rejected') throw result.reason;
    }
  }

  /** Rejects if there is no such process, if it doesn't come up again, or if the desk is ending. */
  async restart(name: string): Promise<ProcessStatus> {
    // A process started after the end would have nobody to end it.
    this.context.ending.refuseWhereAsked();
    const keeper = this.#keepers.find((candidate) => candidate.name === name);
    if (!keeper) {
      const known = this.#keepers.map((one) => one.name).join(', ');
      throw Object.assign(new Error(`there is no process ${name} here`), { doThis: `name one of: ${known}` });
    }
    refuseUnwritable(name, this.context.paths);
    this.#died.delete(name);
    await keeper.restart();
    return keeper.status;
  }

  /** Newest first: web, workers, trader (which cancels its entries), then the databases. */
  async stop(): Promise<void> {
    this.#heartbeat?.close();
    const { hurry } = this.context.ending;
    for (const keeper of this.#roles.toReversed()) await this.#stopOne(keeper.name, () => keeper.stop(hurry));
    for (const server of this.#servers.toReversed())
      await this.#stopOne(server.keeper?.name ?? null, () => server.close(hurry));
  }

  /** `name`: null if the server is not ours. */
  async #stopOne(name: string | null, stop: () => Promise<void>): Promise<void> {
    if (name !== null) {
      this.context.log.write('supervisor', 'info', `stopping ${name}`);
      this.context.step(`Stopping ${name} …`);
    }
    await stop();
  }

  async #keep(name: string, start: () => Promise<Running>): Promise<void> {
    const keeper = new ProcessKeeper({ name, start, onNews: (news) => this.#report(name, news) });
    this.#roles.push(keeper);
    await keeper.start();
    this.context.log.write('supervisor', 'info', `${name} is ready (process ${keeper.status.pid})`);
  }

  #startRole(name: RoleName, runtimeFile: string): Promise<Running> {
    const { options, paths, log, children, ending, say } = this.context;
    return startRole({
      name,
      script: options.roleScript ?? ROLE_SCRIPT,
      runtimeFile,
      separate: options.separate ?? false,
      env: options.env ?? process.env,
      log,
      children,
      onEnded: (detail) => {
        say(detail);
        ending.ask(detail);
      },
      stopping: ending.asked,
      share: {
        home: paths.home,
        run: paths.servers.run,
        mayJoin: () => !this.#died.has(name),
      },
    });
  }

  #watchTrader(): void {
    const trader = this.#roles.find((keeper) => keeper.name === 'trader');
    this.#heartbeat = watchTrader({
      socketPath: deskPaths(this.context.paths, this.context.options.loaded.desk.desk).controlSocket,
      trader: () => (trader?.status.state === 'running' ? trader.process : null),
      onSilent: (silentMs) => {
        const silent = `not answered for ${Math.round(silentMs / 1000)} s`;
        trader?.blame(`it had ${silent}`);
        this.#tell('error', `trader has ${silent}: it is killed and comes back HALTED`);
      },
      onMode: (mode, again) => this.context.say(modeLine(mode, again)),
    });
  }

  #report(name: string, news: KeeperNews, whatNow = name === 'trader' ? TRADER_DOWN : ''): void {
    switch (news.kind) {
      case 'moves':
        this.#tell('info', `${name} is started again: it ran in a process of another desk, which has ended`);
        break;
      case 'died':
        this.#died.add(name);
        this.#tell('error', `${name} ended unexpectedly (${news.how})`, { lastLines: news.lastLines });
        break;
      case 'restarting':
        this.context.log.write('supervisor', 'info', `${name} is started again in ${news.inMs} ms`);
        break;
      case 'running-again':
        this.#tell(
          'info',
          `${name} runs again${name === 'trader' ? ', HALTED until its checks are done' : ''}`,
        );
        break;
      case 'refused':
        this.#tell('error', notStarted(name, refusedWords(name, news)));
        break;
      case 'stays-down':
        this.#tell(
          'error',
          `${name} ended five times within two minutes and stays down. ${whatNow}Look at: fermata logs`,
        );
    }
  }

  #tell(level: 'info' | 'error', text: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.context.log.write('supervisor', level, text, more);
    this.context.say(text);
  }
}

/** Printed when the mode changes; the start's summary shows the first mode. */
function modeLine(mode: Mode, again: boolean): string {
  if (mode === 'ACTIVE') return again ? 'ACTIVE again' : 'ACTIVE';
  return `${mode}. Why: fermata status`;
}

const TRADER_DOWN = 'Nothing trades; protective stops that rest at the venue stay there. ';
