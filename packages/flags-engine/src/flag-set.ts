import type { FlagDefinition, FlagSegment } from "@ai-orchestra/contracts";
import { compileFlag, type CompiledFlag } from "./compiled-flag.js";
import { compileConstraint, type Condition } from "./constraints/compile-constraint.js";

/** A flag whose definition cannot be used here, for instance because a newer version of the engine wrote it. */
export interface BrokenFlag {
  readonly key: string;
  readonly problem: string;
}

/** Flags and segments, ready to be evaluated. Whoever holds one changes it as definitions change. */
export class FlagSet {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly #flags = new Map<string, CompiledFlag>();
  readonly #broken = new Map<string, BrokenFlag>();
  readonly #segments = new Map<string, readonly Condition[]>();

  constructor(options: { readonly now: () => number }) {
    this.now = options.now;
  }

  get size(): number {
    return this.#flags.size;
  }

  /** Keys of all flags, in the order of their names. */
  keys(): string[] {
    return [...this.#flags.keys(), ...this.#broken.keys()].toSorted();
  }

  get(key: string): CompiledFlag | undefined {
    return this.#flags.get(key);
  }

  findBroken(key: string): BrokenFlag | undefined {
    return this.#broken.get(key);
  }

  /** Adds or replaces a flag. One that cannot be compiled is kept as broken, and says so when it is evaluated. */
  put(definition: FlagDefinition, revision: number): void {
    const { key } = definition;
    this.remove(key);
    try {
      this.#flags.set(key, compileFlag(definition, revision));
    } catch (error) {
      this.#broken.set(key, { key, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  remove(key: string): void {
    this.#flags.delete(key);
    this.#broken.delete(key);
  }

  /** Adds or replaces a segment; one that cannot be compiled has no members. */
  putSegment({ name, constraints }: FlagSegment): void {
    try {
      this.#segments.set(name, constraints.map(compileConstraint));
    } catch {
      this.#segments.set(name, [() => false]);
    }
  }

  removeSegment(name: string): void {
    this.#segments.delete(name);
  }

  /** Its conditions, all of which make a member; undefined when there is no such segment. */
  findSegment(name: string): readonly Condition[] | undefined {
    return this.#segments.get(name);
  }
}
