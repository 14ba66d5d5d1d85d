/** The chart gives each point the same width: times without a point are added, so that a gap looks like one. */
export interface Timed {
  /** Seconds since 1970. */
  readonly time: number;
}

/** The most steps of a gap: a desk that was off for weeks would otherwise show mostly empty space. */
const GAP_STEPS_MAX = 240;

export function withGaps<Point extends Timed>(points: readonly Point[], step: number): (Point | Timed)[] {
  return points.flatMap((point, at) => {
    const before = points[at - 1];
    const missing = before === undefined ? 0 : Math.floor((point.time - before.time) / step + 0.5) - 1;
    if (before === undefined || missing < 1) return [point];
    const shown = Math.min(missing, GAP_STEPS_MAX);
    const apart = (point.time - before.time) / (shown + 1);
    const empty = Array.from({ length: shown }, (_, n) => ({
      time: Math.round(before.time + (n + 1) * apart),
    }));
    return [...empty, point];
  });
}

/**
 * Where drawing has to begin: with the newest drawn point, which may have moved, or null for all of them, if an earlier
 * one differs or points are missing in between.
 */
export function changedFrom<Point extends Timed>(
  drawn: readonly Point[],
  points: readonly Point[],
  step: number,
): number | null {
  const newest = drawn.length - 1;
  if (newest < 0 || points[newest]?.time !== drawn[newest]?.time) return null;
  if (!points.every((point, at) => at >= newest || point === drawn[at])) return null;
  const added = points.slice(newest);
  return withGaps(added, step).length > added.length ? null : newest;
}

/** Keeps the last point of each step. */
export function thinned<Point extends Timed>(points: readonly Point[], step: number): readonly Point[] {
  const last = new Map<number, Point>();
  for (const point of points) last.set(Math.floor(point.time / step), point);
  return [...last.values()];
}
