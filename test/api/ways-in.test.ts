/**
 * The ways to a desk from elsewhere, as docs/DEPLOY.md has them typed: its very text, run by nginx, Caddy and OpenSSH where
 * these are installed. Only ports, and where a certificate lies, are put in; a way whose program is missing is skipped, and
 * says so. The tunnels of Tailscale and Cloudflare need their services, and have a stand-in.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir, userInfo } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../../src/supervisor/free-port.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { makeCertificates } from '../support/guarded-temporal.js';
import { missing } from './opened-page.js';
import { expectDeskAt, launchPhone, NAME, startPublicDesk } from './public-desk.js';
import { startTunnel } from './tunnel-stand-in.js';
import type { WebUnderTest } from './web-under-test.js';

const DEPLOY = readFileSync(resolve(import.meta.dirname, '../../docs/DEPLOY.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'ways-in-'));
/** Servers lie where the path of ordinary users does not lead. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const programOf = (name: string): string | undefined =>
  FOLDERS.map((path) => join(path, name)).find((path) => existsSync(path));

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

let browser: Browser;
let web: WebUnderTest | undefined;
let program: ChildProcess | undefined;
let endTunnel: (() => Promise<void>) | undefined;

/** Skipped, and says so, without one of them. */
function itWith(
  programs: readonly string[],
  name: string,
  run: () => Promise<void>,
  more: string[] = [],
): void {
  const absent = [...programs.filter((one) => programOf(one) === undefined), ...missing, ...more];
  if (absent.length > 0) console.warn(`skipped: ${name} is not tested without ${absent.join(' and ')}`);
  it.skipIf(absent.length > 0)(name, run);
}

