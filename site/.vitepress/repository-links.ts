import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/**
 * Links of the documents as they stand in the repository, made into links of the site. Links to files that are no
 * pages, such as manifests and schemas, lead to copies of them at the same place.
 */
export class RepositoryLinks {
  private readonly linked = new Set<string>()

  /** @param root the repository */
  constructor(private readonly root: string) {}

  /** Has the links of every page rewritten. A link to a file that is not there ends the build. */
  readonly install = (md: MarkdownRenderer): void => {
    md.core.ruler.push('repository-links', ({ tokens, env }) => {
      const { path } = env as { readonly path: string }
      const inline = tokens.flatMap(({ children }) => children ?? [])
      for (const token of inline.filter(({ type }) => type === 'link_open')) this.rewrite(token, path)
    })
  }

  private rewrite(token: Token, page: string): void {
    const href = token.attrGet('href') ?? ''
    const [path = '', hash] = href.split('#')
    if (path === '' || /^[a-z]+:/.test(path)) return
    if (path.endsWith('.md')) {
      // The site's name of a folder's README.
      token.attrSet('href', href.replace(/(^|\/)README\.md/, '$1index.md'))
      return
    }
    const target = resolve(dirname(page), decodeURI(path))
    const from = relative(this.root, page)
    if (!existsSync(target) || !statSync(target).isFile()) {
      throw new Error(`${from} links to ${href}, which is no file: name one that is in the repository`)
    }
    if (hash !== undefined)
      throw new Error(`${from} links to ${href}: a file that is no page has no headings`)
    this.linked.add(relative(this.root, target))
    token.attrSet('href', path + suffix(path))
    // Not to be looked for among the pages.
    token.attrSet('target', '_self')
  }

  /** Puts the files that pages link to beside the pages, under `directory`. */
  publish(directory: string): void {
    for (const file of this.linked) {
      const copy = join(directory, file + suffix(file))
      mkdirSync(dirname(copy), { recursive: true })
      cpSync(join(this.root, file), copy)
    }
  }
}

/** Servers tell by its name that a file is text: LICENSE needs one. */
function suffix(file: string): string {
  return extname(file) === '' ? '.txt' : ''
}
