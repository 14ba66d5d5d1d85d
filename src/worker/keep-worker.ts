/**
 * A Temporal worker that outlives its server: whatever ends it, it is created again after a growing pause. It never
 * ends the process. Ready once a canary workflow has run on its queue or, without workflows, once it polls.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, type WorkerDeploymentVersion } from '@temporalio/common';
import {
  type ActivityInterceptors,
  type InjectedSinks,
  NativeConnection,
  Worker,
  type WorkerOptions,
  Runtime as WorkerRuntime,
} from '@temporalio/worker';
import { END_TIMES, endWithWorker } from '../activities/worker-ends.js';
import type { RunSinks } from '../contracts/run-label.js';
import { backoffMs } from '../domain/backoff.js';
import { messageOf } from '../domain/message-of.js';
import { boundAnswer, isAnswerOf, isBoundActivityId, isUnsealed } from '../domain/unsealed.js';
import { socketOf, socketOfWorkers } from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';
import { connectOptions, type TemporalAccess } from '../temporal/open-temporal.js';
import { dataConverterOf } from '../temporal/payload-codec.js';
import type { Logger } from './role-log.js';

export interface WorkerContext {
  readonly runtime: Runtime;
  readonly temporal: TemporalAccess;
  readonly log: Logger;
  /** Added to the options below: a workflow thread per worker is too much where dozens start in one process. */
  readonly options?: Partial<WorkerOptions>;
}

export interface WorkerSettings {
  readonly taskQueue: string;
  /** The workflows' code; null: only activities. */
  readonly bundle: { readonly codePath: string } | { readonly code: string } | null;
  readonly activities: object;
  /** Receives the reports of its runs; null without workflows. */
  readonly sinks: InjectedSinks<RunSinks> | null;
  /** Runs that begin under this version end under it. Without one they continue under any build, by its patches. */
  readonly version?: WorkerDeploymentVersion;
}