describe('a desk is reached from elsewhere by what DEPLOY.md says', () => {
  beforeAll(async () => {
    if (missing.length === 0) browser = await launchPhone();
  });
  afterEach(async () => {
    await ended(program);
    program = undefined;
    await endTunnel?.();
    endTunnel = undefined;
    await web?.stop();
    web = undefined;
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  itWith(['nginx', 'openssl'], 'through nginx', async () => {
    const { port, origin, behind } = await deskAtName();
    const { serverKey, serverCert } = makeCertificates(folder);
    const server = put(fenced('nginx'), {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      [`/etc/ssl/${NAME}.pem`]: serverCert,
      [`/etc/ssl/${NAME}.key`]: serverKey,
      '127.0.0.1:8000': behind,
    });
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${join(folder, name)};`)
      .join(' ');
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `pid ${folder}/nginx.pid;\nevents {}\nhttp { access_log off; ${places}\n${server}}\n`,
    );
    await running('nginx', ['-c', file, '-e', 'stderr', '-g', 'daemon off;'], port);
    await expectDeskAt(browser, origin);
  });

  itWith(['caddy'], 'through Caddy', async () => {
    const { port, origin, behind } = await deskAtName();
    const site = put(fenced('caddyfile'), { [NAME]: `${NAME}:${port}`, '127.0.0.1:8000': behind });
    const file = join(folder, 'Caddyfile');
    // A certificate of its own authority instead of one from the world, which would ask for this name.
    const options = 'admin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects';
    writeFileSync(file, `{\n${options}\n}\n${site}`);
    await running('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], port);
    await expectDeskAt(browser, origin);
  });

  const throughTunnel = async (
    serviceOf: (behind: string) => string,
    added: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const { port, origin, behind } = await deskAtName();
    const { serverKey, serverCert } = makeCertificates(folder);
    const tls = { key: readFileSync(serverKey), cert: readFileSync(serverCert) };
    endTunnel = await startTunnel({ ...tls, port, service: serviceOf(behind), added });
    await expectDeskAt(browser, origin);
  };

  itWith(['openssl'], 'through a stand-in of tailscale serve', () =>
    throughTunnel(
      (behind) => {
        const typed = /`tailscale serve --bg (\d+)`/.exec(DEPLOY)?.[1] ?? '';
        // A number alone is a port of 127.0.0.1 to it.
        return put(`http://127.0.0.1:${typed}`, { '127.0.0.1:8000': behind });
      },
      {
        'x-forwarded-for': '100.101.102.103',
        'x-forwarded-host': NAME,
        'x-forwarded-proto': 'https',
        'tailscale-user-login': 'anna@desk.example',
      },
    ),
  );

  itWith(['openssl'], 'through a stand-in of cloudflared', () =>
    throughTunnel(
      (behind) => {
        const config = parse(put(fenced('yaml', 'ingress:'), { '127.0.0.1:8000': behind }));
        const [desk, rest] = config.ingress;
        expect([desk.hostname, rest]).toEqual([NAME, { service: 'http_status:404' }]);
        return desk.service;
      },
      {
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
        'cf-connecting-ip': '203.0.113.7',
        'cf-visitor': '{"scheme":"https"}',
      },
    ),
  );

  const throughSsh = async (): Promise<void> => {
    web = await startPublicDesk(undefined);
    const [, port = ''] = web.host.split(':');
    const typed = /`ssh (-L 8000:\S+ -L 8233:\S+) machine`/.exec(DEPLOY)?.[1] ?? '';
    const forwards = put(typed, {
      '8000:': `${port}:`,
      ':8000': `:${port}`,
      '8233': String(await freePort()),
    });
    // Both ends are this machine: the desk has 127.0.0.1, so that ssh is left with the other loopback address.
    await running('ssh', ['-N', '-F', sshSettings(), ...forwards.split(' '), 'machine'], Number(port), '::1');
    await expectDeskAt(browser, `http://[::1]:${port}`);
  };
  const programs = ['ssh', 'sshd', 'ssh-keygen'];
  itWith(programs, 'through ssh -L, by the same port on both sides', throughSsh, HAS_IPV6 ? [] : ['IPv6']);
});

/** A public desk, and the port of loopback at which a proxy is to answer for it. */
async function deskAtName(): Promise<{ port: number; origin: string; behind: string }> {
  const port = await freePort();
  const origin = `https://${NAME}:${port}`;
  web = await startPublicDesk(origin);
  return { port, origin, behind: web.host };
}

/** The only block of that language in the document, with that in it. */
function fenced(language: string, within = ''): string {
  const blocks = DEPLOY.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'));
  const [block = '', ...more] = [...blocks].flatMap(([, text = '']) => (text.includes(within) ? [text] : []));
  expect(more).toEqual([]);
  return block;
}

/** What is not there is not put in: the document has changed. */
function put(text: string, places: Readonly<Record<string, string>>): string {
  for (const place of Object.keys(places)) expect(text).toContain(place);
  return Object.entries(places).reduce((changed, [place, by]) => changed.replaceAll(place, by), text);
}

/** Until it listens; what it said where it ends before that. */
async function running(
  name: string,
  args: readonly string[],
  port: number,
  host = '127.0.0.1',
): Promise<void> {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const started = endChildWithThisProcess(
    spawn(programOf(name) ?? name, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  program = started;
  let said = '';
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (said += text));
  await expect
    .poll(async () => (started.exitCode === null ? listens(port, host) : `${name} ended: ${said}`))
    .toBe(true);
}

const listens = (port: number, host: string): Promise<boolean> =>
  new Promise((settle) => {
    const socket = connect({ port, host });
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });

async function ended(started: ChildProcess | undefined): Promise<void> {
  if (started === undefined || started.exitCode !== null || started.signalCode !== null) return;
  const gone = new Promise((settle) => started.once('exit', settle));
  started.kill('SIGTERM');
  await gone;
}

/** Of a client for which `machine` is this one: its server is a child of it and listens nowhere. */
function sshSettings(): string {
  const at = (name: string): string => join(folder, name);
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  const keys = [
    'UsePAM no',
    'StrictModes no',
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('user.pub')}`,
  ];
  writeFileSync(at('sshd_config'), `${keys.join('\n')}\n`);
  // What OpenSSH as root wants to be there, and a package makes at the start of its service.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = `ProxyCommand ${programOf('sshd')} -i -f ${at('sshd_config')}`;
  const known = ['StrictHostKeyChecking no', `UserKnownHostsFile ${at('known')}`];
  const own = [`User ${userInfo().username}`, `IdentityFile ${at('user')}`, 'IdentitiesOnly yes'];
  writeFileSync(at('ssh_config'), `Host machine\n${[server, ...known, ...own].join('\n')}\n`);
  return at('ssh_config');
}
