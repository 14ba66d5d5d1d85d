/** Hands mail to the mail server, by SMTP, and says what is certain afterwards. */
import { createTransport } from 'nodemailer';
import { forPeople } from '../domain/for-people.js';
import type { MailSettings } from '../notify/mail-settings.js';
import type { Mail } from '../store/mail-outbox.js';

export type MailOutcome =
  /** `reply`: what the server said, on one line and without secrets. */
  | { readonly kind: 'sent'; readonly reply: string }
  /** The server takes this mail, or its address, never. */
  | { readonly kind: 'refused'; readonly reply: string }
  /** Not taken, or nobody knows: it is to be handed in again. Where the server `wasReached`, it may have been taken all the same. */
  | { readonly kind: 'later'; readonly reply: string; readonly wasReached: boolean };

export interface MailServer {
  /** Handed in again, a mail has the same Message-ID: where its first answer was lost, it may be read twice, and is known for the same. */
  send(mail: Mail): Promise<MailOutcome>;
  /** Whether it would take mail, as far as can be known without one: connection, TLS, sign-in. */
  ask(): Promise<MailOutcome>;
}

export interface MailTimeouts {
  /** To connect, and again until it greets. */
  readonly connectMs: number;
  /** Without a word from it, at any other moment. */
  readonly silentMs: number;
}

const TIMEOUTS: MailTimeouts = { connectMs: 10_000, silentMs: 20_000 };
const REPLY_CHARS_MAX = 300;
/** Refusals of the letter itself; whatever else is refused, a person can mend. */
const OF_THE_MAIL: readonly unknown[] = ['EENVELOPE', 'EMESSAGE'];

/** What a mail server says begins with its code; else nothing came from it. */
export const isAnswer = (reply: string): boolean => /^[45]\d\d/.test(reply);

/** Once `stopping`, nothing waits for the server any more: what is under way counts as not taken. */
export function mailServer(
  desk: string,
  settings: MailSettings,
  stopping: AbortSignal,
  timeouts = TIMEOUTS,
): MailServer {
  const { host, port, tls, authority, login, from } = settings;
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    tls: { minVersion: 'TLSv1.2', ...(authority === null ? {} : { ca: authority }) },
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password }, forceAuth: true }),
    ...{ connectionTimeout: timeouts.connectMs, greetingTimeout: timeouts.connectMs },
    ...{ dnsTimeout: timeouts.connectMs, socketTimeout: timeouts.silentMs },
    // A notice is text: nothing in it may fetch a file or an address.
    ...{ disableFileAccess: true, disableUrlAccess: true, logger: false },
  });
  const clean = cleanerOf(settings);
  const outcomeOf = (error: unknown): MailOutcome => {
    const { code, responseCode, response, message } = error as Partial<SmtpError>;
    const reply = clean(
      response || `${host}:${port} was not reached (${[code, message].filter(Boolean).join(': ')})`,
    );
    const isFinal = OF_THE_MAIL.includes(code) && responseCode !== undefined && responseCode >= 500;
    return isFinal ? { kind: 'refused', reply } : { kind: 'later', reply, wasReached: !isUnreached(error) };
  };
  return {
    send: async (mail) => {
      try {
        const { response } = await unlessStopped(transport.sendMail(letterOf(desk, from, mail)), stopping);
        return { kind: 'sent', reply: clean(response) };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    ask: async () => {
      try {
        await unlessStopped(transport.verify(), stopping);
        return { kind: 'sent', reply: '' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

function unlessStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('this process ends'));
    if (stopping.aborted) stop();
    stopping.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => stopping.removeEventListener('abort', stop));
  });
}

/** As nodemailer's errors are. */
interface SmtpError {
  readonly code: string;
  /** Of the system's own errors. */
  readonly syscall: string;
  readonly timeoutType: string;
  readonly message: string;
  /** The server's own words, with their code. */
  readonly response: string;
  readonly responseCode: number;
}

/** Only where that is certain: a connection that breaks or falls silent looks the same before the letter and after it. */
function isUnreached(error: unknown): boolean {
  const { code, syscall, timeoutType = '' } = error as Partial<SmtpError>;
  return (
    code === 'EDNS' || syscall === 'connect' || ['CONNECT_TIMEOUT', 'GREETING_TIMEOUT'].includes(timeoutType)
  );
}

function letterOf(desk: string, from: string, { id, address, severity, title, text, createdMs }: Mail) {
  return {
    ...{ from: { name: `Fermata ${desk}`, address: from }, to: address },
    subject: `${severity === 'critical' ? 'CRITICAL: ' : ''}${forPeople(title)}`,
    text: `${forPeople(text)}\n\n${new Date(createdMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    date: new Date(createdMs),
    messageId: `<${desk}.${createdMs}.${id}@${from.slice(from.indexOf('@') + 1)}>`,
    // Answered by no automatic reply.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...(severity === 'critical' ? { priority: 'high' as const } : {}),
  };
}

/** A server may quote what it was told: the password, and each form in which it travels, is taken out. */
function cleanerOf({ login }: MailSettings): (text: string) => string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const secrets =
    login === null
      ? []
      : [base64(`\0${login.user}\0${login.password}`), base64(login.password), login.password];
  return (text) =>
    secrets
      .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, REPLY_CHARS_MAX);
}
