import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { bars } from './bars.ts'
import { figures, withPart } from './page.ts'
import type { RunResult } from './result.ts'
import { rounded } from './rounded.ts'

/** Leaves a run where others find it: bench/results/, docs/performance.md and the bars that it shows. */
export function publish(run: RunResult, root: string = packageRoot): void {
  const results = join(root, 'bench', 'results')
  const pictures = join(root, 'docs', 'performance')
  for (const directory of [results, pictures]) mkdirSync(directory, { recursive: true })
  writeFileSync(join(results, `envoy-${run.envoy}.json`), `${JSON.stringify(run, rounded(3), 2)}\n`)
  for (const job of run.jobs) writeFileSync(join(pictures, `${job.letter}.svg`), bars(job))
  const page = join(root, 'docs', 'performance.md')
  writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'figures', figures(run)))
}
