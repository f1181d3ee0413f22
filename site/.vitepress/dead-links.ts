import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Parser } from 'htmlparser2'

/** What a page, or a picture, of the built site has to be checked: where it links to, and where others may link to in it. */
interface Links {
  readonly targets: readonly string[]
  readonly anchors: ReadonlySet<string>
}

/** Any origin: nothing is asked for over a network. */
const ORIGIN = 'https://site.invalid'

/**
 * Every link in the built site under `directory` that leads nowhere: to a file that is not there, or to an anchor that
 * its page does not have. Links to other sites are not followed.
 *
 * @param base the path that the site is served under, `/` or `/name/`
 * @returns a line for each: `page: link`
 */
export function deadLinks(directory: string, base: string): readonly string[] {
  const pages = new Map<string, Links>()
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (/\.(html|svg)$/.test(file)) pages.set(file, linksOf(readFileSync(join(directory, file), 'utf8')))
  }

  const isDead = (page: string, target: string): boolean => {
    const url = new URL(target, `${ORIGIN}${base}${page.replaceAll(sep, '/')}`)
    if (url.origin !== ORIGIN) return false
    if (!url.pathname.startsWith(base)) return true
    const path = join(directory, decodeURIComponent(url.pathname.slice(base.length)))
    if (!existsSync(path)) return true
    const file = statSync(path).isDirectory() ? join(path, 'index.html') : path
    if (!existsSync(file)) return true
    const anchor = decodeURIComponent(url.hash.slice(1))
    return anchor !== '' && pages.get(relative(directory, file))?.anchors.has(anchor) !== true
  }

  return [...pages].flatMap(([page, { targets }]) =>
    targets.filter((target) => isDead(page, target)).map((target) => `${page}: ${target}`),
  )
}

function linksOf(html: string): Links {
  const targets = new Set<string>()
  const anchors = new Set<string>()
  const parser = new Parser({
    onopentag(_, { href, src, id }) {
      for (const target of [href, src]) if (target !== undefined) targets.add(target)
      if (id !== undefined) anchors.add(id)
    },
  })
  parser.end(html)
  return { targets: [...targets], anchors }
}
