/** Counts by name: what a run did to the desk, and what the core came to. A run without faults proves nothing. */

export class Injected {
  readonly counts = new Map<string, number>();

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }
}
