import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'
import type { PlanView } from './policy-view.ts'

const compiler = new Compiler()

/** The plans of one rule under a top level. */
function plans(topLevel: object, rule: object): { top: PlanView; rule: PlanView } {
  const { policy, errors } = compiler.compile({
    ...topLevel,
    rules: [{ name: 'a', match: { paths: ['/'] }, ...rule }],
  })
  expect(errors).toEqual([])
  const only = policy?.rules[0]
  if (!policy?.top || !only) throw new Error('no plans')
  return { top: policy.top, rule: only.plan }
}

describe('rules over the top level', () => {
  const SUB = { from: [{ claim: 'sub' }] }

  test.each<[name: string, topLevel: object, rule: object, hasSession: boolean, hasKey: boolean]>([
    ['a rule that says nothing is as the top level', { session: {}, key: SUB }, {}, true, true],
    ['skip leaves out both', { session: {}, key: SUB }, { skip: true }, false, false],
    [
      'skip wins over the parts of its own rule',
      { session: {} },
      { skip: true, session: {}, key: SUB },
      false,
      false,
    ],
    [
      'a part is left out by its own skip',
      { session: {}, key: SUB },
      { session: { skip: true } },
      false,
      true,
    ],
    ['the key is left out by its own skip', { session: {}, key: SUB }, { key: { skip: true } }, true, false],
    ['a skip of the top level is inherited', { skip: true, session: {}, key: SUB }, {}, false, false],
    ['skip: false undoes it', { skip: true, session: {}, key: SUB }, { skip: false }, true, true],
    [
      'any field of the session brings the session back',
      { skip: true, session: {}, key: SUB },
      { session: { readOnly: true } },
      true,
      false,
    ],
    [
      'any field of the key brings the key back',
      { skip: true, session: {}, key: SUB },
      { key: { onNone: 'reject' } },
      false,
      true,
    ],
    ['so does an empty part', { skip: true, session: {}, key: SUB }, { session: {} }, true, false],
    [
      'a field undoes a skip of the part',
      { session: { skip: true }, key: SUB },
      { session: { readOnly: true } },
      true,
      true,
    ],
    [
      'and skip: false does',
      { session: {}, key: { ...SUB, skip: true } },
      { key: { skip: false } },
      true,
      true,
    ],
    [
      'a session leaves a skip of the key as it is',
      { key: { ...SUB, skip: true } },
      { session: {} },
      true,
      false,
    ],
    ['a session of a rule alone has a key of its own', {}, { session: {} }, true, true],
    ['a key of a rule alone', {}, { key: SUB }, false, true],
    ['without a session there is no default key', { session: {} }, { session: { skip: true } }, false, false],
  ])('%s', (_, topLevel, rule, hasSession, hasKey) => {
    const plan = plans(topLevel, rule).rule
    expect({ session: plan.session !== undefined, key: plan.key !== undefined }).toEqual({
      session: hasSession,
      key: hasKey,
    })
  })

  test('objects merge field by field', () => {
    const { rule } = plans(
      { session: { cookie: { name: 'A', path: '/a', sameSite: 'Strict' }, mint: { methods: ['GET'] } } },
      { session: { cookie: { path: '/b' }, mint: { skip: true } } },
    )
    expect(rule.session).toMatchObject({
      name: 'A',
      attributes: '; Path=/b; HttpOnly; SameSite=Strict',
      mintSkip: true,
      methods: ['GET'],
    })
  })

  test('lists replace', () => {
    const { rule } = plans(
      { session: { mint: { methods: ['GET', 'POST'] } }, key: { from: ['session', 'address'] } },
      { session: { mint: { methods: ['PUT'] } }, key: { from: [{ claim: 'sub' }] } },
    )
    expect(rule.session?.methods).toEqual(['PUT'])
    expect(rule.key?.from.map((source) => source.kind)).toEqual(['claim'])
  })

  test('what only a rule makes valid is valid', () => {
    const { rule } = plans({ session: {} }, { session: { cookie: { name: '__Host-a', secure: true } } })
    expect(rule.session?.name).toBe('__Host-a')
    expect(
      plans({ session: { cookie: { secure: true } } }, { session: { cookie: { sameSite: 'None' } } }).rule
        .session?.attributes,
    ).toBe('; Path=/; HttpOnly; SameSite=None')
  })

  test('what only a rule makes invalid is told at the rule', () => {
    const { errors } = compiler.compile({
      session: { cookie: { name: '__Host-a', secure: true } },
      rules: [
        { name: 'a', match: { paths: ['/a'] }, session: { readOnly: true } },
        { name: 'b', match: { paths: ['/b'] }, session: { cookie: { path: '/b' } } },
      ],
    })
    expect(errors).toEqual([
      'cookie_prefix at /rules/1: a __Host- cookie needs secure: true, path / and no domain',
    ])
  })
})
