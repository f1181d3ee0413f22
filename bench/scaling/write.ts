/**
 * Computes how sessions spread and move, for bench/results/scaling.json and docs/performance.md. It takes two minutes.
 *
 *     make scaling
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../tools/package-root.ts'
import { withPart } from '../page.ts'
import { rounded } from '../rounded.ts'
import { maglev, ring, scaling, sessionHashes } from './model.ts'
import { scalingLines } from './page.ts'

const SESSIONS = 1_000_000
const PODS = [10, 100, 1000]
// Istio's default; what one can set; Envoy's default; a prime a thousand times the most pods.
const BALANCERS = [ring(1024), ring(65_536), maglev(65_537), maglev(1_000_003)]

const hashes = sessionHashes(SESSIONS)
const all = PODS.flatMap((pods) =>
  BALANCERS.map((balancer) => {
    process.stderr.write(`${pods} pods, ${balancer.name}\n`)
    return scaling(balancer, pods, hashes)
  }),
)
writeFileSync(
  join(packageRoot, 'bench', 'results', 'scaling.json'),
  `${JSON.stringify(all, rounded(6), 2)}\n`,
)
const page = join(packageRoot, 'docs', 'performance.md')
writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'scaling', scalingLines(all)))
