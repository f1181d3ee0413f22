/**
 * Writes bench/budget.json anew.
 *
 *     make budget
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'
import { countBudget } from './budget.ts'

writeFileSync(join(packageRoot, 'bench', 'budget.json'), `${JSON.stringify(countBudget(), null, 2)}\n`)
