// Writes the seed corpus of bpf_fuzz beside itself: node native/fuzz/bpf_seeds.mjs
// The first octet is the length of the program in steps of 16, the second says numbers (0) or instructions (1).

import { mkdirSync, writeFileSync } from 'node:fs'

/** [code, jt, jf, k]: a port filter, memory and arithmetic, and each way to load. */
const programs = {
  ports: [
    [0x28, 0, 0, 12],
    [0x15, 0, 6, 0x0800],
    [0x28, 0, 0, 20],
    [0x45, 5, 0, 0x1fff],
    [0xb1, 0, 0, 14],
    [0x48, 0, 0, 14],
    [0x35, 0, 2, 5060],
    [0x25, 1, 0, 5061],
    [0x06, 0, 0, 65535],
    [0x06, 0, 0, 0],
  ],
  arithmetic: [
    [0x80, 0, 0, 0],
    [0x02, 0, 0, 15],
    [0x07, 0, 0, 0],
    [0x60, 0, 0, 15],
    ...[0x0c, 0x1c, 0x2c, 0x3c, 0x4c, 0x5c, 0x6c, 0x7c, 0x84, 0x9c, 0xac].map((code) => [code, 0, 0, 1]),
    [0x05, 0, 0, 0],
    [0x16, 0, 0, 0],
  ],
  loads: [
    [0x30, 0, 0, 0],
    [0x07, 0, 0, 0],
    ...[0x40, 0x48, 0x50].map((code) => [code, 0, 0, 1]),
    [0x81, 0, 0, 0],
    [0x87, 0, 0, 0],
    [0x16, 0, 0, 0],
  ],
}
const packet = Buffer.from('02000000000202000000000108004500002000010000401100000a0000010a00000213c413d8000c0000', 'hex')

function numbers(program) {
  return Buffer.from([program.length, ...program.map((one) => one.join(' '))].join('\n'))
}

function instructions(program) {
  return Buffer.concat(
    program.map(([code, jt, jf, k]) => {
      const octets = Buffer.from([0, 0, jt, jf, 0, 0, 0, 0])
      octets.writeUInt16LE(code)
      octets.writeUInt32LE(k, 4)
      return octets
    }),
  )
}

/** Filled up to a whole step: with empty lines, or with `ret #0`. */
function seed(head, kind) {
  const steps = Math.ceil(head.length / 16)
  const room = steps * 16 - head.length
  const filling = kind === 0 ? Buffer.alloc(room, '\n') : instructions(Array(room / 8).fill([6, 0, 0, 0]))
  return Buffer.concat([Buffer.from([steps, kind]), head, filling, packet])
}

const folder = new URL('corpus/bpf/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, program] of Object.entries(programs)) {
  writeFileSync(new URL(`${name}-numbers`, folder), seed(numbers(program), 0))
  writeFileSync(new URL(`${name}-instructions`, folder), seed(instructions(program), 1))
}
