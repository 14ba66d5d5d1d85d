/** One connection: commands in order, sign-in, mails. Refuses what RFC 5321 forbids, with its code. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Effect, Moment, Simulation } from './simulation.js';

export interface Encryption {
  readonly key: string;
  readonly cert: string;
}

export interface SessionOptions {
  readonly simulation: Simulation;
  /** Null: no STARTTLS. */
  readonly encryption: Encryption | null;
  /** Before encryption only STARTTLS, EHLO and QUIT are allowed. */
  readonly requiresTls: boolean;
}

const NAME = 'mail.simulator';
const SIZE_MAX = 1_048_576;
const LINE_MAX = 512;
const LETTER_LINE_MAX = 998;
const PATH = /^(?:FROM|TO):<([^<>\s]*)>((?: [A-Z0-9]+(?:=[!-<>-~]+)?)*)$/i;

export class Session {
  readonly #simulation: Simulation;
  readonly #options: SessionOptions;
  #socket: Socket;
  #buffer = '';
  #greeted = false;
  #user: string | null = null;
  #from: string | null = null;
  #to: string[] = [];
  /** Lines of the mail that is being sent; null while commands are read. */
  #letter: string[] | null = null;
  /** Handles the next line of a sign-in that needs several. */
  #signIn: ((line: string) => void) | null = null;
  #over = false;

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#simulation = options.simulation;
    this.#listen();
    this.#at('connect', () => this.#say(`220 ${NAME} ESMTP`));
  }

  #listen(): void {
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
  }

  #read(text: string) {
    this.#buffer += text;
    for (;;) {
      const end = this.#buffer.indexOf('\n');
      if (end < 0 || this.#over) return;
      const line = this.#buffer.slice(0, end + 1);
      this.#buffer = this.#buffer.slice(end + 1);
      if (!line.endsWith('\r\n')) return this.#endWith('500 5.5.2 a line ends with CRLF');
      this.#line(line.slice(0, -2));
    }
  }

  #line(line: string) {
    if (this.#letter !== null) return this.#letterLine(line);
    if (this.#signIn !== null) return this.#signIn(line);
    if (line.length + 2 > LINE_MAX) return this.#say('500 5.5.2 line too long');
    const [verb = '', rest = ''] = /^([A-Za-z]+)(?: (.*))?$/.exec(line)?.slice(1) ?? [];
    this.#simulation.commands.push(verb.toUpperCase() === 'AUTH' ? 'AUTH' : line);
    this.#command(verb.toUpperCase(), rest);
  }

  #command(verb: string, rest: string) {
    if (verb === 'QUIT') return this.#endWith('221 2.0.0 bye');
    if (verb === 'NOOP') return this.#say('250 2.0.0 ok');
    if (verb === 'EHLO' || verb === 'HELO') return this.#hello(verb, rest);
    if (verb === 'STARTTLS') return this.#startTls(rest);
    if (!['AUTH', 'MAIL', 'RCPT', 'DATA', 'RSET'].includes(verb))
      return this.#say('502 5.5.1 command not implemented');
    if (!this.#greeted) return this.#say('503 5.5.1 EHLO first');
    if (this.#options.requiresTls && !this.#isEncrypted)
      return this.#say('530 5.7.0 Must issue a STARTTLS command first');
    if (verb === 'AUTH') return this.#auth(rest);
    if (this.#simulation.users.size > 0 && this.#user === null)
      return this.#say('530 5.7.0 Authentication required');
    if (verb === 'MAIL') return this.#mail(rest);
    if (verb === 'RCPT') return this.#rcpt(rest);
    if (verb === 'DATA') return this.#data(rest);
    this.#forget();
    this.#say('250 2.0.0 ok');
  }

  #hello(verb: string, name: string) {
    if (name.trim() === '') return this.#say('501 5.5.4 a name is needed');
    this.#at('ehlo', () => {
      this.#greeted = true;
      this.#forget();
      if (verb === 'HELO') return this.#say(`250 ${NAME}`);
      const tls = this.#options.encryption !== null && !this.#isEncrypted ? ['STARTTLS'] : [];
      const mayAuth = this.#simulation.users.size > 0 && (this.#isEncrypted || !this.#options.requiresTls);
      const auth = mayAuth ? ['AUTH PLAIN LOGIN'] : [];
      const lines = [NAME, `SIZE ${SIZE_MAX}`, '8BITMIME', 'ENHANCEDSTATUSCODES', ...tls, ...auth];
      for (const [at, line] of lines.entries()) this.#say(`250${at === lines.length - 1 ? ' ' : '-'}${line}`);
    });
  }

  #startTls(rest: string) {
    const { encryption } = this.#options;
    if (encryption === null || this.#isEncrypted) return this.#say('502 5.5.1 no STARTTLS here');
    if (rest !== '') return this.#say('501 5.5.4 STARTTLS takes nothing');
    // Unencrypted text sent ahead would be taken for encrypted.
    if (this.#buffer !== '') return this.#endWith('501 5.5.2 nothing may follow STARTTLS in clear');
    this.#at('starttls', () => {
      this.#say('220 2.0.0 ready');
      this.#socket.removeAllListeners('data');
      this.#socket = new TLSSocket(this.#socket, { isServer: true, ...encryption });
      this.#greeted = false;
      this.#user = null;
      this.#listen();
    });
  }

  #auth(rest: string) {
    if (this.#user !== null) return this.#say('503 5.5.1 signed in already');
    const [method = '', initial] = rest.split(' ');
    const decoded = (text: string) => Buffer.from(text, 'base64').toString('utf8');
    const judge = (user: string, password: string) =>
      this.#at('auth', () => {
        if (this.#simulation.users.get(user) !== password)
          return this.#say('535 5.7.8 authentication failed');
        this.#user = user;
        this.#say('235 2.7.0 signed in');
      });
    const ask = (prompt: string, then: (line: string) => void) => {
      this.#signIn = (line) => {
        this.#signIn = null;
        if (line === '*') return this.#say('501 5.7.0 sign-in cancelled');
        then(decoded(line));
      };
      this.#say(`334 ${prompt}`);
    };
    const plain = (text: string) => {
      const [, user = '', password = ''] = text.split('\0');
      judge(user, password);
    };
    if (method.toUpperCase() === 'PLAIN')
      return initial === undefined ? ask('', plain) : plain(decoded(initial));
    if (method.toUpperCase() !== 'LOGIN') return this.#say('504 5.5.4 PLAIN or LOGIN');
    const askPassword = (user: string) => ask('UGFzc3dvcmQ6', (password) => judge(user, password));
    return initial === undefined ? ask('VXNlcm5hbWU6', askPassword) : askPassword(decoded(initial));
  }

  #mail(rest: string) {
    const [, from, parameters = ''] = /^FROM:/i.test(rest) ? (PATH.exec(rest) ?? []) : [];
    if (from === undefined) return this.#say('501 5.5.4 MAIL FROM:<address>');
    if (this.#from !== null) return this.#say('503 5.5.1 one sender a letter');
    if (Number(/ SIZE=(\d+)/i.exec(parameters)?.[1] ?? 0) > SIZE_MAX)
      return this.#say('552 5.3.4 letter too large');
    this.#at('mail', () => {
      this.#from = from;
      this.#say('250 2.1.0 ok');
    });
  }

  #rcpt(rest: string) {
    const [, to] = /^TO:/i.test(rest) ? (PATH.exec(rest) ?? []) : [];
    if (!to?.includes('@')) return this.#say('501 5.1.3 RCPT TO:<address>');
    if (this.#from === null) return this.#say('503 5.5.1 MAIL first');
    this.#at(
      'rcpt',
      () => {
        this.#to.push(to);
        this.#say('250 2.1.5 ok');
      },
      to,
    );
  }

  #data(rest: string) {
    if (rest !== '') return this.#say('501 5.5.4 DATA takes nothing');
    if (this.#to.length === 0) return this.#say('503 5.5.1 RCPT first');
    this.#at('data', () => {
      this.#letter = [];
      this.#say('354 end with a dot on a line of its own');
    });
  }

  #letterLine(line: string) {
    if (line !== '.') {
      this.#letter?.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    const lines = this.#letter ?? [];
    this.#letter = null;
    const problem = problemOf(lines);
    if (problem !== null) {
      this.#forget();
      return this.#say(problem);
    }
    const take = (): void => {
      const { letters } = this.#simulation;
      const [from, to] = [this.#from ?? '', this.#to];
      letters.push({
        ...{ from, to, data: lines.join('\r\n') },
        ...{ isEncrypted: this.#isEncrypted, user: this.#user },
      });
      this.#forget();
    };
    this.#at(
      'letter',
      () => {
        take();
        this.#say(`250 2.0.0 taken as ${this.#simulation.letters.length}`);
      },
      undefined,
      take,
    );
  }

  /** Runs `happens`, or the fault of this moment instead. */
  #at(moment: Moment, happens: () => void, address?: string, take: () => void = () => undefined) {
    const effect: Effect | null = this.#simulation.takeFault(moment, address);
    if (effect === null) return happens();
    if (effect.kind === 'reply') {
      if (moment === 'letter') this.#forget();
      // A server that refuses at once, or closes (421), hangs up.
      if (moment === 'connect' || effect.reply.startsWith('421')) return this.#endWith(effect.reply);
      return this.#say(effect.reply);
    }
    this.#over = true;
    if (effect.kind === 'take-and-drop') take();
    if (effect.kind !== 'hang') this.#socket.destroy();
  }

  get #isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  #forget(): void {
    this.#from = null;
    this.#to = [];
  }

  #say(reply: string): void {
    this.#socket.write(`${reply}\r\n`);
  }

  #endWith(reply: string): void {
    this.#over = true;
    this.#socket.end(`${reply}\r\n`);
  }
}

/** By RFC 5322: no line is too long, and the header has exactly one sender and one date. */
function problemOf(lines: readonly string[]): string | null {
  if (lines.some((line) => line.length > LETTER_LINE_MAX)) return '554 5.6.0 a line is over 998 octets';
  const end = lines.indexOf('');
  const header = end < 0 ? lines : lines.slice(0, end);
  const fields = header.filter((line) => !/^[ \t]/.test(line));
  if (fields.some((line) => !/^[!-9;-~]+:/.test(line))) return '554 5.6.0 a line of the header is none';
  const missing = ['from', 'date'].find(
    (name) => fields.filter((line) => line.toLowerCase().startsWith(`${name}:`)).length !== 1,
  );
  return missing === undefined ? null : `554 5.6.0 a letter has one ${missing} in its header`;
}
