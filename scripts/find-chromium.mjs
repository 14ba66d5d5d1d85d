// Finds the browser for the page tests: CHROMIUM_PATH, an installed one or, as root, the distribution's package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Ends the process if there is none and none can be installed. */
export function findChromium() {
  const found = process.env.CHROMIUM_PATH ?? PLACES.find((path) => existsSync(path));
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) installChromium();
  const installed = PLACES.find((path) => existsSync(path));
  if (installed) return installed;
  console.error(
    'Chromium was not found. The page tests need it: install Chromium, or set CHROMIUM_PATH to its binary.',
  );
  process.exit(1);
}

function installChromium() {
  console.log('Chromium is needed for the page tests: installing the distribution package …');
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
