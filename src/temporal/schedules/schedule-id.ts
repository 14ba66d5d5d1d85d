/** A schedule has the id of what it starts; Temporal adds the nominal time to each run's. */
export const scheduleIdOf = (desk: string, routine: string): string => `routine:${desk}:${routine}`;

/** As Temporal names the run that a schedule starts: one that is made good by hand has the same. */
export const scheduledRunId = (scheduleId: string, nominalMs: number): string =>
  `${scheduleId}-${new Date(nominalMs).toISOString().replace(/\.\d+Z$/, 'Z')}`;
