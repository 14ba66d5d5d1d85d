import type { ComponentChildren } from 'preact';

interface DocumentLinkProps {
  /** Its name below /docs, optionally with `#` and a section. */
  readonly to: string;
  readonly children: ComponentChildren;
}

/** A link to one of our documents, which the desk serves itself; opens in a new tab. */
export function DocumentLink({ to, children }: DocumentLinkProps) {
  return (
    <a class="link" href={`/docs/${to}`} target="_blank" rel="noopener">
      {children}
    </a>
  );
}
