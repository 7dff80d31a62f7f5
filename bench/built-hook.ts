// Preloaded into a script of ours (`node --import`): what it imports from `src` comes from the build in `dist` instead, as
// it is installed, so that Node neither strips types nor compiles what no user's program has.
import { registerHooks, type ResolveFnOutput } from 'node:module';

const SOURCES = new URL('../src/', import.meta.url).href;
const BUILT = new URL('../dist/', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    // Hooks that are registered here run synchronously, whatever the type says.
    const resolved = nextResolve(specifier, context) as ResolveFnOutput;
    if (!resolved.url.startsWith(SOURCES)) return resolved;
    const path = resolved.url.slice(SOURCES.length).replace(/\.ts$/, '.js');
    return { ...resolved, format: 'module', url: `${BUILT}${path}` };
  },
});
