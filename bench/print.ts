/** One JSON line a figure: `npm run bench` collects them. */
export function print(name: string, value: number, unit: string): void {
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  console.log(JSON.stringify({ name, value: Number(value.toFixed(digits)), unit }));
}

/** `npm run bench -- --smoke` only shows that each benchmark still runs; its figures say nothing. */
export function atLength<T>(usual: T, smoke: T): T {
  return process.env.FERMATA_BENCH_SMOKE === '1' ? smoke : usual;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
