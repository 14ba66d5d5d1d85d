/**
 * Builds the web server: the hooks that every request passes, then the routes, one file for each subject.
 * Listening is up to the caller. Routes are imported by name, not loaded from a folder: web runs as one
 * bundled file.
 */
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { unfitText, withPlainText } from '../domain/plain-text.js';
import { peopleHomeOf } from '../home/runtime.js';
import { PRODUCT_VERSION } from '../operations/go-live/start-go-live.js';
import { PasskeyChallenges } from './auth/passkey-challenges.js';
import { PasswordCheck } from './auth/password-check.js';
import { cookieEndingOf, registerAccessCheck, registerAccessTokens } from './auth/tokens.js';
import type { WebDependencies } from './dependencies.js';
import { endSocketsOnClose } from './hooks/end-sockets.js';
import {
  ADDRESS_PART_CHARS_MAX,
  answerMalformed,
  registerErrors,
  registerKnownPaths,
  registerRequestBudget,
  reportFrameworkError,
} from './hooks/errors.js';
import { registerHostGuard } from './hooks/host-guard.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { liveSocketRoute, SocketHub } from './live/socket-hub.js';
import { StatusWatch } from './live/status-watch.js';
import { badRequest, sendProblem } from './problem-details.js';
import {
  cashRoute,
  coinsRoute,
  corporateActionRoutes,
  portfolioRoute,
  reconciliationRoute,
} from './routes/account-routes.js';
import { approvalsRoutes, signingRoute } from './routes/approval-routes.js';
import { auditRoute, exportRoutes } from './routes/audit-and-export.js';
import { backupsRoute, takeBackupRoute } from './routes/backup-routes.js';
import { barsRoute, equityRoute } from './routes/charts.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { decidedRoute, deskStateRoutes, desksRoute, twinsRoute } from './routes/desk-state.js';
import { documentsRoute } from './routes/documents.js';
import { closeOneRoutes, emergencyRoutes, takeAnyBody } from './routes/emergency-routes.js';
import {
  goLiveRoutes,
  preflightRoute,
  startValidationRoute,
  storedPeriodsRoute,
  validationsRoute,
} from './routes/go-live-routes.js';
import { errorsRoute, healthRoute, metricsRoute, notifyTestRoute } from './routes/health.js';
import { incidentsRoutes, tasksRoutes } from './routes/incident-routes.js';
import { passkeySignInRoutes, passkeysRoutes } from './routes/passkeys.js';
import { readWholeNumbers } from './routes/route-parts.js';
import { routinesRoute, runRoutineRoute, schedulesRoute } from './routes/routines.js';
import { rollRoutes, settingsRoutes, sizeRoute } from './routes/settings-routes.js';
import { loginRoute, logoutRoute, refreshRoute, signInLinkRoute } from './routes/sign-in.js';
import {
  setupsRoutes,
  signalsRoutes,
  strategiesRoute,
  strategyToggleRoute,
} from './routes/strategy-routes.js';
import {
  analyticsRoute,
  journalRoutes,
  kpisRoute,
  resultsRoute,
  tradesRoute,
} from './routes/trading-results.js';
import { answer, anyProblem, EXPECTED, jsonSchema, problemSchema, problems } from './schemas/answers.js';
import { deskStatusSchema, liveMessageSchema } from './schemas/records.js';
import { type TemporalTickets, temporalTicketRoute } from './temporal-ui/entrance.js';

const BODY_BYTES_MAX = 64 * 1024;
const SOCKET_MESSAGE_BYTES_MAX = 16 * 1024;

