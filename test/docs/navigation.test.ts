/** The site's list of pages has every document once. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { addressOf, type Section, sections } from '../../site/.vitepress/navigation.ts'
import { DOCUMENTS } from './all-documents.ts'

const filesIn = (all: readonly Section[]) =>
  all.flatMap(({ pages }) =>
    pages.flatMap((page) => ('file' in page ? [page.file] : page.pages.map(({ file }) => file))),
  )

test('every document stands once in the site’s navigation, and nothing else', () => {
  expect([...filesIn(sections('.'))].sort()).toEqual([...DOCUMENTS].sort())
})

test('the pages of a folder come by themselves, its README first', () => {
  const root = mkdtempSync(join(tmpdir(), 'mooring-test-'))
  try {
    for (const [file, text] of Object.entries({
      'README.md': '# Mooring\n',
      'docs/findings/b.md': '# The `b` finding\n\n# More\n',
      'docs/findings/a.md': 'Words.\n\n# The a finding\n',
      'docs/findings/README.md': '# All findings\n',
    })) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text)
    }
    expect(sections(root).filter(({ pages }) => pages.length > 0)).toEqual([
      { text: 'Start', pages: [{ file: 'README.md', title: 'Mooring' }] },
      {
        text: 'Prove',
        pages: [
          {
            text: 'Findings',
            pages: [
              { file: 'docs/findings/README.md', title: 'All findings' },
              { file: 'docs/findings/a.md', title: 'The a finding' },
              { file: 'docs/findings/b.md', title: 'The b finding' },
            ],
          },
        ],
      },
    ])
    writeFileSync(join(root, 'docs', 'findings', 'a.md'), 'No title.\n')
    expect(() => sections(root)).toThrow('docs/findings/a.md has no heading of the first level, "# ..."')
  } finally {
    rmSync(root, { recursive: true })
  }
})

test.each([
  ['README.md', '/index.html'],
  ['manifests/README.md', '/manifests/index.html'],
  ['docs/keys.md', '/docs/keys.html'],
])('%s is at %s', (file, address) => {
  expect(addressOf(file)).toBe(address)
})
