import { describe, expect, it } from "vitest";
import { parseEndpoints } from "./endpoints.js";

describe("parseEndpoints", () => {
  it.each([
    ["http://host:8080", "ws://host:8080/ws", "http://host:8080"],
    ["https://host/base/", "wss://host/base/ws", "https://host/base"],
    ["ws://host:8080/ws", "ws://host:8080/ws", "http://host:8080"],
    ["wss://host", "wss://host/ws", "https://host"],
  ])("reads %s", (url, socketUrl, httpUrl) => {
    expect(parseEndpoints(url)).toEqual([{ socketUrl, httpUrl }]);
  });

  it.each([["ftp://host"], ["host:8080"], ["http://host?token=x"]])("refuses %s", (url) => {
    expect(() => parseEndpoints(url)).toThrow(/http, https, ws or wss/);
  });

  it("refuses an empty list", () => {
    expect(() => parseEndpoints([])).toThrow(/at least one/);
  });
});
