import { randomUUID } from 'node:crypto';
import type { Desk } from '../../../src/desk/schema.js';
import type { Runtime } from '../../../src/home/runtime.js';
import type { OperationContext } from '../../../src/operations/operation.js';
import { type Operations, operationsOver } from '../../../src/operations/operations.js';
import { openTemporal, type TemporalAccess } from '../../../src/temporal/open-temporal.js';
import { type Bench, type BenchDesk, DECISION_KEY } from '../../workflows/support/desk-bench.js';
import { cryptoDesk } from './crypto-desk.js';

export interface OperationsChange {
  readonly address?: Parameters<typeof openTemporal>[0]['temporal'];
  readonly pool?: OperationContext['pool'];
  readonly people?: Desk['people'];
  readonly routines?: Desk['routines'];
  readonly runtime?: Pick<Runtime, 'home' | 'deskFile'>;
}

/** No desk was started here. */
const NO_HOME = '/nonexistent/fermata';

/** Over a desk of the bench; what is left out is the bench's own. */
export function openOperations(
  bench: Bench,
  { name, trader }: BenchDesk,
  { address = bench.address, pool = bench.database.pool, people, routines, runtime }: OperationsChange = {},
): {
  readonly operations: Operations;
  readonly temporal: TemporalAccess;
  readonly context: OperationContext;
} {
  const temporal = openTemporal({ home: null, temporal: address });
  const shipped = cryptoDesk();
  const desk = { ...shipped, desk: name, routines: routines ?? shipped.routines };
  const context: OperationContext = {
    runtime: { desk: name, home: NO_HOME, ...runtime } as Runtime,
    desk: people === undefined ? desk : { ...desk, people },
    trader: trader.client,
    temporal,
    pool,
    decisionKey: () => DECISION_KEY,
    newId: randomUUID,
    nowMs: Date.now,
  };
  return { operations: operationsOver(context), temporal, context };
}
