import { isSettingsError, loadSettings } from '@bus/platform';
import { describe, expect, it } from 'vitest';
import { BrokerSettings, SECTIONS } from './settings.ts';

const MINIMUM = { REDIS_URL: 'redis://127.0.0.1:6379' };
const PRODUCTION = {
  NODE_ENV: 'production',
  REDIS_URL: 'rediss://:secret@redis:6379',
  PROMETHEUS_ALLOWED_IPS: '10.0.0.0/8',
};

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadSettings(SECTIONS, env);
    return [];
  } catch (error) {
    if (!isSettingsError(error)) throw error;
    return error.problems.map(({ setting }) => setting);
  }
}

describe('the settings', () => {
  it('need no broker', () => {
    const { broker } = loadSettings(SECTIONS, MINIMUM);
    expect(BrokerSettings.isGiven(broker)).toBe(false);
    const { broker: given } = loadSettings(SECTIONS, { ...MINIMUM, MQTT_BROKER_ADDRESS: 'mqtt' });
    expect(BrokerSettings.isGiven(given)).toBe(true);
  });

  it('name what cannot be', () => {
    expect(problemsOf({ ...MINIMUM, PROMETHEUS_ALLOWED_IPS: '10.0.0.0/8,all' })).toEqual([
      'PROMETHEUS_ALLOWED_IPS',
    ]);
    expect(problemsOf({ ...MINIMUM, TRUSTED_PROXIES: 'proxy' })).toEqual(['TRUSTED_PROXIES']);
    expect(problemsOf({ ...MINIMUM, PROMETHEUS_API_KEY: 'short' })).toEqual(['PROMETHEUS_API_KEY']);
    expect(
      problemsOf({ ...MINIMUM, EXPORTER_SILENT_AFTER_SECONDS: '60', EXPORTER_FORGET_AFTER_SECONDS: '30' }),
    ).toEqual(['EXPORTER_FORGET_AFTER_SECONDS']);
  });

  it('in production ask for a list of readers, and for a safe broker if there is one', () => {
    expect(problemsOf(PRODUCTION)).toEqual([]);
    expect(problemsOf({ ...PRODUCTION, PROMETHEUS_ALLOWED_IPS: '' })).toEqual(['PROMETHEUS_ALLOWED_IPS']);
    expect(problemsOf({ ...PRODUCTION, MQTT_BROKER_ADDRESS: 'mqtt' })).toContain('MQTT_SSL_ENABLED');
  });
});
