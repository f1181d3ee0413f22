/**
 * The admin page: `/stats`, with `?filter=<part of a name>`, and `/ready`, as Envoy serves them.
 */
import { createServer, type RequestListener, type Server } from 'node:http'

/** A server that shows the lines that `statLines` gives. */
export function adminServer(statLines: () => string[]): Server {
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://admin')
    response.setHeader('content-type', 'text/plain; charset=UTF-8')
    response.setHeader('cache-control', 'no-cache, max-age=0')
    if (url.pathname === '/ready') return response.end('LIVE\n')
    if (url.pathname === '/stats') return response.end(selected(statLines(), url.searchParams.get('filter')))
    response.statusCode = 404
    return response.end('only /stats and /ready are served here\n')
  }
  return createServer(listener)
}

function selected(lines: readonly string[], filter: string | null): string {
  const chosen =
    filter === null ? lines : lines.filter((line) => line.slice(0, line.indexOf(': ')).includes(filter))
  return chosen
    .toSorted()
    .map((line) => `${line}\n`)
    .join('')
}
