// The source of a pipeline, of whatever kind its address says.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { mysqlSettings, postgresSettings, shardSettings, sourceKind } from '../config/to-settings.ts';
import { MysqlSource } from '../source/mysql/mysql-source.ts';
import { PostgresSource } from '../source/postgres/postgres-source.ts';
import { type CheckedSource, ShardedSource } from '../source/shards/sharded-source.ts';

/** What a source works with beside its settings. */
interface SourceComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A pipeline's source before it is made. */
export interface ConfiguredSource {
  readonly host: string;
  /** A new source; the caller closes it. */
  make(components: SourceComponents): CheckedSource;
}

/** The source of that name. Throws E1006 to E1009. */
export function configuredSource(loaded: LoadedConfig, name: string): ConfiguredSource {
  const shards = shardSettings(loaded, name);
  if (sourceKind(loaded, name) === 'postgres') {
    const settings = postgresSettings(loaded, name);
    return {
      host: settings.host,
      make: (components) => new ShardedSource(new PostgresSource(settings, components), shards),
    };
  }
  const settings = mysqlSettings(loaded, name);
  return {
    host: settings.host,
    make: (components) => new ShardedSource(new MysqlSource(settings, components), shards),
  };
}
