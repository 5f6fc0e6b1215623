// What sockets are called while they are handed on: by what they were opened for.

export const udpName = (address: string, port: number): string => `udp ${address} ${port}`
export const tcpName = (address: string, port: number): string => `tcp ${address} ${port}`
export const httpName = (host: string, port: number): string => `http ${host} ${port}`
export const ipipName = (interfaceName: string): string => `ipip ${interfaceName}`
