// `tributary check`: connects, looks at everything that must hold before a source can be mirrored, changes nothing.
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import { silentLogger } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { mirrorSettings, sourceNames } from '../config/to-settings.ts';
import type { SourceTable } from '../change/source-table.ts';
import { lakeStateOf } from '../mirror/lake-state.ts';
import type { MirrorSettings } from '../mirror/settings.ts';
import { unfollowedOptions } from '../paimon/schema/foreign-options.ts';
import type { CheckResult } from '../source/check-result.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { configuredSource } from './open-source.ts';
import { printJson, printLine, tableText } from './output.ts';
import { redactor } from './secrets.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';

/** A finding, with the source or `lake` that it is about. */
type Finding = CheckResult & { readonly about: string };

/** Exit code where a check fails. */
const FAILED = 2;
const PROBE_DIRECTORY = '_tributary';

/** `tributary check -c FILE` */
export function checkCommand(): Command {
  return configCommand('check', 'verify privileges, log settings, keys and types of every source, and the lake')
    .option('--json', 'as JSON')
    .action(async (options: ConfigOptions & { readonly json?: boolean }) => {
      const loaded = await loadConfig(options);
      const findings: Finding[] = [];
      for (const name of sourceNames(loaded)) findings.push(...(await checkSource(loaded, name)));
      findings.push(...(await checkLake(loaded)));
      const ok = findings.every(({ status }) => status !== 'fail');
      if (options.json === true) printJson({ ok, results: findings });
      else printFindings(findings, ok);
      if (!ok) process.exitCode = FAILED;
    });
}

async function checkSource(loaded: LoadedConfig, name: string): Promise<readonly Finding[]> {
  // The whole configuration of the source is looked at, so that a wrong table entry is found here and not by `run`.
  const settings = mirrorSettings(loaded, name);
  const components = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const source = configuredSource(loaded, name).make(components);
  try {
    const { results, tables } = await source.check();
    const lake = await Promise.all(tables.map((table) => checkLakeTable(loaded, settings, table)));
    return [...results, ...lake].map((result) => ({ about: name, ...result }));
  } catch (error) {
    return [{ about: name, ...failureOf('connection', error) }];
  } finally {
    await source.close();
  }
}

/** The lake table must be there with these columns and options, or be makeable. */
async function checkLakeTable(
  { config }: LoadedConfig,
  settings: MirrorSettings,
  source: SourceTable,
): Promise<CheckResult> {
  const subject = `lake table of ${source.schema}.${source.name}`;
  try {
    const store = openStore(storeSettingsOf(config.lake.warehouse));
    const { lake, schema, optionChanges, evolution, mismatch } = await lakeStateOf(store, settings, source);
    if (mismatch !== null) return failureOf(subject, mismatch);
    const will = optionChanges.map((change) => (change.kind === 'setOption' ? `${change.key}=${change.value}` : ''));
    const how = schema === null ? 'will be created' : will.length === 0 ? 'is followed' : `will get ${will.join(', ')}`;
    const copied = evolution?.copies === true ? ', and the table is copied anew' : '';
    const evolves =
      evolution === null ? '' : `; its columns will follow the source: ${evolution.told.join('; ')}${copied}`;
    const options = { ...(schema?.options ?? lake.options), ...lake.configuredOptions };
    const unfollowed = unfollowedOptions(options).map(
      ({ option, value, consequence }) => `; ${option}=${value} is kept and not followed (${consequence})`,
    );
    const status = unfollowed.length === 0 ? 'ok' : 'warn';
    const message = `${lake.database}.${lake.table} ${how}${evolves}${unfollowed.join('')}`;
    return { subject, status, code: null, message, fix: null };
  } catch (error) {
    return failureOf(subject, error);
  }
}

/** The lake must be there or be makeable, and take a file. */
async function checkLake({ config }: LoadedConfig): Promise<readonly Finding[]> {
  const { warehouse } = config.lake;
  const path = `${PROBE_DIRECTORY}/probe-${systemRandom.uuid()}`;
  try {
    const store = openStore(storeSettingsOf(warehouse));
    await store.create(path, new Uint8Array());
    await store.delete(path);
    return [{ about: 'lake', subject: 'warehouse', status: 'ok', code: null, message: 'can be written to', fix: null }];
  } catch (error) {
    return [{ about: 'lake', ...failureOf('warehouse', error) }];
  }
}

function failureOf(subject: string, error: unknown): CheckResult {
  if (!isTributaryError(error)) throw error;
  const cause =
    error.cause instanceof Error && !(error.cause instanceof TributaryError)
      ? ` (${redactor.clean(error.cause.message)})`
      : '';
  return {
    subject,
    status: 'fail',
    code: error.code,
    message: `${error.message}${cause}. ${error.entry.remedy}`,
    fix: null,
  };
}

function printFindings(findings: readonly Finding[], ok: boolean): void {
  const rows = findings.map(({ about, status, subject, code, message }) => [status, about, subject, code, message]);
  printLine(tableText(['result', 'about', 'subject', 'code', 'finding'], rows));
  const fixes = findings.filter(({ status, fix }) => status !== 'ok' && fix !== null);
  if (fixes.length > 0) printLine('\nTo put it right:');
  for (const { about, subject, fix } of fixes) printLine(`  -- ${about}: ${subject}\n  ${fix ?? ''}`);
  printLine(ok ? '\nEverything is ready: tributary run -c …' : '\nNot ready: see the failed results.');
}