/** Nothing inline, nothing from other hosts. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'"],
    'connect-src': ["'self'"],
    'manifest-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
};

export async function buildServer(web: WebDependencies, tickets: TemporalTickets): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: web.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: ADDRESS_PART_CHARS_MAX },
    requestTimeout: 15_000,
    forceCloseConnections: true,
    frameworkErrors: reportFrameworkError,
    clientErrorHandler: answerMalformed,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, verbose: true, keywords: [EXPECTED] },
      onCreate: compileWhenAsked,
    },
  });
  acceptJsonOnly(app);
  takeAnyBody(app);
  registerErrors(app);
  const knownPaths = registerKnownPaths(app);
  readWholeNumbers(app);
  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    strictTransportSecurity: false, // plain HTTP on the loopback address
    xFrameOptions: { action: 'deny' },
  });
  registerHostGuard(app, web.runtime.web.publicUrl ?? null);
  knownPaths.answerUnknown();
  endSocketsOnClose(app);
  await app.register(cookie);
  app.decorate('cookieEnding', cookieEndingOf(peopleHomeOf(web.runtime.home)));
  await app.register(websocket, { options: { maxPayload: SOCKET_MESSAGE_BYTES_MAX } });
  await registerAccessTokens(app, web);
  registerAccessCheck(app, web);
  await registerRequestBudget(app);
  registerPlainText(app);
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await registerDescription(app);
  await registerRoutes(app, web, tickets);
  return app;
}

async function registerRoutes(
  app: FastifyInstance,
  web: WebDependencies,
  tickets: TemporalTickets,
): Promise<void> {
  const watch = new StatusWatch(web);
  const isActive = (family: string): boolean => web.sessions.isActive(family);
  const hub = new SocketHub(watch, (token) => app.readAccess(token), isActive, web.nowMs);
  app.addHook('onListen', async () => watch.start());
  app.addHook('preClose', async () => {
    watch.stop();
    hub.close();
  });
  healthRoute(app, web, watch);
  const passwords = new PasswordCheck(web);
  const challenges = new PasskeyChallenges(web.nowMs);
  loginRoute(app, web, passwords);
  passkeySignInRoutes(app, web, challenges);
  passkeysRoutes(app, web, challenges, passwords);
  signInLinkRoute(app, web);
  refreshRoute(app, web);
  logoutRoute(app, web);
  deskStateRoutes(app, web);
  desksRoute(app, web);
  twinsRoute(app, web);
  decidedRoute(app, web);
  emergencyRoutes(app, web, new IdempotencyKeys(web.keyStore, web.nowMs));
  closeOneRoutes(app, web);
  tradesRoute(app, web);
  equityRoute(app, web, watch);
  barsRoute(app, web, watch);
  portfolioRoute(app, web);
  strategiesRoute(app, web);
  strategyToggleRoute(app, web);
  signalsRoutes(app, web);
  signingRoute(app, web);
  notifyTestRoute(app, web);
  settingsRoutes(app, web);
  rollRoutes(app, web);
  approvalsRoutes(app, web);
  incidentsRoutes(app, web);
  tasksRoutes(app, web);
  validationsRoute(app, web);
  storedPeriodsRoute(app, web);
  startValidationRoute(app, web);
  goLiveRoutes(app, web);
  preflightRoute(app, web);
  reconciliationRoute(app, web);
  cashRoute(app, web);
  corporateActionRoutes(app, web);
  coinsRoute(app, web);
  sizeRoute(app, web);
  auditRoute(app, web);
  exportRoutes(app, web);
  errorsRoute(app, web);
  setupsRoutes(app, web);
  journalRoutes(app, web);
  analyticsRoute(app, web, watch);
  resultsRoute(app, web, watch);
  kpisRoute(app, web);
  routinesRoute(app, web);
  runRoutineRoute(app, web);
  backupsRoute(app, web);
  takeBackupRoute(app, web);
  schedulesRoute(app, web);
  liveSocketRoute(app, hub);
  temporalTicketRoute(app, web, tickets);
  metricsRoute(app, web, watch);
  openApiRoute(app);
  documentsRoute(app, web);
  await dashboardRoutes(app, web);
}

/**
 * Compiles each schema at its first use: compiling all of them takes as long as the rest of a start, which needs
 * none.
 */
function compileWhenAsked(ajv: SchemaCompiler): void {
  const compile = ajv.compile.bind(ajv);
  ajv.compile = (schema) => {
    let compiled: SchemaCheck | null = null;
    const check: SchemaCheck = (value) => {
      compiled ??= compile(schema);
      const fits = compiled(value);
      check.errors = compiled.errors;
      return fits;
    };
    return check;
  };
}

