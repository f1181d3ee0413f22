import js from '@eslint/js'
import { existsSync } from 'node:fs'
import tseslint from 'typescript-eslint'

// What the site imports is there after `make site` alone.
const site = existsSync('site/node_modules') ? ['site/.vitepress/.temp/'] : ['site/']

export default tseslint.config(
  { ignores: ['build/', '.cache/', 'node_modules/', 'assembly/', 'test/guests/', 'bench/peers/', ...site] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './site/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
)
