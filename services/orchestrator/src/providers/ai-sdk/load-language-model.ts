import type { LanguageModel } from "ai";
import { fetch as undiciFetch, type Dispatcher } from "undici";

/** The vendors that are reached through the AI SDK. */
export type AiSdkVendor = "anthropic" | "google";

export interface LanguageModelOptions {
  vendor: AiSdkVendor;
  apiKey: string;
  /** Absent: the vendor's own address. */
  baseUrl: string | undefined;
  dispatcher: Dispatcher;
}

/** Loads the vendor's package, on first use only, and answers with a function from a model's name to the model. */
export async function loadLanguageModel(options: LanguageModelOptions): Promise<(name: string) => LanguageModel> {
  const { vendor, apiKey, baseUrl, dispatcher } = options;
  const fetchWithPool = ((input: string, init?: object) => undiciFetch(input, { ...init, dispatcher })) as typeof fetch;
  const settings = { apiKey, baseURL: baseUrl, fetch: fetchWithPool };
  switch (vendor) {
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      return createAnthropic(settings);
    }
    case "google": {
      const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
      return createGoogleGenerativeAI(settings);
    }
  }
}
