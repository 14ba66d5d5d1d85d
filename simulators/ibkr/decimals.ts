/** Prices are whole ticks and money is whole cents; decimal text is used only at the edges. */

/** A tick of 0.25 has size 25 and two decimals. */
export interface Tick {
  readonly text: string;
  readonly size: number;
  readonly scale: number;
}

export function tick(text: string): Tick {
  const [, decimals = ''] = text.split('.');
  return { text, size: Number(text.replace('.', '')), scale: decimals.length };
}

export function priceText(ticks: number, { size, scale }: Tick): string {
  return plain(ticks * size, scale).replace(/\.?0+$/, (zeros) =>
    zeros.startsWith('.') || scale > 0 ? '' : zeros,
  );
}

/** Throws if the price is not on the instrument's grid. */
export function ticksOf(text: string, { size, scale, text: step }: Tick): number {
  const match = /^(\d{1,9})(?:\.(\d{1,8}))?$/.exec(text);
  const fraction = (match?.[2] ?? '').replace(/0+$/, '');
  if (match === null || fraction.length > scale)
    throw new TypeError(`${text} is no price in steps of ${step}`);
  const ticks = Number(`${match[1]}${fraction.padEnd(scale, '0')}`) / size;
  if (!Number.isInteger(ticks)) throw new TypeError(`${text} is no price in steps of ${step}`);
  return ticks;
}

/** Average of `count` prices whose ticks add up to `sum`; 0 if there are none. */
export function averageText(sum: number, count: number, { size, scale }: Tick): string {
  if (count === 0) return '0';
  return ((sum * size) / count / 10 ** scale).toFixed(8).replace(/\.?0+$/, '');
}

export function moneyText(cents: number): string {
  return plain(Math.round(cents), 2);
}

/** To the millionth, as the broker reports commissions. */
export function finerText(cents: number): string {
  return plain(Math.round(cents * 10_000), 6).replace(/0{1,4}$/, '');
}

export function cents(text: string): number {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) throw new TypeError(`${text} is no sum of money`);
  return Number(`${match[1]}${match[2]}${(match[3] ?? '').padEnd(2, '0')}`);
}

function plain(whole: number, scale: number): string {
  const digits = String(Math.abs(whole)).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${whole < 0 ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
}
