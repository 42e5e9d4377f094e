import { IsInt, IsNotEmpty, Max, Min } from 'class-validator';
import { IsReadableFile } from './rules.ts';
import { Setting } from './setting.decorator.ts';

/** The MQTT broker and how this process signs in. The names are those of the existing fleet. */
export class MqttSettings {
  @Setting({ description: 'Host name or address of the MQTT broker.', default: '127.0.0.1' })
  @IsNotEmpty()
  MQTT_BROKER_ADDRESS!: string;

  @Setting({ description: 'Port of the MQTT broker; 8883 is usual with TLS.', default: 1883 })
  @IsInt()
  @Min(1)
  @Max(65_535)
  MQTT_BROKER_PORT!: number;

  @Setting({ description: 'User name at the broker.', optional: true, example: 'bus-ingest' })
  MQTT_USERNAME?: string;

  @Setting({ description: 'Password at the broker.', secret: true, optional: true })
  MQTT_PASSWORD?: string;

  @Setting({ description: 'Whether to connect with TLS.', default: false })
  MQTT_SSL_ENABLED!: boolean;

  @Setting({
    description:
      'Certificate authority file that signed the certificate of the broker. Default the authorities of the system.',
    optional: true,
  })
  @IsReadableFile()
  MQTT_CA_FILE?: string;

  @Setting({ description: 'Client certificate file, when the broker asks for one.', optional: true })
  @IsReadableFile()
  MQTT_CERT_FILE?: string;

  @Setting({ description: 'Private key file of the client certificate.', optional: true })
  @IsReadableFile()
  MQTT_KEY_FILE?: string;

  @Setting({
    description:
      'Seconds of silence after which the connection is probed; a dead one is noticed within 1.5 times that.',
    default: 10,
  })
  @IsInt()
  @Min(1)
  @Max(3_600)
  MQTT_KEEPALIVE_SECONDS!: number;

  static problems({ MQTT_CERT_FILE, MQTT_KEY_FILE }: MqttSettings): string[] {
    if ((MQTT_CERT_FILE === undefined) === (MQTT_KEY_FILE === undefined)) return [];
    return MQTT_CERT_FILE === undefined
      ? ['MQTT_CERT_FILE must be set together with MQTT_KEY_FILE']
      : ['MQTT_KEY_FILE must be set together with MQTT_CERT_FILE'];
  }

  static productionProblems(settings: MqttSettings): string[] {
    const hasPassword = settings.MQTT_USERNAME !== undefined && settings.MQTT_PASSWORD !== undefined;
    const hasCertificate = settings.MQTT_CERT_FILE !== undefined && settings.MQTT_KEY_FILE !== undefined;
    return [
      ...(settings.MQTT_SSL_ENABLED ? [] : ['MQTT_SSL_ENABLED must be true in production']),
      ...(hasPassword || hasCertificate
        ? []
        : [
            'MQTT_USERNAME and MQTT_PASSWORD (or MQTT_CERT_FILE and MQTT_KEY_FILE) must be set in production: ' +
              'anonymous MQTT is refused',
          ]),
    ];
  }
}