interface SchemaCheck {
  (value: unknown): unknown;
  errors?: unknown;
}

interface SchemaCompiler {
  compile(schema: unknown): SchemaCheck;
}

/**
 * A page of another site can send a form or plain text without preflight, but not JSON. A missing body is allowed.
 */
function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, String(body), done);
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Never refuse a request for its text. */
    anyText?: boolean;
  }
}

/**
 * Text that can't be stored or shown is refused before anything reads it; a stop is accepted, with its text made
 * plain.
 */
function registerPlainText(app: FastifyInstance): void {
  app.addHook('preValidation', async (request, reply) => {
    const { body, query, params } = request;
    if (request.routeOptions.config.anyText === true) {
      request.body = withPlainText(body);
      return;
    }
    const problem = unfitText(body) ?? unfitText(query) ?? unfitText(params);
    if (problem !== null) return sendProblem(reply, badRequest(`${problem}.`));
  });
}

/** The API's description of itself: shared schemas, sign-in, tags. */
const TAGS = [
  { name: 'sign-in', description: 'Access tokens last 15 minutes; refresh tokens last 7 days and work once' },
  { name: 'state', description: 'Current state' },
  { name: 'records', description: 'What happened: the ledger and the evidence' },
  { name: 'settings', description: 'Settings of the desk' },
  { name: 'people', description: 'What waits for people' },
  { name: 'incidents', description: 'What went wrong, who has it, and what was done' },
  { name: 'go-live', description: 'The way to real money' },
  { name: 'emergency', description: 'Stop, close all, resume' },
];

async function registerDescription(app: FastifyInstance): Promise<void> {
  const answersOf = withoutAnswers(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Fermata', version: PRODUCT_VERSION, description: DESCRIPTION },
      tags: TAGS,
      security: [{ bearer: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          metricsToken: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: ({ schema, url }) => ({
      schema: { ...schema, response: { ...answersOf(schema), ...anyProblem } },
      url,
    }),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`),
    },
  });
  // Apart from every route: no request is checked by them, and each route would have a checker made that knows them.
  await app.register(async (description) => {
    description.addSchema({ $id: 'Problem', ...jsonSchema(problemSchema) });
    description.addSchema({ $id: 'DeskStatus', ...jsonSchema(deskStatusSchema) });
    description.addSchema({ $id: 'LiveMessage', ...jsonSchema(liveMessageSchema) });
  });
}

/**
 * Schemas only describe answers: from those, Fastify would drop a member that the trader has gained since. So routes have none,
 * and whoever reads the description gets them here; until then none is written.
 */
function withoutAnswers(app: FastifyInstance): (schema: object) => object {
  const answers = new WeakMap<object, object>();
  app.addHook('onRoute', (route) => {
    const { response, ...asked } = route.schema ?? {};
    if (response === undefined) return;
    route.schema = asked;
    answers.set(asked, response as object);
  });
  return (schema) => answers.get(schema) ?? {};
}

const DESCRIPTION =
  'One desk: its state, its records and its emergency buttons. Money, prices and quantities are decimal text. ' +
  'Every error is an RFC 9457 problem that says what happened, what was kept safe and what to do. Beside those that an address ' +
  'lists, each may answer 400 (not JSON, or with control characters), 403 (to a page of another site), 405 (`Allow` names the ' +
  'methods), 413 (a body of more than 64 KiB), 414, 415 (the body is not said to be JSON), 421 (another host’s name), 429 ' +
  '(`Retry-After` has the seconds) and 500.';

function openApiRoute(app: FastifyInstance): void {
  const schema = {
    summary: 'This description',
    tags: ['state'],
    response: {
      200: answer('OpenAPI 3.1', { type: 'object', additionalProperties: true }),
      ...problems(401),
    },
  };
  app.get('/api/openapi.json', { schema }, async () => app.swagger());
}
