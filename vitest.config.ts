// The kinds of tests and where they live (docs/CONVENTIONS.md, "Tests"). `npm test` names the projects it runs;
// interop and e2e need servers from outside npm and have scripts of their own.
import { defineConfig } from 'vitest/config';

const SECOND = 1000;

/** One kind of test: the files of a folder with a time limit that fits what they do. */
function kind(name: string, include: readonly string[], limit: { readonly seconds: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [...include],
      testTimeout: limit.seconds * SECOND,
      hookTimeout: Math.max(60, limit.seconds) * SECOND,
    },
  };
}

/** Tests without state outside their own variables: files share a process, which saves starting and loading again. */
function shared(project: ReturnType<typeof kind>) {
  return { ...project, test: { ...project.test, isolate: false } };
}

const e2e = kind('e2e', ['test/e2e/**/*.test.ts'], { seconds: 900 });

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    watch: false,
    allowOnly: false,
    projects: [
      shared(kind('unit', ['test/unit/**/*.test.ts'], { seconds: 20 })),
      shared(kind('property', ['test/property/**/*.test.ts'], { seconds: 60 })),
      kind('simulation', ['test/simulation/**/*.test.ts'], { seconds: 300 }),
      shared(kind('golden', ['test/golden/**/*.test.ts'], { seconds: 60 })),
      kind('tidy', ['test/tidy.test.ts'], { seconds: 30 }),
      kind('interop', ['test/interop/**/*.test.ts'], { seconds: 900 }),
      { ...e2e, test: { ...e2e.test, exclude: ['test/e2e/**/*.light.test.ts'] } },
      kind('e2e-light', ['test/e2e/**/*.light.test.ts'], { seconds: 180 }),
    ],
  },
});
