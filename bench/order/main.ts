/**
 * Puts the functions of a module that `make` builds in the order of order.ts:
 *
 *     node build/js/bench/order/main.js build/mooring.wasm
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { jobsOfFunctions } from './called.ts'
import { inOrder } from './order.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('which module?')
const bytes = readFileSync(file)
writeFileSync(file, inOrder(bytes, jobsOfFunctions(bytes)))
