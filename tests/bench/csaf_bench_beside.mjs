// SPDX-License-Identifier: Apache-2.0
// The other validator, for tests/bench/csaf_bench.py: started in a folder where npm has installed
// it. The same words and answers as csaf_bench_run.
//
//   node csaf_bench_beside.mjs ids           the tests of CSAF 2.0 that it has, a line each
//   node csaf_bench_beside.mjs passes IDS    paths on standard input, an empty line, then "pass" a
//                                            line: "SECONDS PROCESSOR-SECONDS VALID FINDINGS"
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.cwd() + '/'))
const library = '@secvisogram/csaf-validator-lib'
const load = (file) => import(pathToFileURL(require.resolve(`${library}/${file}`)))
const validate = (await load('validate.js')).default
const { csaf_2_0_strict: schema } = await load('schemaTests.js')
const tests = new Map()
for (const file of ['mandatoryTests.js', 'optionalTests.js'])
  for (const [name, test] of Object.entries(await load(file))) {
    const id = name.match(/Test_(\d+(?:_\d+)+)$/)
    if (id && typeof test === 'function') tests.set(id[1].replaceAll('_', '.'), test)
  }

if (process.argv[2] === 'ids') {
  for (const id of tests.keys()) console.log(id)
  process.exit(0)
}

const chosen = [schema, ...process.argv[3].split(',').map((id) => tests.get(id))]
const paths = []
let reading = true
for await (const line of createInterface({ input: process.stdin })) {
  if (reading) {
    if (line === '') reading = false
    else paths.push(line)
    continue
  }
  const from = process.hrtime.bigint()
  const processor = process.cpuUsage()
  let valid = 0
  let findings = 0
  for (const path of paths) {
    const result = await validate(chosen, JSON.parse(readFileSync(path, 'utf8')))
    valid += result.isValid ? 1 : 0
    for (const test of result.tests)
      findings += test.errors.length + test.warnings.length + test.infos.length
  }
  const used = process.cpuUsage(processor)
  const seconds = Number(process.hrtime.bigint() - from) / 1e9
  console.log(seconds.toFixed(6), ((used.user + used.system) / 1e6).toFixed(6), valid, findings)
}
