/** A CHANGELOG that says nothing of the version that is to be released. */
export class MissingSectionError extends Error {
  override readonly name = 'MissingSectionError'
  readonly code = 'changelog_section_missing'
}

/**
 * What a CHANGELOG in the format of Keep a Changelog says of one version, without its heading: the text from
 * `## VERSION - YYYY-MM-DD` (the version may stand in brackets) to the next heading of that level.
 *
 * @throws {MissingSectionError} where there is no such heading, or nothing under it
 */
export function changelogSection(changelog: string, version: string): string {
  const [, ...sections] = changelog.split(/^## /m)
  const section = sections.find((text) => headedBy(text) === version)
  if (section === undefined) {
    const found = sections.map((text) => text.split('\n', 1)[0]).join(', ')
    throw new MissingSectionError(
      `CHANGELOG.md has no section for ${version}, only: ${found}. Write "## ${version} - YYYY-MM-DD" above what is new`,
    )
  }
  const body = section.slice(section.indexOf('\n')).trim()
  if (body === '')
    throw new MissingSectionError(`CHANGELOG.md says nothing under ${version}: write what is new`)
  return `${body}\n`
}

/** The version of a dated heading; undefined for `Unreleased` and anything else. */
function headedBy(section: string): string | undefined {
  return /^\[?([^\s\]]+)\]? - \d{4}-\d\d-\d\d$/m.exec(section.split('\n', 1)[0] ?? '')?.[1]
}
