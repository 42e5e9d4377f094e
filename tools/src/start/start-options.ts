import { parseArgs } from 'node:util';

export interface StartOptions {
  fresh: boolean;
  simulator: boolean;
  help: boolean;
}

export const START_HELP = `npm start [-- options]

  --fresh          throw away all data, keys and passwords of this clone first
  --no-simulator   without the simulated fleet
  --help           this text

Servers of your own are used in place of private ones when these are set:
  REDIS_URL            redis://...
  DATABASE_URL         postgresql://...; it is migrated, and demo people are put in
  MQTT_BROKER_ADDRESS  with MQTT_BROKER_PORT, MQTT_USERNAME, MQTT_PASSWORD, MQTT_SSL_ENABLED, MQTT_CA_FILE
`;

/** Throws with a message for people when an option is not known. */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fresh: { type: 'boolean', default: false },
      'no-simulator': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return { fresh: values.fresh, simulator: !values['no-simulator'], help: values.help };
}
