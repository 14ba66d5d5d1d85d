/** One worker on one queue, with the workflows as they are in the source. */

import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type InjectedSinks,
  type NativeConnection,
  Worker,
} from '@temporalio/worker';
import { bindAnswers } from '../../../src/activities/bind-answers.js';
import type { RunSinks } from '../../../src/contracts/run-sinks.js';
import { dataConverterOf, FAILURE_CONVERTER } from '../../../src/temporal/data-converter.js';
import { UNHEARD } from '../../../src/worker/follow-runs.js';
import type { BundleName } from './workflow-types.js';

const bundles = new Map<BundleName, Promise<{ code: string }>>();

export function bundleOf(name: BundleName): Promise<{ code: string }> {
  const made = bundles.get(name) ?? bundleFrom(inSource(`${name}/bundle.ts`));
  bundles.set(name, made);
  return made;
}

const inSource = (file: string): string =>
  fileURLToPath(new URL(`../../../src/workflows/${file}`, import.meta.url));

export const bundleFrom = (workflowsPath: string): Promise<{ code: string }> =>
  bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [inSource('interceptors.ts')],
    failureConverterPath: FAILURE_CONVERTER,
    logger: new DefaultLogger('ERROR'),
  });

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
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    activities,
    interceptors: { activity: [bindAnswers] },
    sinks,
    ...(bundle ? { workflowBundle: await bundleOf(bundle) } : {}),
    ...(home === null ? {} : { dataConverter: dataConverterOf(home) }),
    stickyQueueScheduleToStartTimeout: '1s',
    workflowThreadPoolSize: 1,
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
