/**
 * Counts anew what the jobs cost, for bench/budget.json and docs/performance.md.
 *
 *     make budget
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { countBudget } from './budget.ts'
import { counts, withPart } from './page.ts'

const budget = countBudget()
writeFileSync(join(packageRoot, 'bench', 'budget.json'), `${JSON.stringify(budget, null, 2)}\n`)
const page = join(packageRoot, 'docs', 'performance.md')
writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'counts', counts(budget)))
