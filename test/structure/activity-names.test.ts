/** Runs of an earlier build ask for activities by name: each name that was ever recorded is still answered. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createEmergencyActivities } from '../../src/activities/create-emergency-activities.js';
import { createEngineActivities } from '../../src/activities/create-engine-activities.js';
import {
  createGoLiveActivities,
  createValidationActivities,
} from '../../src/activities/create-go-live-activities.js';
import { createIncidentActivities } from '../../src/activities/create-incident-activities.js';
import { createDeployActivities } from '../../src/activities/operations/create-deploy-activities.js';
import { createOperationsActivities } from '../../src/activities/operations/create-operations-activities.js';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../../temporal/histories');

interface RecordedEvent {
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
}

it('has every activity that a recorded history asks for', () => {
  const nothing = {} as never;
  const known = new Set(
    [
      createEmergencyActivities(nothing),
      createDeployActivities(nothing),
      createEngineActivities(nothing, nothing, 'auto', nothing),
      createGoLiveActivities(nothing),
      createIncidentActivities(nothing),
      createOperationsActivities({ context: { desk: { mode: 'paper' } } } as never),
      createValidationActivities(nothing),
    ].flatMap((activities) => Object.keys(activities)),
  );
  const asked = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { events } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { events: RecordedEvent[] };
    for (const { activityTaskScheduledEventAttributes: scheduled } of events)
      if (scheduled) asked.add(scheduled.activityType.name);
  }
  expect(asked.size).toBeGreaterThan(20);
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
});
