import type { SideEffect, SideEffectCode } from '../domain/side-effect.ts'
import { printable } from './printable.ts'

const words: Readonly<Record<SideEffectCode, { readonly yes: string; readonly unknown: string }>> = {
  notifications: {
    yes: 'objects that are written are told of: whoever listens may take them in again',
    unknown: 'whether somebody is told of objects that are written could not be asked',
  },
  lifecycle: {
    yes: 'lifecycle rules count days from the write: their clocks begin anew',
    unknown: 'whether there are lifecycle rules, whose clocks would begin anew, could not be asked',
  },
  replication: {
    yes: 'new versions are replicated; old ones in the replica hold the rows still and are not reached from here',
    unknown: 'whether objects are replicated to where they are not reached from here could not be asked',
  },
}

export function sideEffectWords({ code, place, state }: SideEffect): string {
  return `${printable(place)}: ${words[code][state]}`
}
