// Sockets that may want a privilege, opened before privileges are given up: ports under 1024, that of the HTTP door too,
// and receive buffers above net.core.rmem_max. They receive into their buffers from then on; nobody reads them here.

import { binding } from '../binding.js'
import { httpRefused } from '../doors.js'
import { bindAddresses } from '../listen/address.js'
import { listenError, shownListener, udpOptions } from '../listen/listeners.js'
import { isDatagram, type Listen } from '../listen/protocols.js'
import { refusedRaw, shownRaw } from '../listen/raw.js'
import type { Settings } from '../options/settings.js'
import { httpName, ipipName, tcpName, udpName } from './names.js'

export class OpenedSockets {
  readonly byName: Record<string, number[][]> = {}

  add(name: string, descriptors: number[]): void {
    const lists = this.byName[name] ?? []
    lists.push(descriptors)
    this.byName[name] = lists
  }

  get descriptors(): number[] {
    return Object.values(this.byName).flat(2)
  }
}

/** Rejects with a RefusedError. */
export async function openSockets(settings: Settings): Promise<OpenedSockets> {
  const opened = new OpenedSockets()
  for (const listen of settings.listen) {
    for (const address of await bindAddresses(listen.host)) openListener(opened, settings, listen, address)
  }
  openIpip(opened, settings)
  await openHttp(opened, settings)
  return opened
}

function openListener(opened: OpenedSockets, settings: Settings, listen: Listen, address: string): void {
  const { port } = listen
  const tellsReceiver = settings.tableLayout.reportLayout === 'homer6'
  try {
    if (isDatagram(listen.proto))
      opened.add(
        udpName(address, port),
        binding.openUdp(udpOptions({ ...settings, tellsReceiver }, listen, address)),
      )
    else opened.add(tcpName(address, port), binding.openTcp(address, port))
  } catch (error) {
    throw listenError(shownListener(listen, address, port), error)
  }
}

function openIpip(opened: OpenedSockets, { raw }: Settings): void {
  if (raw?.mode !== 'ipip') return
  for (const name of raw.interfaces.length > 0 ? raw.interfaces : ['']) {
    try {
      opened.add(ipipName(name), binding.openIpip(raw.rcvbufBytes))
    } catch (error) {
      throw refusedRaw(shownRaw(raw, name), error)
    }
  }
}

/** Ports from here on are for everybody. */
const FIRST_FREE_PORT = 1024

/** A door that nobody named stays shut where it cannot open: whoever opens it says so. */
async function openHttp(opened: OpenedSockets, { http }: Settings): Promise<void> {
  if (!http || http.port === 0 || http.port >= FIRST_FREE_PORT) return
  try {
    const [address = ''] = await bindAddresses(http.host)
    opened.add(httpName(http.host, http.port), binding.openTcp(address, http.port))
  } catch (error) {
    if (http.isNamed) throw httpRefused(http, error)
  }
}
