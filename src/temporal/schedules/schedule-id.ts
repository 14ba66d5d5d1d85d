/** A schedule has the id of the workflow that it starts; Temporal appends the nominal time to each run's id. */
export const scheduleIdOf = (desk: string, routine: string): string => `routine:${desk}:${routine}`;

/** The id that Temporal gives to a run started by a schedule; a run that makes up for a missed one gets the same. */
export const scheduledRunId = (scheduleId: string, nominalMs: number): string =>
  `${scheduleId}-${new Date(nominalMs).toISOString().replace(/\.\d+Z$/, 'Z')}`;
