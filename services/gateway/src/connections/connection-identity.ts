import { OrchestraError } from "@ai-orchestra/contracts";
import type { Authenticate } from "../auth/authenticate.js";
import type { Principal } from "../auth/principal.js";

/** Whose connection it is. A newer token of the same client may take the place of the one it was opened with. */
export class ConnectionIdentity {
  readonly #authenticate: Authenticate;
  readonly #address: string;
  #principal: Principal;
  /** Tokens sent; of two that are looked at together, the later one stays. */
  #sent = 0;
  #taken = 0;

  constructor(options: { principal: Principal; authenticate: Authenticate; address: string }) {
    this.#principal = options.principal;
    this.#authenticate = options.authenticate;
    this.#address = options.address;
  }

  get principal(): Principal {
    return this.#principal;
  }

  /** Takes another token; rejects with `unauthorized` for a bad one, with `forbidden` for another client's. */
  async refresh(token: string): Promise<void> {
    this.#sent += 1;
    const turn = this.#sent;
    const principal = await this.#authenticate({
      authorization: undefined,
      subprotocolToken: token,
      address: this.#address,
    });
    if (principal.clientId !== this.#principal.clientId) {
      throw new OrchestraError("forbidden", "the token is another client's");
    }
    if (turn < this.#taken) return;
    this.#taken = turn;
    this.#principal = principal;
  }
}
