// What of another configuration a running daemon does not follow: options that its process was started with.
import type { LoadedConfig } from '../config/load-config.ts';

/** Sections of which a new value needs a new process. */
const KEPT = ['limits', 'http', 'log'] as const;

/** The configuration that is followed, and the names of the options that are not as the new file has them. */
export interface KeptOptions {
  readonly loaded: LoadedConfig;
  readonly changed: readonly string[];
}

/** The new configuration with the warehouse and the sections that a process keeps. */
export function keptOptions(before: LoadedConfig, next: LoadedConfig): KeptOptions {
  const changed: string[] = KEPT.filter((section) => differ(before.config[section], next.config[section]));
  const { warehouse } = before.config.lake;
  if (warehouse !== next.config.lake.warehouse) changed.push('lake.warehouse');
  const { limits, http, log } = before.config;
  const config = { ...next.config, limits, http, log, lake: { ...next.config.lake, warehouse } };
  return { loaded: { ...next, config }, changed };
}

function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
