import { BlockList, isIP } from "node:net";

/** What is known about where a request came from. */
export interface AddressEvidence {
  /** The other end of the TCP connection. */
  readonly peer: string;
  /** From a PROXY protocol header; empty without one. */
  readonly proxied: string;
  readonly forwardedFor: string | undefined;
}

/** Finds the client's address behind proxies. */
export type FindClientAddress = (evidence: AddressEvidence) => string;

/**
 * Believes what trusted proxies say, and nobody else: of `X-Forwarded-For` the last address that is not a proxy's.
 *
 * @param options.trustedProxies addresses and networks such as `10.0.0.0/8`
 * @param options.proxyProtocol whether a trusted proxy says the address with a PROXY protocol header
 */
export function createClientAddress({
  trustedProxies,
  proxyProtocol,
}: {
  trustedProxies: readonly string[];
  proxyProtocol: boolean;
}): FindClientAddress {
  const trusted = new BlockList();
  for (const entry of trustedProxies) addNetwork(trusted, entry);
  const isTrusted = (address: string): boolean => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 4 ? "ipv4" : "ipv6");
  };
  return ({ peer, proxied, forwardedFor = "" }) => {
    const connected = normalizeAddress(peer);
    if (!isTrusted(connected)) return connected;
    let address = proxyProtocol && proxied !== "" ? normalizeAddress(proxied) : connected;
    for (const entry of forwardedFor.split(",").toReversed()) {
      if (!isTrusted(address)) return address;
      const next = normalizeAddress(entry.trim());
      if (isIP(next) === 0) return address;
      address = next;
    }
    return address;
  };
}

/** Whether an entry of the trusted proxies can be used. */
export function isNetwork(entry: string): boolean {
  const [address = "", prefix, ...rest] = entry.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

function addNetwork(list: BlockList, entry: string): void {
  const [address = "", prefix] = entry.split("/");
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}

const MAPPED_IPV4 = /^(?:::|(?:0{1,4}:){5})ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** IPv4 addresses in IPv6 notation become IPv4 again. */
function normalizeAddress(address: string): string {
  const [, dotted, high, low] = MAPPED_IPV4.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return address;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".");
}
