/** The parts of docs/performance.md that are generated. */
import type { Budget, PhaseBudget } from './budget.ts'
import { CALLS_ALONE, MOORING, RUST_COOKIE } from './contender.ts'
import { type Estimate, rustOf, type RunResult } from './result.ts'

/** A part of the page, by what generates it. */
export type Part = 'figures' | 'counts' | 'scaling' | 'conditions'

/**
 * A page with these lines between `<!-- NAME -->` and `<!-- end of NAME -->`.
 *
 * @throws {Error} where the page has no such part
 */
export function withPart(page: string, name: Part, lines: readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md: expected ${begin.trim()} before ${end}`)
  return `${page.slice(0, from)}${begin}\n${lines.join('\n')}\n\n${page.slice(to)}`
}

/** What a run has found, with where and when. */
export function figures(run: RunResult): readonly string[] {
  const { date, machine, envoy, node, starts, blocks, requests, leftOut, jobs } = run
  return [
    `${date.slice(0, 10)}, ${machine}. Envoy ${envoy}, one worker; Node ${node} sends. ${starts} starts, ${blocks} blocks of`,
    `${requests} requests after each.${leftOut.map((each) => ` Left out: ${each}.`).join('')}`,
    ...jobs.flatMap(({ letter, name, baseline, contenders }) => {
      const costOf = (of: string) => contenders.find((each) => each.name === of)?.cost.value
      const [own, calls] = [costOf(MOORING), costOf(CALLS_ALONE)]
      const withCookie = rustOf(contenders.map(({ name }) => name)) === RUST_COOKIE
      const rust = withCookie ? "times Rust's cookie filter" : 'times Rust'
      return [
        '',
        `### (${letter}) ${name}`,
        '',
        `![What each contender costs](performance/${letter}.svg)`,
        '',
        `| contender | µs over no filter | 95 % of draws | times the floor | ${rust} |`,
        '|---|---|---|---|---|',
        ...contenders.map(({ name, cost, overFloor, overRust }) => {
          const cells = [name, cost.value.toFixed(1), spread(cost, 1), times(overFloor), times(overRust)]
          return `| ${cells.join(' | ')} |`
        }),
        '',
        `Without a filter a request costs ${baseline.toFixed(1)} µs.` +
          (own === undefined
            ? ''
            : ` Mooring's ${own.toFixed(1)} µs are ${(own / 10).toFixed(1)} cores at 100,000 requests a second, extrapolated` +
              `${calls === undefined ? '' : `; its calls alone are ${calls.toFixed(1)} of them`}.`),
      ]
    }),
  ]
}

/** What a budget allows, a line for each job. */
export function counts({ moduleBytes, jobs }: Budget): readonly string[] {
  return [
    '| | job | request | answer | instructions |',
    '|---|---|---|---|---|',
    ...Object.entries(jobs).map(([letter, { name, request, response }]) => {
      const instructions = (request.instructions + response.instructions).toLocaleString('en-US')
      return `| ${letter} | ${name} | ${calls(request)} | ${calls(response)} | ${instructions} |`
    }),
    '',
    `The module has ${moduleBytes.toLocaleString('en-US')} bytes.`,
  ]
}

function calls({ hostcalls }: PhaseBudget): string {
  const all = Object.values(hostcalls).reduce((sum, count) => sum + count, 0)
  const names = Object.entries(hostcalls).map(([name, count]) => {
    const short = `\`${name.replace(/^proxy_/, '')}\``
    return count === 1 ? short : `${count} ${short}`
  })
  return all === 0 ? '0' : `${all}: ${names.join(', ')}`
}

function spread({ interval: [lower, upper] }: Estimate, digits: number): string {
  return `${lower.toFixed(digits)} to ${upper === null ? 'any' : upper.toFixed(digits)}`
}

function times(estimate: Estimate | undefined): string {
  return estimate === undefined ? '' : `${estimate.value.toFixed(2)} (${spread(estimate, 2)})`
}
