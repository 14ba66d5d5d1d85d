/** What exactly is decided, line by line. */
export function Parameters({ values }: { readonly values: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="parameters">
      {Object.entries(values).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
