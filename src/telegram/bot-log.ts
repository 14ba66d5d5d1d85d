/** Where the bot logs. No text ever contains the token. */
export type BotLog = (level: 'info' | 'warn' | 'error', text: string) => void;
