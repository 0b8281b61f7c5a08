import { describe, expect, test } from "vitest";
import { createClientAddress, isNetwork } from "./client-address.js";

const behind = (trustedProxies: string[], proxyProtocol = false) => {
  const find = createClientAddress({ trustedProxies, proxyProtocol });
  return (peer: string, forwardedFor?: string, proxied = "") => find({ peer, forwardedFor, proxied });
};

describe("the address of a client", () => {
  test("is the peer's when nobody is trusted, whatever it claims", () => {
    expect(behind([])("9.9.9.9", "1.2.3.4", "5.6.7.8")).toBe("9.9.9.9");
  });

  test("is the last one that no trusted proxy has", () => {
    const find = behind(["10.0.0.0/8", "192.168.1.1"]);
    expect(find("10.1.1.1", "1.2.3.4")).toBe("1.2.3.4");
    expect(find("10.1.1.1", "6.6.6.6, 1.2.3.4, 192.168.1.1")).toBe("1.2.3.4");
    expect(find("10.1.1.1", "10.2.2.2")).toBe("10.2.2.2");
    expect(find("9.9.9.9", "1.2.3.4")).toBe("9.9.9.9");
  });

  test("is the last that can be read when a proxy sends something else", () => {
    const find = behind(["10.0.0.0/8"]);
    expect(find("10.1.1.1", "unknown")).toBe("10.1.1.1");
    expect(find("10.1.1.1", "unknown, 10.2.2.2")).toBe("10.2.2.2");
    expect(find("10.1.1.1")).toBe("10.1.1.1");
  });

  test("comes from the PROXY protocol where that is switched on and its sender trusted", () => {
    expect(behind(["10.0.0.0/8"], true)("10.1.1.1", undefined, "1.2.3.4")).toBe("1.2.3.4");
    expect(behind(["10.0.0.0/8"], false)("10.1.1.1", undefined, "1.2.3.4")).toBe("10.1.1.1");
    expect(behind(["10.0.0.0/8"], true)("9.9.9.9", undefined, "1.2.3.4")).toBe("9.9.9.9");
  });

  test("is IPv4 also in IPv6 notation", () => {
    expect(behind(["127.0.0.1"])("::ffff:127.0.0.1", "1.2.3.4")).toBe("1.2.3.4");
    expect(behind(["127.0.0.1"])("0000:0000:0000:0000:0000:ffff:7f00:0001", "1.2.3.4")).toBe("1.2.3.4");
    expect(behind(["fd00::/8"])("fd00:0000:0000:0000:0000:0000:0000:0001", "1.2.3.4")).toBe("1.2.3.4");
  });
});

test.each([
  ["10.0.0.1", true],
  ["10.0.0.0/8", true],
  ["::1", true],
  ["fd00::/8", true],
  ["10.0.0.0/33", false],
  ["10.0.0.0/8/8", false],
  ["proxy.example", false],
])("%s as a trusted proxy: %s", (entry, expected) => {
  expect(isNetwork(entry)).toBe(expected);
});
