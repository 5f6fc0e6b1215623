// Reads what the kernel tells in files, as far as this process may; what cannot be read is undefined. It never writes.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Of a file with one number; undefined for any other text, such as `max`. */
export function numberOf(path: string): number | undefined {
  const text = textOf(path)?.trim()
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The lines `name: value` of a file such as /proc/meminfo, numbers in octets where they are in kB. */
export function fieldsOf(text: string): Map<string, string> {
  const fields = text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
    return name === undefined || value === undefined ? [] : [[name, value]]
  })
  return new Map(fields)
}

/** Octets of a value like `16384 kB`. */
export function kibibytes(value: string | undefined): number | undefined {
  const digits = /^(\d+) kB$/.exec(value ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits) * 1024
}

/** A soft limit of /proc/self/limits; Infinity is none. */
export function softLimit(limits: string | undefined, name: string): number | undefined {
  const line = limits?.split('\n').find((one) => one.startsWith(name))
  const value = line?.slice(name.length).trim().split(/\s+/)[0]
  if (value === undefined) return undefined
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
}
