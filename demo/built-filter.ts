import { join } from 'node:path'
import { packageRoot } from '../tools/package-root.ts'

/** The filter as `make build` leaves it. */
export const BUILT_FILTER: string = join(packageRoot, 'build', 'mooring.wasm')
