/** A schedule has the id of what it starts; Temporal adds the nominal time to each run's. */
export const scheduleIdOf = (desk: string, routine: string): string => `routine:${desk}:${routine}`;
