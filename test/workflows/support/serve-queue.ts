/** One worker on one queue, with the workflows as they are built. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type InjectedSinks,
  type Logger,
  type NativeConnection,
  Worker,
} from '@temporalio/worker';
import type { CompiledWorkerOptions } from '@temporalio/worker/lib/worker-options.js';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import type { WorkflowBundleWithSourceMapAndFilename } from '@temporalio/worker/lib/workflow/workflow-worker-thread/input.js';
import type { RunSinks } from '../../../src/contracts/run-label.js';
import { bundlePlaybooks, readPlaybooks } from '../../../src/pack/playbook/read-playbooks.js';
import { dataConverterOf, FAILURE_CONVERTER } from '../../../src/temporal/payload-codec.js';
import { bindAnswers } from '../../../src/worker/keep-worker.js';
import { UNHEARD } from '../../../src/worker/reconcile/ended-runs.js';
import type { BundleName } from './workflow-types.js';

const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Whose playbooks in code the tests run, and its histories are of. */
export const CODED_DESK = inRepository('test/incidents/coded-desk');

const bundles = new Map<BundleName, { readonly code: string }>();

/** The program that the product's workers load, as the build has made it: to bundle it anew costs each test file seconds. */
export function bundleOf(name: BundleName): { readonly code: string } {
  const known = bundles.get(name);
  if (known !== undefined) return known;
  const host = readFileSync(inRepository(`dist/workflows-${name}.js`), 'utf8');
  const code = name === 'packs' ? bundlePlaybooks(host, readPlaybooks(CODED_DESK).playbooks) : host;
  bundles.set(name, { code });
  return { code };
}

/** As `bundleOf`: given its file, the library reads the map of its sources and does not write it anew for each worker. */
export const servedBundle = (name: BundleName): { readonly code: string } | { readonly codePath: string } =>
  name === 'packs' ? bundleOf(name) : { codePath: inRepository(`dist/workflows-${name}.js`) };

/** A test's own workflows, with what all of ours have in common. */
export const bundleFrom = (workflowsPath: string): Promise<{ code: string }> =>
  bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [inRepository('src/workflows/interceptors.ts')],
    failureConverterPath: FAILURE_CONVERTER,
    logger: new DefaultLogger('ERROR'),
  });

/**
 * Workflows run in this thread: one of its own takes each worker a third of a second of a core before it does anything.
 * Code that never ends is ended here too; that limit is not among the library's documented options, and
 * longer than the product's, since other tests run beside it.
 */
export const IN_THIS_THREAD = { debugMode: true, isolateExecutionTimeout: '60s' };

/**
 * For the query of a stack trace, which no test asks, the library follows each promise of the thread that workflows run in:
 * here those of every file that shares this process, each with a stack whose lines it looks up in the map of the bundle.
 */
Object.defineProperty(globalHandlers, 'setPromiseHook', { value: () => undefined });

type Parsed = Promise<WorkflowBundleWithSourceMapAndFilename | undefined>;

/**
 * `Worker`, for workers that are `IN_THIS_THREAD`. What they load is parsed once for all of a process: a file begins dozens, and
 * for megabytes of text each time the process would collect its whole memory.
 */
export class ThreadlessWorker extends Worker {
  static readonly #parsed = new Map<string, Parsed>();

  protected static override getOrCreateBundle(options: CompiledWorkerOptions, logger: Logger): Parsed {
    const { workflowBundle: given } = options;
    if (given === undefined) return Worker.getOrCreateBundle(options, logger);
    const program = 'codePath' in given ? given.codePath : given.code;
    const parsed = ThreadlessWorker.#parsed.get(program) ?? Worker.getOrCreateBundle(options, logger);
    ThreadlessWorker.#parsed.set(program, parsed);
    return parsed;
  }
}

export interface ServedQueue {
  /** At once: what it has in its hands is lost. */
  end(): Promise<void>;
}

export async function serveQueue(
  connection: NativeConnection,
  namespace: string,
  home: string | null,
  queue: {
    readonly taskQueue: string;
    readonly activities: object;
    readonly bundle: BundleName | null;
    readonly sinks?: InjectedSinks<RunSinks>;
  },
): Promise<ServedQueue> {
  const { taskQueue, activities, bundle, sinks = UNHEARD } = queue;
  const worker = await ThreadlessWorker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    interceptors: { activity: [bindAnswers] },
    sinks,
    ...(bundle ? { workflowBundle: servedBundle(bundle) } : {}),
    ...(home === null ? {} : { dataConverter: dataConverterOf(home) }),
    ...IN_THIS_THREAD,
    // As many as the product's: each is a call that the server keeps open.
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 4 },
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: '100ms',
    shutdownForceTime: '2s',
  });
  const ended = worker.run();
  return {
    end: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended.catch(() => undefined);
    },
  };
}
