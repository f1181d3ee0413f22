/**
 * The documentation as a site, from the files as they stand in the repository.
 *
 *     make site
 *
 * Environment: SITE_BASE, the path that it will be served under (default `/`).
 */
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { slug } from 'github-slugger'
import { defineConfig, type DefaultTheme, type MarkdownRenderer, type UserConfig } from 'vitepress'
import { deadLinks } from './dead-links.ts'
import { addressOf, type Page, sections } from './navigation.ts'
import { RepositoryLinks } from './repository-links.ts'

type ViteConfig = NonNullable<UserConfig['vite']>

const root = resolve(import.meta.dirname, '..', '..')
const links = new RepositoryLinks(root)
const base = process.env['SITE_BASE'] ?? '/'

const item = ({ file, title }: Page): DefaultTheme.SidebarItem => ({ text: title, link: addressOf(file) })
const api = { text: 'API of the host', link: '/api/index.html', target: '_self' }

const sidebar = sections(root).map(({ text, pages }) => ({
  text,
  items: [
    ...pages.map((page) =>
      'file' in page ? item(page) : { text: page.text, items: page.pages.map(item), collapsed: true },
    ),
    ...(text === 'Extend' ? [api] : []),
  ],
}))

/** Text is text, as where the repository is read: `{{` begins no expression of Vue's, `:key:` is no picture. */
function text(md: MarkdownRenderer): void {
  md.disable('emoji')
  const { renderer } = md
  const render = renderer.render.bind(renderer)
  renderer.render = (...page) => render(...page).replaceAll('{{', '&#123;&#123;')
}

/** Diagrams are drawn by the component; blocks of code that are indented look as those between fences. */
function blocks(md: MarkdownRenderer): void {
  md.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type === 'code_block') Object.assign(token, { type: 'fence', tag: 'code', info: 'text' })
    }
  })
  const { fence } = md.renderer.rules
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index]
    if (token?.info === 'mermaid') return `<Diagram source="${encodeURIComponent(token.content)}" />`
    return fence?.(tokens, index, options, env, self) ?? ''
  }
}

/**
 * Pages are compiled to components, and would look for Vue from where they stand, where it is not installed. The server's
 * side of them is run from this folder, and finds it by itself.
 */
const vueForPages: NonNullable<ViteConfig['plugins']>[number] = {
  name: 'vue-for-pages',
  enforce: 'pre',
  resolveId(source, importer, { ssr }) {
    if (!/^vue($|\/)/.test(source)) return null
    if (ssr === true) return { id: source, external: true }
    return importer?.endsWith('.md') === true
      ? this.resolve(source, import.meta.filename, { skipSelf: true })
      : null
  },
}

export default defineConfig({
  title: 'Mooring',
  description: 'Session affinity for Istio and Envoy, a Proxy-Wasm filter',
  base,
  srcDir: root,
  // Every folder of the repository that has no pages.
  srcExclude: [
    '.*/**',
    '{assembly,bench,build,chart,cli,coverage,demo,host,schema,site,test,tools}/**',
    'manifests/*/**',
  ],
  rewrites: (page) => addressOf(page).slice(1).replace(/html$/, 'md'),
  outDir: join(root, 'build', 'site'),
  cacheDir: join(root, 'build', 'site-cache'),
  vite: { plugins: [vueForPages], build: { chunkSizeWarningLimit: 4_000 } },
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    // The documents hold no HTML; what looks like it is text.
    html: false,
    attrs: { disable: true },
    // Anchors as where the repository is read, so that one link is right in both.
    anchor: { slugify: (text) => slug(text) },
    config: (md) => {
      links.install(md)
      text(md)
      blocks(md)
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar,
    nav: [api],
  },
  buildEnd({ outDir }) {
    links.publish(outDir)
    cpSync(join(root, 'build', 'api'), join(outDir, 'api'), { recursive: true })
    const dead = deadLinks(outDir, base)
    if (dead.length > 0) throw new Error(`links that lead nowhere:\n${dead.join('\n')}`)
  },
})
