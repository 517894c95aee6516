#!/usr/bin/env node
// Old syntax only, and no static import: a Node too old for Lethe must get as far as the sentence that says so.
var required = [22, 18]
var found = process.versions.node.split('.').map(Number)

if (found[0] < required[0] || (found[0] === required[0] && found[1] < required[1])) {
  process.stderr.write('lethe: needs Node ' + required.join('.') + ' or newer, this is ' + process.version + '\n')
  process.exit(1)
} else {
  start()
}

function start() {
  void Promise.all([import('node:fs'), import('node:url')]).then((modules) => {
    var built = new URL('../build/cli/main.js', import.meta.url)
    var source = new URL('../src/cli/main.ts', import.meta.url)
    return import(modules[0].existsSync(modules[1].fileURLToPath(built)) ? built.href : source.href)
  })
}