export interface KeptWorker {
  /** Resolves the first time that it is ready; may take as long as Temporal is down. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const RETRY = { firstMs: 500, mostMs: 10_000 };
const CANARY_MS = 15_000;

export function keepWorker(context: WorkerContext, settings: WorkerSettings): KeptWorker {
  const { log } = context;
  const { taskQueue } = settings;
  let markReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const stopping = new AbortController();
  let polls = false;
  const running = (async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        await runWorker(context, settings, stopping.signal, {
          onPolls: () => {
            polls = true;
          },
          onReady: () => {
            failures = 0;
            log.info({ taskQueue }, 'worker is ready');
            markReady();
          },
        });
      } catch (error) {
        const inMs = backoffMs(failures + 1, RETRY);
        log.warn({ taskQueue, error: String(error) }, `worker ended, next attempt in ${inMs} ms`);
      }
      polls = false;
      failures += 1;
      await sleep(backoffMs(failures, RETRY), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    ready,
    stop: async () => {
      stopping.abort();
      // A worker that is still trying to connect has nothing to finish, and may try for as long as Temporal is silent.
      if (polls) await running;
    },
  };
}

/** Runs until the worker ends by itself or `stopping` is aborted. */
async function runWorker(
  context: WorkerContext,
  settings: WorkerSettings,
  stopping: AbortSignal,
  { onPolls, onReady }: { readonly onPolls: () => void; readonly onReady: () => void },
): Promise<void> {
  const connection = await connectWorker(context.runtime);
  try {
    if (stopping.aborted) return;
    const worker = await Worker.create(workerOptions(context, settings, connection, stopping));
    const stop = (): void => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    const ended = worker.run();
    onPolls();
    if (stopping.aborted) stop();
    stopping.addEventListener('abort', stop, { once: true });
    try {
      const failed =
        settings.bundle === null
          ? null
          : await Promise.race([proveAlive(context.temporal, settings), ended.then(() => null)]);
      if (failed === null && !stopping.aborted) onReady();
      else if (!stopping.aborted) {
        stop();
        throw new Error(`no workflow ran on ${settings.taskQueue}: ${failed}`);
      }
      await ended;
    } finally {
      stopping.removeEventListener('abort', stop);
      stop();
      await ended.catch(() => undefined);
    }
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Null if a workflow of the bundle ran from start to end; otherwise the reason. */
async function proveAlive(
  temporal: TemporalAccess,
  { taskQueue, version }: WorkerSettings,
): Promise<string | null> {
  try {
    await temporal.within(CANARY_MS, (client) =>
      client.workflow.execute('canary', {
        taskQueue,
        workflowId: `canary:${taskQueue}:${version?.buildId ?? ''}${process.pid}-${Date.now()}`,
        workflowExecutionTimeout: CANARY_MS,
        staticSummary: 'Does this worker run workflows?',
        ...(version === undefined ? {} : { versioningOverride: { pinnedTo: version } }),
      }),
    );
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function workerOptions(
  { runtime, temporal, options }: WorkerContext,
  { taskQueue, bundle, activities, sinks, version }: WorkerSettings,
  connection: NativeConnection,
  stopping: AbortSignal,
): WorkerOptions {
  return {
    connection,
    namespace: temporal.namespace,
    taskQueue,
    activities,
    dataConverter: dataConverterOf(runtime.home),
    interceptors: { activity: [bindAnswers, endWithWorker(stopping)] },
    ...(bundle === null ? {} : { workflowBundle: bundle }),
    ...(sinks === null ? {} : { sinks }),
    ...(version === undefined
      ? {}
      : {
          workerDeploymentOptions: {
            useWorkerVersioning: true,
            version,
            defaultVersioningBehavior: 'PINNED',
          },
        }),
    // After a worker is killed, its signals wait this long for it before another takes them.
    stickyQueueScheduleToStartTimeout: '1s',
    // A pending poll takes a signal at once; with two pollers, one waits while the other hands over.
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
    maxConcurrentWorkflowTaskExecutions: 20,
    maxConcurrentActivityTaskExecutions: 50,
    maxCachedWorkflows: 50,
    workflowThreadPoolSize: 1,
    shutdownGraceTime: END_TIMES.graceMs,
    shutdownForceTime: END_TIMES.graceMs + END_TIMES.closeMs,
    ...options,
  };
}

/** The counterpart of `src/workflows/interceptors.ts`, installed in every worker that runs activities. */
export const bindAnswers = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    execute: async (input, next) => {
      const { activityId, activityType } = info;
      if (!isBoundActivityId(activityId)) return next(input);
      // An argument without our seal, or an answer passed as an argument, comes from somebody who polls for our
      // workflows' tasks.
      if (input.args.some((argument) => isUnsealed(argument) || isAnswerOf(activityType, argument)))
        throw ApplicationFailure.nonRetryable(
          'these arguments are not from our workflows',
          'ForgedArguments',
        );
      return boundAnswer(activityType, await next(input));
    },
  },
});

/** What does not leave this machine needs no compression, which the library otherwise asks for in both directions. */
export const UNCOMPRESSED = { grpcCompression: { codec: 'none' } } as const;

/** The runtime's internal function that makes connections. */
interface Native {
  createNative(newClient: unknown, native: unknown, options: object): Promise<unknown>;
}

/**
 * How a worker reaches Temporal: docs/design/temporal-access.md. Throws if nothing answers there. The caller closes
 * the connection.
 */
export function connectWorker(place: Pick<Runtime, 'temporal'>): Promise<NativeConnection> {
  const { address, kind } = place.temporal;
  const socket = socketOf(address);
  const near = kind === 'managed' ? UNCOMPRESSED : {};
  if (socket === null) return NativeConnection.connect({ ...connectOptions(place), ...near });
  return SocketConnection.through(socketOfWorkers(socket));
}

/**
 * Workers speak only TCP, directly or through an HTTP CONNECT proxy. The core below them accepts a socket as that proxy
 * (`unix:/path`), but the SDK's address parser refuses it, so it is set behind the parser's back. A proxy on TCP would
 * cost 40 ms per message, because the core leaves Nagle's algorithm on there.
 */
class SocketConnection extends NativeConnection {
  static async through(path: string): Promise<NativeConnection> {
    const runtime = WorkerRuntime.instance();
    const { createNative } = runtime as unknown as Native;
    const proxied = Object.create(runtime, {
      createNative: {
        value: (newClient: unknown, native: unknown, options: object) =>
          createNative.call(runtime, newClient, native, {
            ...options,
            httpConnectProxy: { targetHost: `unix:${path}`, basicAuth: null },
          }),
      },
    }) as WorkerRuntime;
    const client = await proxied.createNativeClient({ address: 'localhost', ...UNCOMPRESSED });
    return new SocketConnection(runtime, client, false, []);
  }
}
