import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@bus/testing';
import { parse } from 'yaml';

export interface ComposeService {
  image?: string;
  build?: { context: string; args: Record<string, string> };
  user?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  restart?: string;
  read_only?: boolean;
  tmpfs?: string[];
  init?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  network_mode?: string;
  stop_grace_period?: string;
  [other: string]: unknown;
}

export interface ComposeFile {
  text: string;
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
}

export function readComposeFile(): ComposeFile {
  const text = readFileSync(join(REPOSITORY_ROOT, 'docker-compose.yml'), 'utf8');
  const { services, volumes } = parse(text, { merge: true, strict: true }) as Omit<ComposeFile, 'text'>;
  return { text, services, volumes };
}

export interface DockerInstruction {
  keyword: string;
  value: string;
}

export interface DockerStage {
  base: string;
  name: string | undefined;
  instructions: DockerInstruction[];
}

export function readDockerfile(): DockerStage[] {
  const text = readFileSync(join(REPOSITORY_ROOT, 'Dockerfile'), 'utf8');
  const stages: DockerStage[] = [];
  for (const line of text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')) {
    const [, keyword, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    if (keyword === 'FROM') {
      const [base = '', , name] = value.split(/\s+/);
      stages.push({ base, name, instructions: [] });
    } else stages.at(-1)?.instructions.push({ keyword, value });
  }
  return stages;
}

/** The variables the final image sets. */
export function readImageEnvironment(): Record<string, string> {
  const settings = readDockerfile()
    .at(-1)
    ?.instructions.filter(({ keyword }) => keyword === 'ENV');
  const pairs = settings?.flatMap(({ value }) => value.split(/\s+/)).map((pair) => pair.split('='));
  return Object.fromEntries(pairs ?? []) as Record<string, string>;
}

/** The value a variable of the compose file has when nobody sets it: `${NAME:-default}`. */
export function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}
