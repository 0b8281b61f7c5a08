import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ConfigError } from "@ai-orchestra/service-kit";

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** uWebSockets.js does not say what is wrong with a file. @throws ConfigError which does. */
export async function checkTlsFiles({ certFile, keyFile }: TlsFiles): Promise<void> {
  const certificate = await read("GATEWAY_TLS_CERT_FILE", certFile, (pem) => new X509Certificate(pem));
  const key = await read("GATEWAY_TLS_KEY_FILE", keyFile, (pem) => createPrivateKey(pem));
  if (!certificate.checkPrivateKey(key)) {
    throw new ConfigError([`GATEWAY_TLS_KEY_FILE: ${keyFile} is not the key of ${certFile}. Correct it.`], undefined);
  }
}

async function read<T>(variable: string, file: string, parse: (pem: Buffer) => T): Promise<T> {
  try {
    return parse(await readFile(file));
  } catch (cause) {
    throw new ConfigError([`${variable}: ${file} cannot be read as a PEM file. Correct it.`], cause);
  }
}
