import type { ComponentChildren } from 'preact';
import { NO_ANSWER, type Problem } from '../connection/problem.js';

interface PanelProps {
  readonly title: string;
  readonly area: string;
  /** Shown beside the title: a count, a time, tabs. */
  readonly aside?: ComponentChildren;
  /** Why the content may be out of date. */
  readonly problem?: Problem | null;
  readonly children: ComponentChildren;
}

export function Panel({ title, area, aside, problem = null, children }: PanelProps) {
  return (
    <section class={`panel area-${area}`} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        <div class="panel-aside">{aside}</div>
      </header>
      <Stale problem={problem} />
      <div class="panel-body">{children}</div>
    </section>
  );
}

/** Shown above the content, so that nobody takes it for current. */
export function Stale({ problem }: { readonly problem: Problem | null }) {
  if (problem === null) return null;
  const words =
    problem === NO_ANSWER
      ? 'Not read since the web server stopped answering: what is shown may be older.'
      : `${problem.message} ${problem.keptSafe}`;
  return (
    <p class="notice caution" role="status">
      {words}
    </p>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
