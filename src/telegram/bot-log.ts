/** Where the bot says what happens. No text ever holds the token. */
export type BotLog = (level: 'info' | 'warn' | 'error', text: string) => void;
