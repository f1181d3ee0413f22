import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Echo, Responder } from './replica.ts'

/** What the page asks a replica: who answered, which cookie came along, and every replica's count so far. */
export interface Visit {
  readonly pod: string
  readonly cookie: string | null
  readonly counts: Readonly<Record<string, number>>
}

/**
 * Serves the page for trying by hand, from whichever replica a request reaches:
 *
 * - `/` in a browser: the page
 * - `/visit`: a {@link Visit} as JSON
 * - `/forget`: deletes the session cookie, which the page itself cannot do since it is HttpOnly
 *
 * Everything else, and `/` for curl, is the replica's echo.
 */
export function pageResponder(cookieName: string, counts: () => Readonly<Record<string, number>>): Responder {
  return (request: IncomingMessage, response: ServerResponse, echo: Echo) => {
    response.setHeader('cache-control', 'no-store')
    const html = request.headers.accept?.includes('text/html') === true
    switch (echo.path) {
      case '/':
        if (!html) return false
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end(PAGE)
        return true
      case '/visit': {
        const visit: Visit = { pod: echo.pod, cookie: cookieOf(echo, cookieName), counts: counts() }
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(visit))
        return true
      }
      case '/forget':
        response.setHeader('set-cookie', `${cookieName}=; Path=/; Max-Age=0`)
        response.statusCode = 204
        response.end()
        return true
      default:
        return false
    }
  }
}

function cookieOf(echo: Echo, cookieName: string): string | null {
  const pairs = echo.headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split(';').map((pair) => pair.trim()))
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`)) ?? null
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Mooring: which pod?</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#ccd3da, #3a424b); --soft: light-dark(#5b6670, #9aa6b2); --bar: #2f7fb8 }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  h1 { font-size: 1.3rem; margin: 0 0 1.5rem }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 0 0 1.5rem }
  dt { color: var(--soft) }
  dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
  button { font: inherit; padding: .35rem .9rem; margin: 0 .5rem .5rem 0; border: 1px solid var(--line); border-radius: .4rem; background: none; cursor: pointer }
  button:hover { border-color: var(--bar) }
  table { border-collapse: collapse; width: 100%; margin-top: 1rem }
  th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); font-weight: normal }
  thead th { color: var(--soft) }
  .number { text-align: right; font-variant-numeric: tabular-nums }
  tbody th { font-family: ui-monospace, monospace; white-space: nowrap }
  tr.here th { color: var(--bar); font-weight: 600 }
</style>
<h1>Which pod answers this browser?</h1>
<dl>
  <dt>answered by</dt><dd id="pod" aria-live="polite">...</dd>
  <dt>cookie</dt><dd id="cookie">...</dd>
</dl>
<p>
  <button id="once">Ask again</button>
  <button id="many">Ask 20 times</button>
  <button id="new">New session</button>
</p>
<table>
  <thead><tr><th>pod</th><th class="number">this session</th><th class="number">its log</th></tr></thead>
  <tbody id="pods"></tbody>
</table>
<p><small>The cookie is HttpOnly: the page cannot read it, the pod tells what arrived. A new session deletes it,
and Mooring mints another with the next answer.</small></p>
<script>
  const byId = (id) => document.getElementById(id)
  let session = {}

  function show({ pod, cookie, counts }) {
    session[pod] = (session[pod] ?? 0) + 1
    byId('pod').textContent = pod
    byId('cookie').textContent = cookie ?? 'none'
    byId('pods').replaceChildren(...Object.entries(counts).map(([name, count]) => {
      const row = document.createElement('tr')
      row.className = name === pod ? 'here' : ''
      for (const [tag, text] of [['th', name], ['td', session[name] ?? 0], ['td', count]]) {
        const cell = document.createElement(tag)
        cell.className = tag === 'td' ? 'number' : ''
        cell.textContent = text
        row.append(cell)
      }
      return row
    }))
  }

  async function ask(times) {
    for (let count = 0; count < times; count += 1) show(await (await fetch('/visit')).json())
  }

  byId('once').onclick = () => ask(1)
  byId('many').onclick = () => ask(20)
  byId('new').onclick = async () => {
    await fetch('/forget')
    session = {}
    await ask(1)
  }
  ask(1)
</script>
</html>
`
