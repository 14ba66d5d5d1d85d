/**
 * Updates Temporal's schedules to match the desk file without ever undoing a person's pause. Pauses are stored in
 * Postgres too, because Temporal's development database may be recreated.
 */
import {
  type Client,
  ScheduleClient,
  type ScheduleDescription,
  ScheduleNotFoundError,
} from '@temporalio/client';
import type { Pool } from '../../store/pool.js';
import { readScheduleStates, type ScheduleState, saveScheduleState } from '../../store/schedule-state.js';

import { MARKET_CLOCK_NOTE, type ScheduleDefinition } from './schedule-definition.js';

export interface ScheduleTarget {
  readonly desk: string;
  readonly definitions: readonly ScheduleDefinition[];
  /** Market time is not wall time, so every schedule stays paused. */
  readonly marketClock: boolean;
}

interface Pause {
  readonly paused: boolean;
  readonly note: string;
}

const ATTEMPTS_MAX = 5;
export const REMOVED_NOTE = 'no longer in the desk file';

/** Throws if a schedule still differs after the last attempt, or if Temporal or Postgres is down. */
export async function applySchedules(client: Client, pool: Pool, target: ScheduleTarget): Promise<void> {
  const schedules = guardedSchedules(client);
  // Without it a schedule that has to be made anew would run, though a person has paused it.
  const remembered = await readScheduleStates(pool, target.desk);
  for (const definition of target.definitions) {
    const before = remembered.find(({ scheduleId }) => scheduleId === definition.scheduleId);
    const description = await applyOne(schedules, definition, before, target.marketClock);
    await rememberPause(pool, target.desk, definition, pauseOf(description));
  }
  await pauseRemoved(schedules, target);
}

/**
 * Reads what people did to the schedules meanwhile and stores it; one list call covers all of them. False if a schedule
 * runs by wall time and must not, or is gone.
 */
export async function rememberPauses(client: Client, pool: Pool, target: ScheduleTarget): Promise<boolean> {
  const listed = new Map<string, Pause>();
  const query = `FermataDesk = "${target.desk}"`;
  for await (const { scheduleId, state } of client.schedule.list({ query }))
    listed.set(scheduleId, { paused: state.paused, note: state.note ?? '' });
  let isAsWanted = true;
  for (const definition of target.definitions) {
    const found = listed.get(definition.scheduleId);
    if (found !== undefined) await rememberPause(pool, target.desk, definition, found);
    if (found === undefined || (target.marketClock && !found.paused)) isAsWanted = false;
  }
  return isAsWanted;
}

async function applyOne(
  schedules: ScheduleClient,
  definition: ScheduleDefinition,
  before: ScheduleState | undefined,
  marketClock: boolean,
): Promise<ScheduleDescription> {
  const handle = schedules.getHandle(definition.scheduleId);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const found = await describe(schedules, definition.scheduleId);
    const wanted = pauseFor(found?.state ?? null, before, marketClock);
    if (found && isAsWanted(found, definition, wanted)) return found;
    if (!found) await create(schedules, definition, wanted);
    else {
      await handle.update((current) => ({
        ...definition.options,
        // Taken from the description that the conflict token belongs to, not from an older one.
        state: { ...current.state, ...pauseFor(current.state, before, marketClock) },
      }));
    }
  }
  throw new Error(`the schedule ${definition.scheduleId} was changed by someone else ${ATTEMPTS_MAX} times`);
}

/** A person's pause stays; the pause for the market clock comes and goes with the market. */
function pauseFor(
  current: Partial<Pause> | null,
  before: Pick<ScheduleState, 'paused' | 'note'> | undefined,
  marketClock: boolean,
): Pause {
  const byPerson =
    current === null || current.note === MARKET_CLOCK_NOTE || current.note === REMOVED_NOTE
      ? { paused: before?.paused ?? false, note: before?.note ?? '' }
      : { paused: current.paused ?? false, note: current.note ?? '' };
  if (byPerson.paused) return byPerson;
  return marketClock ? { paused: true, note: MARKET_CLOCK_NOTE } : { paused: false, note: byPerson.note };
}

function isAsWanted(found: ScheduleDescription, { specHash }: ScheduleDefinition, wanted: Pause): boolean {
  return found.action.memo?.definition === specHash && found.state.paused === wanted.paused;
}

async function create(
  schedules: ScheduleClient,
  definition: ScheduleDefinition,
  pause: Pause,
): Promise<void> {
  const { scheduleId, options } = definition;
  await schedules.create({ scheduleId, ...options, state: pause });
}

async function describe(schedules: ScheduleClient, scheduleId: string): Promise<ScheduleDescription | null> {
  try {
    return await schedules.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

const pauseOf = ({ state }: ScheduleDescription): Pause => ({ paused: state.paused, note: state.note ?? '' });

async function rememberPause(
  pool: Pool,
  desk: string,
  { scheduleId, routine, specHash }: ScheduleDefinition,
  { paused, note }: Pause,
): Promise<void> {
  // A pause for the market clock says nothing about what a person wants.
  if (note === MARKET_CLOCK_NOTE || note === REMOVED_NOTE) return;
  await saveScheduleState(pool, { desk, scheduleId, routine, paused, note, specHash });
}

async function pauseRemoved(schedules: ScheduleClient, { desk, definitions }: ScheduleTarget): Promise<void> {
  const wanted = new Set(definitions.map(({ scheduleId }) => scheduleId));
  for await (const { scheduleId, state } of schedules.list()) {
    const ours = scheduleId.startsWith(`routine:${desk}:`);
    if (ours && !wanted.has(scheduleId) && !state.paused)
      await schedules.getHandle(scheduleId).pause(REMOVED_NOTE);
  }
}

/**
 * A schedule client whose updates carry the conflict token of the description they were made from. Without
 * the token an update undoes a pause that a person made in between. With it the server silently drops a
 * conflicting update, so the caller must read back.
 */
export function guardedSchedules(client: Client): ScheduleClient {
  const tokens = new Map<string, Uint8Array>();
  const service = client.workflowService;
  const describeSchedule = async (request: Parameters<typeof service.describeSchedule>[0]) => {
    const answer = await service.describeSchedule(request);
    tokens.set(request.scheduleId ?? '', answer.conflictToken);
    return answer;
  };
  const updateSchedule = (request: Parameters<typeof service.updateSchedule>[0]) => {
    const conflictToken = tokens.get(request.scheduleId ?? '');
    return service.updateSchedule(conflictToken ? { ...request, conflictToken } : request);
  };
  const workflowService = Object.create(service, {
    describeSchedule: { value: describeSchedule },
    updateSchedule: { value: updateSchedule },
  });
  const connection = Object.create(client.connection, { workflowService: { value: workflowService } });
  const { namespace, loadedDataConverter: dataConverter } = client.options;
  return new ScheduleClient({ connection, namespace, dataConverter });
}
