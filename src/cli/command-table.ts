/** Every command: the summaries are here; a command's code is loaded only when it is called. */
import type { Command } from 'commander';
import type { RefusesUnknown } from './running-desk.js';

type Configure = (command: Command) => void;

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Its heading in the list of commands. */
  readonly group: string;
  /** `--desk` may be given several times: it acts on each of these desks. */
  readonly forSeveralDesks?: boolean;
  /** Adds arguments, options and the action. */
  readonly load: () => Promise<Configure>;
}

/**
 * A command about one desk of FERMATA_HOME: the desk is chosen before its action runs. Commands with their
 * own `--desk` keep it. `unknownName`: when such a command refuses a name under which no desk was started.
 * `isAboutPeople`: no desk need be named if all share their people.
 */
const ofDesk =
  (configure: Configure, unknownName: RefusesUnknown = 'never', isAboutPeople = false): Configure =>
  (command) => {
    configure(command);
    const acting = command.commands.length > 0 ? command.commands : [command];
    const given = acting.filter((leaf) => !leaf.options.some(({ long }) => long === '--desk'));
    for (const leaf of given) leaf.option('--desk <name>', 'which desk, if several run here');
    command.hook('preAction', async (_command, action) => {
      const { desk } = action.opts<{ desk?: string | true }>();
      const { chooseDesk } = await import('./running-desk.js');
      return chooseDesk(desk, given.includes(action) ? 'always' : unknownName, { isAboutPeople });
    });
  };

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    group: 'The desk',
    summary: 'start a desk and everything that it needs',
    load: async () => (await import('./commands/up-command.js')).upCommand,
  },
  {
    name: 'down',
    group: 'The desk',
    summary: 'end the desk in order; positions and their stops are kept',
    load: async () => ofDesk((await import('./commands/restart.js')).downCommand),
  },
  {
    name: 'status',
    group: 'The desk',
    summary: 'mode, reason, positions, orders, and why it is not trading',
    load: async () => ofDesk((await import('./commands/status-command.js')).statusCommand),
  },
  {
    name: 'restart',
    group: 'The desk',
    summary: 'end one process of the desk, or all, in order and start it again',
    load: async () => ofDesk((await import('./commands/restart.js')).restartCommand),
  },
  {
    name: 'link',
    group: 'The desk',
    summary: 'print a new one-time sign-in link',
    load: async () => ofDesk((await import('./commands/login.js')).linkCommand),
  },
  {
    name: 'doctor',
    group: 'The desk',
    summary: 'check this machine and say what to do',
    load: async () => ofDesk((await import('./commands/doctor.js')).doctorCommand),
  },
  {
    name: 'init',
    group: 'The desk',
    summary: 'write a desk file of your own',
    load: async () => (await import('./commands/init.js')).initCommand,
  },
  {
    name: 'desks',
    group: 'The desk',
    summary: 'list each desk: whether it runs, its mode and page, where its file is',
    load: async () => (await import('./commands/desks.js')).desksCommand,
  },
  {
    name: 'desk',
    group: 'The desk',
    summary: 'check a desk file',
    load: async () => (await import('./commands/desks.js')).deskCommandOf(COMMANDS),
  },
  {
    name: 'strategy',
    group: 'The desk',
    summary: 'write a strategy of your own, or check one',
    load: async () => (await import('./commands/strategy-commands.js')).strategyCommand,
  },
  {
    name: 'paper',
    group: 'The desk',
    summary: 'start again with the desk file’s paper balance',
    load: async () => ofDesk((await import('./commands/paper.js')).paperCommand),
  },
  {
    name: 'logs',
    group: 'The desk',
    summary: 'print the log',
    load: async () => ofDesk((await import('./commands/logs.js')).logsCommand),
  },
  {
    name: 'monitor',
    group: 'The desk',
    summary: 'one screen: status, processes, sizes, errors',
    load: async () => ofDesk((await import('./commands/monitor-command.js')).monitorCommand),
  },
  {
    name: 'stats',
    group: 'The desk',
    summary: 'results of trading, by the desk’s days and weeks',
    load: async () => ofDesk((await import('./commands/stats.js')).statsCommand),
  },
  {
    name: 'kpis',
    group: 'The desk',
    summary: 'the KPIs of the desk file, against their alarms and aims',
    load: async () => ofDesk((await import('./commands/stats.js')).kpisCommand),
  },
  {
    name: 'setups',
    group: 'The desk',
    summary: 'the setups that strategies follow, their state and prices',
    load: async () => ofDesk((await import('./commands/journal-and-export.js')).setupsCommand),
  },
  {
    name: 'trading-journal',
    group: 'The desk',
    summary: 'the result of each day, with people’s notes',
    load: async () => ofDesk((await import('./commands/journal-and-export.js')).tradingJournalCommand),
  },
  {
    name: 'journal',
    group: 'The desk',
    summary: "print the trader's journal",
    load: async () => ofDesk((await import('./commands/journal-command.js')).journalCommand),
  },
  {
    name: 'completion',
    group: 'The desk',
    summary: 'print the script that completes commands in bash or zsh',
    load: async () => (await import('./commands/completion.js')).completionOf(COMMANDS),
  },
  {
    name: 'stop',
    group: 'Stop and resume',
    summary: 'no new entries; resting entries are cancelled, positions and stops kept',
    forSeveralDesks: true,
    load: async () => (await import('./commands/stop-command.js')).stopCommand,
  },
  {
    name: 'close-all',
    group: 'Stop and resume',
    summary: 'stop, cancel everything, close every position, prove flat',
    load: async () => ofDesk((await import('./commands/stop-command.js')).closeAllCommand),
  },
  {
    name: 'resume',
    group: 'Stop and resume',
    summary: 'check everything again and trade',
    load: async () => ofDesk((await import('./commands/resume-and-size.js')).resumeCommand),
  },
  {
    name: 'coins',
    group: 'Stop and resume',
    summary: 'coins in the account that no trade explains: whose they are',
    load: async () => ofDesk((await import('./commands/account-commands.js')).coinsCommand),
  },
  {
    name: 'corporate-action',
    group: 'Stop and resume',
    summary: 'a stock was split or paid a dividend',
    load: async () => ofDesk((await import('./commands/account-commands.js')).corporateActionCommand),
  },
  {
    name: 'roll',
    group: 'Stop and resume',
    summary: 'let a future stand for its next month, once people approve',
    load: async () => ofDesk((await import('./commands/resume-and-size.js')).rollCommand),
  },
  {
    name: 'size',
    group: 'Stop and resume',
    summary: 'position size, percent of the full size',
    load: async () => ofDesk((await import('./commands/resume-and-size.js')).sizeCommand),
  },
  {
    name: 'position',
    group: 'Stop and resume',
    summary: 'close one position; the desk goes on',
    load: async () => ofDesk((await import('./commands/resume-and-size.js')).positionCommand),
  },
  {
    name: 'order',
    group: 'Stop and resume',
    summary: 'cancel one resting entry',
    load: async () => ofDesk((await import('./commands/resume-and-size.js')).orderCommand),
  },
  {
    name: 'cash',
    group: 'Stop and resume',
    summary: 'say what a difference in cash was: deposit, withdrawal …',
    load: async () => ofDesk((await import('./commands/account-commands.js')).cashCommand),
  },
  {
    name: 'signal',
    group: 'Stop and resume',
    summary: 'send a signal from outside, withdraw it, or list them all',
    load: async () => ofDesk((await import('./commands/signal-commands.js')).signalCommand),
  },
  {
    name: 'incidents',
    group: 'People and incidents',
    summary: 'what is wrong, who has it, and its timeline',
    load: async () => ofDesk((await import('./commands/incident-commands.js')).incidentsCommand),
  },
  {
    name: 'incident',
    group: 'People and incidents',
    summary: 'open, acknowledge or end an incident',
    load: async () => ofDesk((await import('./commands/incident-commands.js')).incidentCommand),
  },
  {
    name: 'tasks',
    group: 'People and incidents',
    summary: 'what waits for a person',
    load: async () => ofDesk((await import('./commands/incident-commands.js')).tasksCommand),
  },
  {
    name: 'task',
    group: 'People and incidents',
    summary: 'say that a task is done',
    load: async () => ofDesk((await import('./commands/incident-commands.js')).taskCommand),
  },
  {
    name: 'approvals',
    group: 'People and incidents',
    summary: 'what waits for an approval',
    load: async () => ofDesk((await import('./commands/approval-commands.js')).approvalsCommand),
  },
  {
    name: 'approve',
    group: 'People and incidents',
    summary: 'vote on an approval',
    load: async () => ofDesk((await import('./commands/approval-commands.js')).approveCommand),
  },
  {
    name: 'telegram',
    group: 'People and incidents',
    summary: 'link people to their Telegram accounts',
    load: async () => ofDesk((await import('./commands/telegram.js')).telegramCommand),
  },
  {
    name: 'notify',
    group: 'People and incidents',
    summary: 'send a test alert',
    load: async () => ofDesk((await import('./commands/telegram.js')).notifyCommand),
  },
  {
    name: 'login',
    group: 'People and incidents',
    summary: 'sign in here; decisions need it',
    load: async () => ofDesk((await import('./commands/login.js')).loginCommand, 'never', true),
  },
  {
    name: 'logout',
    group: 'People and incidents',
    summary: 'sign out here',
    load: async () => ofDesk((await import('./commands/login.js')).logoutCommand, 'never', true),
  },
  {
    name: 'person',
    group: 'People and incidents',
    summary: 'let people of the desk file sign in',
    load: async () => ofDesk((await import('./commands/person.js')).personCommand),
  },
  {
    name: 'secret',
    group: 'People and incidents',
    summary: 'rotate a password or a token',
    load: async () => ofDesk((await import('./commands/secret.js')).secretCommand),
  },
  {
    name: 'run',
    group: 'Routines and proof',
    summary: 'run a routine now',
    load: async () => ofDesk((await import('./commands/schedules.js')).runCommand),
  },
  {
    name: 'schedules',
    group: 'Routines and proof',
    summary: 'what is scheduled, and when it runs next',
    load: async () => ofDesk((await import('./commands/schedules.js')).schedulesCommand),
  },
  {
    name: 'backup',
    group: 'Routines and proof',
    summary: 'back up everything that the desk stores',
    load: async () => ofDesk((await import('./commands/backup-commands.js')).backupCommand),
  },
  {
    name: 'backups',
    group: 'Routines and proof',
    summary: 'list the backups',
    load: async () => ofDesk((await import('./commands/backup-commands.js')).backupsCommand),
  },
  {
    name: 'restore',
    group: 'Routines and proof',
    summary: 'replace the desk with a backup, or inspect one on a separate server',
    load: async () => ofDesk((await import('./commands/restore.js')).restoreCommand),
  },
  {
    name: 'rollback',
    group: 'Routines and proof',
    summary: 'go back to the newest good backup, or to that of a given time',
    load: async () => ofDesk((await import('./commands/rollback.js')).rollbackCommand),
  },
  {
    name: 'drill',
    group: 'Routines and proof',
    summary: 'restore a backup on a separate server and prove it',
    load: async () => ofDesk((await import('./commands/backup-commands.js')).drillCommand),
  },
  {
    name: 'data',
    group: 'Routines and proof',
    summary: 'fetch candles from the venue; list those stored and those missing',
    load: async () => ofDesk((await import('./commands/data.js')).dataCommand),
  },
  {
    name: 'upgrade',
    group: 'Routines and proof',
    summary: 'check whether the open runs would continue with this build',
    load: async () => ofDesk((await import('./commands/deploy-command.js')).upgradeCommand),
  },
  {
    name: 'deploy',
    group: 'Routines and proof',
    summary: 'make and test another build, which replaces this one once people agree',
    load: async () => ofDesk((await import('./commands/deploy-command.js')).deployCommand),
  },
  {
    name: 'export',
    group: 'Routines and proof',
    summary: 'write trades, lots, orders, equity or the audit trail as CSV',
    load: async () => ofDesk((await import('./commands/journal-and-export.js')).exportCommand),
  },
  {
    name: 'evidence',
    group: 'Routines and proof',
    summary: 'prove that no evidence was changed; show the answers that steps got',
    load: async () => ofDesk((await import('./commands/journal-and-export.js')).evidenceCommand),
  },
  {
    name: 'backtest',
    group: 'Routines and proof',
    summary: 'trade a desk on recorded prices and report the result',
    load: async () => ofDesk((await import('./commands/backtest.js')).backtestCommand),
  },
  {
    name: 'replay',
    group: 'Routines and proof',
    summary: 'run a past day again: are its decisions the same as then?',
    load: async () => ofDesk((await import('./commands/replay.js')).replayCommand),
  },
  {
    name: 'connection',
    group: 'Routines and proof',
    summary: 'test the connection to the venue: session, market data, balance',
    load: async () => ofDesk((await import('./commands/go-live-command.js')).connectionCommand, 'its-home'),
  },
  {
    name: 'validate',
    group: 'Real money',
    summary: 'paper-trade for a given time and say GO or NO-GO',
    load: async () => ofDesk((await import('./commands/validate.js')).validateCommand, 'its-home'),
  },
  {
    name: 'preflight',
    group: 'Real money',
    summary: 'check everything that real money needs, by real calls to the exchange',
    load: async () => ofDesk((await import('./commands/go-live-command.js')).preflightCommand, 'its-home'),
  },
  {
    name: 'go-live',
    group: 'Real money',
    summary: 'ask to trade real money, show progress, or revoke permission',
    load: async () => ofDesk((await import('./commands/go-live-command.js')).goLiveCommand),
  },
];
