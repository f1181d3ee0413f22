import { judge } from '../claims.ts'
import type { Run } from '../scenario.ts'

/** A run as programs read it; a member's meaning does not change, members may be added. */
export function runAsJson(run: Run): unknown {
  const { id, title, destinationRule, filter } = run.scenario
  return {
    id,
    title,
    destinationRule: `manifests/${destinationRule}`,
    filter,
    exchanges: run.clients.flat().map(({ echo, ...exchange }) => ({
      client: exchange.client,
      request: exchange.request,
      path: exchange.path,
      cookie: exchange.cookie ?? null,
      status: exchange.status,
      setCookie: exchange.setCookie,
      pod: echo?.pod ?? null,
    })),
    replicas: [...run.logs].map(([pod, lines]) => ({ pod, requests: lines.length })),
    claims: judge(run),
  }
}
