/**
 * A schedule client whose updates carry the conflict token of the description that they were made from. Without it an
 * update undoes a pause that a person made in between. With it a conflicting update is dropped by the server, and in
 * silence: whoever updates reads back.
 */
import { type Client, ScheduleClient } from '@temporalio/client';

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
