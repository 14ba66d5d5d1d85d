/** The table of docs/LIMITS.md. */
import { LIMITS } from './registry.js';

export function limitTable(): string {
  const rows = LIMITS.map(({ title, setting: { key, reference, tighter, leftOut } }) => {
    const without = leftOut === 'off' ? 'not limited' : leftOut === 'refused' ? 'required' : `${leftOut}`;
    return `| ${title} | \`risk.${key}\` | ${reference} | ${without} | ${tighter} |`;
  });
  return [
    '| limit | key | what it refuses past | left out | tighter |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
