/**
 * Turns whatever an emergency workflow was started with into its input: whoever starts one wants the desk stopped. The
 * queue says which desk. An input without our seal counts for nothing but its reason.
 */
import { workflowInfo } from '@temporalio/workflow';
import {
  type AdmittedIncarnation,
  type DeskOwnerInput,
  EMERGENCY_TIMING,
  type EmergencyOrder,
  type EmergencyStopInput,
  type EmergencyTiming,
} from '../../contracts/emergency.js';
import { isUnsealed } from '../../domain/unsealed.js';
import { toOrder } from './order.js';

const QUEUE = /^emergency:(.+)$/;

export function toStopInput(given: unknown): EmergencyStopInput {
  const fields = fieldsOf(given);
  return {
    desk: deskOf(fields.desk),
    incarnations: Array.isArray(fields.incarnations) ? fields.incarnations.filter(isText) : null,
    gone: Array.isArray(fields.gone) ? fields.gone.filter(isAdmitted) : null,
    orders: ordersOf(fields.orders, given),
    timing: timingOf(fields.timing),
  };
}

export function toOwnerInput(given: unknown): DeskOwnerInput {
  const fields = fieldsOf(given);
  const isWellFormed = Array.isArray(fields.orders);
  return {
    desk: deskOf(fields.desk),
    admitted: Array.isArray(fields.admitted) ? fields.admitted.filter(isAdmitted) : [],
    // A desk owner that somebody starts by hand is not a stop.
    orders: isWellFormed ? ordersOf(fields.orders, given) : [],
    timing: timingOf(fields.timing),
  };
}

function fieldsOf(given: unknown): Record<string, unknown> {
  return typeof given === 'object' && given !== null && !isUnsealed(given) ? { ...given } : {};
}

function deskOf(given: unknown): string {
  const [, desk] = QUEUE.exec(workflowInfo().taskQueue) ?? [];
  return desk ?? (isText(given) ? given : '');
}

/**
 * Well-formed orders are taken as they are, since they may come from an earlier run. Anything else becomes a stop with
 * its text as the reason.
 */
function ordersOf(orders: unknown, given: unknown): readonly EmergencyOrder[] {
  if (!Array.isArray(orders)) return [toOrder('stop', given)];
  return orders.map((order: unknown) => (isOrder(order) ? order : toOrder('stop', order)));
}

function isOrder(order: unknown): order is EmergencyOrder {
  const { commandId, kind, by, via, reason, sentTo } = fieldsOf(order);
  return (
    [commandId, by, via, reason].every(isText) &&
    (kind === 'stop' || kind === 'closeAll') &&
    Array.isArray(sentTo)
  );
}

function isAdmitted(given: unknown): given is AdmittedIncarnation {
  const { incarnation, place } = fieldsOf(given);
  return isText(incarnation) && isText(place);
}

function timingOf(given: unknown): EmergencyTiming {
  const fields = fieldsOf(given);
  const entries = Object.entries(EMERGENCY_TIMING).map(([name, usual]) => {
    const value = fields[name];
    return [name, typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : usual];
  });
  return Object.fromEntries(entries) as EmergencyTiming;
}

const isText = (value: unknown): value is string => typeof value === 'string';
