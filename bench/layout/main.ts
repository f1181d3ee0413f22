/**
 * Lays out a module that `make` builds for the processor's caches, by order.ts and hints.ts:
 *
 *     node build/js/bench/layout/main.js build/mooring.wasm
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { branchesInJobs } from './branches.ts'
import { jobsOfFunctions } from './entered.ts'
import { withHints } from './hints.ts'
import { inOrder } from './order.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('which module?')
const bytes = readFileSync(file)
const ordered = inOrder(bytes, jobsOfFunctions(bytes))
writeFileSync(file, withHints(ordered, branchesInJobs(ordered)))
