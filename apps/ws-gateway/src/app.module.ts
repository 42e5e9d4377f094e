import {
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ChannelLayerModule, GroupHistory } from '@bus/channel-layer';
import { AlertQueries, DatabaseModule } from '@bus/database';
import { EventLoopMonitor } from '@bus/observability';
import { PlatformModule, RuntimeSettings } from '@bus/platform';
import { AcknowledgeAlertHandler } from './alerts/acknowledge-alert.handler.ts';
import { AlertActions } from './alerts/alert-actions.ts';
import { AlertsController } from './alerts/alerts.controller.ts';
import { AnnouncedAlerts } from './alerts/announced-alerts.ts';
import { ResolveAlertHandler } from './alerts/resolve-alert.handler.ts';
import { AuthController } from './auth/auth.controller.ts';
import { AuthService } from './auth/auth.service.ts';
import { DeviceFingerprints } from './auth/device-fingerprint.ts';
import { LoginThrottle } from './auth/login-throttle.ts';
import { RevokedTokens } from './auth/revoked-tokens.ts';
import { SessionCookies } from './auth/session-cookie.ts';
import { SessionStore } from './auth/session-store.ts';
import { tokenKeys } from './auth/token-keys.ts';
import { TokenService } from './auth/token-service.ts';
import { UserDirectory } from './auth/user-directory.ts';
import { Drain } from './connections/drain.ts';
import { LiveSessions } from './connections/live-sessions.ts';
import { SessionEndings } from './connections/session-endings.ts';
import { SlowBrowsers } from './connections/slow-browsers.ts';
import { DashboardPage } from './dashboard/dashboard-page.ts';
import { DevicesController } from './devices/devices.controller.ts';
import { GroupAccess } from './groups/group-access.ts';
import { GroupSubscriptions } from './groups/group-subscriptions.ts';
import { OpenAlertsSnapshot } from './groups/open-alerts.ts';
import { SubscribeClientHandler } from './groups/subscribe-client.handler.ts';
import { HealthController } from './health/health.controller.ts';
import { HeartbeatHandler } from './health/heartbeat.handler.ts';
import { HistoryHandler } from './history/history.handler.ts';
import { CrossSiteGuard } from './http/cross-site-guard.ts';
import { RefusalFilter } from './http/refusal.filter.ts';
import { RequestMetrics } from './http/request-metrics.middleware.ts';
import { AnonymousConnections } from './limits/anonymous-connections.ts';
import { ConnectionLeases } from './limits/connection-leases.ts';
import { GatewayRedis } from './limits/gateway-redis.ts';
import { SharedWindow } from './limits/shared-window.ts';
import { FleetCountsQueries } from './metrics/fleet-counts.queries.ts';
import { RequestMetricsHandler } from './metrics/request-metrics.handler.ts';
import { TrustedProxies } from './network/client-address.ts';
import { OriginPolicy } from './network/origin-policy.ts';
import { PostgresModule } from './postgres.module.ts';
import { AuthSettings, GatewaySettings, LimitSettings, type GatewayAppSettings } from './settings.ts';
import { ClientEventDispatcher } from './sockets/client-event-dispatcher.ts';
import { Handshake } from './sockets/handshake.ts';
import { InboundThrottle } from './sockets/inbound-throttle.ts';
import { NocGateway } from './sockets/noc.gateway.ts';

const AUTH: Provider[] = [AuthService, LoginThrottle, RevokedTokens, SessionStore, UserDirectory];
const CONNECTIONS: Provider[] = [Drain, LiveSessions, SessionEndings, SlowBrowsers];
const ALERTS: Provider[] = [
  AlertActions,
  {
    provide: AnnouncedAlerts,
    inject: [GatewayRedis, GroupHistory, AlertQueries],
    useFactory: (redis: GatewayRedis, history: GroupHistory, alerts: AlertQueries) =>
      new AnnouncedAlerts(redis, history, alerts),
  },
];
const GROUPS: Provider[] = [GroupAccess, GroupSubscriptions, OpenAlertsSnapshot];
const HTTP: Provider[] = [
  CrossSiteGuard,
  DashboardPage,
  RequestMetrics,
  { provide: APP_FILTER, useClass: RefusalFilter },
  { provide: EventLoopMonitor, useFactory: () => new EventLoopMonitor() },
];
const LIMITS: Provider[] = [
  AnonymousConnections,
  ConnectionLeases,
  GatewayRedis,
  InboundThrottle,
  SharedWindow,
];
const SOCKETS: Provider[] = [ClientEventDispatcher, Handshake, NocGateway];
const EVENT_HANDLERS: Provider[] = [
  AcknowledgeAlertHandler,
  FleetCountsQueries,
  HeartbeatHandler,
  HistoryHandler,
  RequestMetricsHandler,
  ResolveAlertHandler,
  SubscribeClientHandler,
];

/** The gateway between browsers and the bus. */
@Module({})
export class AppModule implements NestModule {
  static forRoot(settings: GatewayAppSettings): DynamicModule {
    const { runtime, redis, encryption } = settings;
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({ app: 'ws-gateway', runtime, redis }),
        PostgresModule.forRoot(settings),
        DatabaseModule,
        ChannelLayerModule.forRoot({ encryption }),
      ],
      controllers: [AlertsController, AuthController, DevicesController, HealthController],
      providers: [
        ...settingProviders(settings),
        ...ALERTS,
        ...AUTH,
        ...CONNECTIONS,
        ...GROUPS,
        ...HTTP,
        ...LIMITS,
        ...SOCKETS,
        ...EVENT_HANDLERS,
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestMetrics).forRoutes('{*path}');
  }
}

/** The settings, and what is made of nothing but settings. */
function settingProviders({ gateway, auth, limits, encryption }: GatewayAppSettings): Provider[] {
  return [
    { provide: GatewaySettings, useValue: gateway },
    { provide: AuthSettings, useValue: auth },
    { provide: LimitSettings, useValue: limits },
    { provide: TrustedProxies, useValue: new TrustedProxies(gateway.TRUSTED_PROXIES) },
    {
      provide: OriginPolicy,
      inject: [RuntimeSettings],
      useFactory: ({ NODE_ENV }: RuntimeSettings) => {
        const origins = gateway.WEBSOCKET_ALLOWED_ORIGINS;
        return new OriginPolicy(origins, origins.length === 0 && NODE_ENV !== 'production');
      },
    },
    {
      provide: SessionCookies,
      inject: [RuntimeSettings],
      useFactory: ({ NODE_ENV }: RuntimeSettings) => new SessionCookies(NODE_ENV === 'production'),
    },
    {
      provide: TokenService,
      useFactory: () =>
        new TokenService(tokenKeys(auth.keySource(), auth.algorithms()), {
          issuer: auth.JWT_ISSUER,
          audience: auth.JWT_AUDIENCE,
          lifetimeSeconds: auth.JWT_LIFETIME_SECONDS,
        }),
    },
    { provide: DeviceFingerprints, useFactory: () => new DeviceFingerprints(encryption.routingKey()) },
  ];
}
