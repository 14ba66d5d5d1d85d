import { z } from 'zod';
import { ANY_ROLE } from '../../domain/roles.js';

/** `cookie`: for the page, whose scripts must not see the refresh token. `json`: for programs. */
const transport = z.enum(['json', 'cookie']).optional();

export const loginSchema = z.strictObject({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(1024),
  transport,
});

export const linkSchema = z.strictObject({ token: z.string().min(1).max(512), transport });

/** Without a token in the body, the cookie is used. */
export const refreshSchema = z.strictObject({ refreshToken: z.string().min(1).max(512).optional() });

export const tokensSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional().describe('Absent where it was set as a cookie'),
  expiresIn: z.number().describe('Seconds that the access token lives'),
  tokenType: z.literal('Bearer'),
  person: z.string(),
  roles: z.array(z.enum(ANY_ROLE)).describe('By the desk file'),
});

export type LoginBody = z.infer<typeof loginSchema>;
export type LinkBody = z.infer<typeof linkSchema>;
export type RefreshBody = z.infer<typeof refreshSchema>;
