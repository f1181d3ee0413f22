import { isMapping, listAt, type Mapping, mappingAt, type Path, textAt, valueAt } from '../manifests/value.ts'

/** What holds for the requests of one rule, or for all that no rule matches: the top level with the rule over it. */
export interface Policy {
  /** Within `pluginConfig`: empty for the top level. */
  readonly path: Path
  readonly shadow: boolean
  /** Absent where cookies are left alone. */
  readonly session?: Mapping
  /** Absent where no key header is written. */
  readonly key?: Mapping
}

/** A source of a key, with the path within `pluginConfig` of what names it. */
export interface Source {
  readonly kind: string
  readonly fields: Mapping
  readonly path: Path
}

const DEFAULT_COOKIE = 'ISTIOID'
const DEFAULT_HEADER = 'x-mooring-key'

/** The policies of a configuration as the filter merges them (docs/configuration.md, Rules); the top level first. */
export function policiesOf(config: Mapping): readonly Policy[] {
  const rules = listAt(config, 'rules').map((rule, index): Policy => {
    return policyOf(isMapping(rule) ? merged(config, rule) : config, ['rules', index])
  })
  return [policyOf(config, []), ...rules]
}

function policyOf(level: Mapping, path: Path): Policy {
  const session = partOf(level, 'session')
  const key = partOf(level, 'key')
  return {
    path,
    shadow: level['mode'] === 'shadow',
    ...(session && { session }),
    // With a session alone there is a key with every default.
    ...((key ?? (session && level['key'] === undefined)) ? { key: key ?? {} } : {}),
  }
}

function partOf(level: Mapping, part: 'session' | 'key'): Mapping | undefined {
  const value = level[part]
  return isMapping(value) && value['skip'] !== true && level['skip'] !== true ? value : undefined
}

function merged(top: Mapping, rule: Mapping): Mapping {
  const level: Record<string, unknown> = {
    mode: rule['mode'] ?? top['mode'],
    skip: rule['skip'] ?? top['skip'],
  }
  for (const part of ['session', 'key']) {
    const own = rule[part]
    const inherited = top[part]
    if (own === undefined) level[part] = inherited
    else level[part] = { ...overlaid(isMapping(inherited) ? inherited : {}, own), skip: valueAt(own, 'skip') }
  }
  if (rule['session'] !== undefined || rule['key'] !== undefined) level['skip'] = rule['skip']
  return level
}

function overlaid(base: Mapping, over: unknown): Mapping {
  if (!isMapping(over)) return base
  const result: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(over)) {
    const inherited = result[name]
    result[name] = isMapping(value) && isMapping(inherited) ? overlaid(inherited, value) : value
  }
  return result
}

export function cookieOf(session: Mapping): string {
  return textAt(session, 'cookie', 'name') || DEFAULT_COOKIE
}

export function headerOf(key: Mapping): string {
  return (textAt(key, 'header') || DEFAULT_HEADER).toLowerCase()
}

/** Whether clients without a cookie are given one, whatever they ask for. */
export function mintsAlways(session: Mapping): boolean {
  return session['readOnly'] !== true && mappingAt(session, 'mint')['skip'] !== true
}

/**
 * The sources of a level's own `key.from`, those inside `all` and `firstOf` too, in the order in which they are tried. None
 * where the level does not say: the filter then has the session alone.
 */
export function sourcesOf(config: Mapping, level: Path): readonly Source[] {
  return sourcesIn(listAt(config, ...level, 'key', 'from'), [...level, 'key', 'from'])
}

function sourcesIn(list: readonly unknown[], path: Path): readonly Source[] {
  return list.flatMap((item, index) => {
    const here = [...path, index]
    if (typeof item === 'string') return [{ kind: item, fields: {}, path: here }]
    if (!isMapping(item)) return []
    return Object.entries(item).flatMap(([kind, value]): readonly Source[] => {
      if (kind === 'all' || kind === 'firstOf') {
        return sourcesIn(Array.isArray(value) ? value : [], [...here, kind])
      }
      if (kind === 'transform' || kind === 'as' || kind === 'required') return []
      return [{ kind, fields: isMapping(value) ? value : { [SCALAR]: value }, path: [...here, kind] }]
    })
  })
}

/** The field that a source's scalar stands for, where it is written as `{kind: scalar}`. */
export const SCALAR = ''

/** A source's name, as of a claim or a header; a claim's nested names come as their list. */
export function nameOf({ fields }: Source): unknown {
  return fields[SCALAR] ?? fields['name']
}
