import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A part of the site: pages by their files in the repository; a name that ends in `/` is all pages of that folder. */
interface Part {
  readonly text: string
  readonly pages: readonly string[]
}

// What is not there yet, or not any more, is passed over. That every page is here is tested.
const PARTS: readonly Part[] = [
  {
    text: 'Start',
    pages: [
      'README.md',
      'docs/mesh.md',
      'manifests/README.md',
      'docs/application.md',
      'docs/application-recipes.md',
      'docs/strong.md',
    ],
  },
  {
    text: 'Configure',
    pages: [
      'docs/configuration.md',
      'docs/session.md',
      'docs/keys.md',
      'docs/instances.md',
      'docs/connection-scope.md',
    ],
  },
  { text: 'Operate', pages: ['docs/metrics.md', 'docs/runbooks/', 'SECURITY.md', 'CHANGELOG.md'] },
  {
    text: 'Prove',
    pages: [
      'docs/check.md',
      'docs/findings/',
      'docs/explain.md',
      'docs/probe.md',
      'docs/compatibility.md',
      'docs/performance.md',
    ],
  },
  { text: 'Extend', pages: ['docs/host.md', 'docs/token.md', 'CONTRIBUTING.md', 'docs/dependencies.md'] },
]

/** A folder's own first page, which stands above the others. */
const INDEX = 'README.md'

/** A page's file in the repository, and its title, which is the first heading. */
export interface Page {
  readonly file: string
  readonly title: string
}

/** A part of the site with its pages; those of a folder stand together under the folder's name. */
export interface Section {
  readonly text: string
  readonly pages: readonly (Page | { readonly text: string; readonly pages: readonly Page[] })[]
}

/** The parts of the site, in order, with every page that is there under `root`, the repository. */
export function sections(root: string): readonly Section[] {
  return PARTS.map(({ text, pages }) => ({
    text,
    pages: pages
      .filter((name) => existsSync(join(root, name)))
      .map((name) =>
        name.endsWith('/') ? { text: folderTitle(name), pages: folder(root, name) } : page(root, name),
      ),
  }))
}

function folder(root: string, name: string): readonly Page[] {
  return readdirSync(join(root, name))
    .filter((file) => file.endsWith('.md'))
    .sort((a, b) => Number(b === INDEX) - Number(a === INDEX) || (a < b ? -1 : 1))
    .map((file) => page(root, `${name}${file}`))
}

/** `docs/runbooks/` is Runbooks. */
function folderTitle(name: string): string {
  const last = name.split('/').at(-2) ?? ''
  return last.charAt(0).toUpperCase() + last.slice(1)
}

function page(root: string, file: string): Page {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, file), 'utf8')) ?? []
  if (title === undefined) throw new Error(`${file} has no heading of the first level, "# ..."`)
  // A sidebar shows text: of code, its words.
  return { file, title: title.replaceAll('`', '') }
}

/** Where a page is on the site, from its root: `README.md` is a folder's index. */
export function addressOf(file: string): string {
  return `/${file.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html')}`
}
