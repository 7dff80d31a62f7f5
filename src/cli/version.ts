// The version of this package, of Node and of the platform.
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { printJson, printLine } from './output.ts';

const manifest = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

/** The version of this package. */
export const VERSION = manifest.version;

/** `tributary version` */
export function versionCommand(): Command {
  return new Command('version')
    .description('print the version')
    .option('--json', 'as JSON')
    .action((options: { readonly json?: boolean }) => {
      const platform = `${process.platform}-${process.arch}`;
      if (options.json === true) printJson({ tributary: VERSION, node: process.versions.node, platform });
      else printLine(`tributary ${VERSION} (node ${process.versions.node}, ${platform})`);
    });
}
