import type { Scaling } from './model.ts'

/** What scaling does, as lines of Markdown. */
export function scalingLines(all: readonly Scaling[]): readonly string[] {
  return [
    '| pods | balancer | busiest pod | pods without a session | one joins | one leaves | two gateways differ |',
    '|---|---|---|---|---|---|---|',
    ...all.map(({ balancer, pods, busiest, idle, joins, leaves, disputed }) => {
      const cells = [
        pods.toLocaleString('en-US'),
        balancer,
        `${busiest.toFixed(2)} times the mean`,
        String(idle),
        `${percent(joins)} (fair ${percent(1 / (pods + 1))})`,
        `${percent(leaves)} (fair ${percent(1 / pods)})`,
        percent(disputed),
      ]
      return `| ${cells.join(' | ')} |`
    }),
  ]
}

function percent(part: number): string {
  return part === 0 ? '0' : `${(100 * part).toFixed(part < 0.1 ? 2 : 0)} %`
}
