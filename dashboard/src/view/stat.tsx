export function Stat({ label, value, look = '' }: { label: string; value: string; look?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={look}>{value}</dd>
    </div>
  );
}
