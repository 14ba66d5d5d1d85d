/** Text of ours with commands in backticks, shown as commands. */
export function Words({ text }: { readonly text: string }) {
  const parts = text.split('`');
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text of ours with instants in it, shown as the page shows times. */
export function Times({ text }: { readonly text: string }) {
  return <>{text.replace(INSTANT, (_, date: string, minute: string) => `${date} ${minute} UTC`)}</>;
}

const INSTANT = /(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z/g;
