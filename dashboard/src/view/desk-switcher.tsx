import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';

const LOOK_EVERY_MS = 15_000;

/**
 * Links to the pages of the other desks here; nothing if there are none. Who is signed in here is so there, under the
 * same host name: a cookie is kept for one.
 */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

function atThisHost(page: string): string {
  const url = new URL(page);
  if ([url.hostname, location.hostname].every((host) => LOOPBACK.includes(host)))
    url.hostname = location.hostname;
  return url.href;
}

export function DeskSwitcher({ api }: { readonly api: DeskApi }) {
  const { value } = usePolled(() => api.desks(), LOOK_EVERY_MS, '');
  const others = (value ?? []).filter(({ here }) => !here);
  if (others.length === 0) return null;
  return (
    <nav class="desks" aria-label="Other desks">
      {others.map(({ desk, twinOf, mode, page }) => (
        <a key={desk} href={atThisHost(page)} title={`To the page of ${desk}`}>
          {desk}{' '}
          <span class="soft">
            {twinOf === null ? '' : `paper twin of ${twinOf}, `}
            {mode ?? 'no answer'}
          </span>
        </a>
      ))}
    </nav>
  );
}
