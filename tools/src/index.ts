export {
  appEnvironment,
  BUS_APPS,
  generateSecrets,
  serviceCredentials,
  type BusApp,
  type BusBackends,
  type BusSecrets,
} from './bus/app-environment.ts';
export { RunningApp } from './bus/running-app.ts';
export { startBus, type RunningBus, type StartBusOptions } from './bus/start-bus.ts';
