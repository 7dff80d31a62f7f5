// Reads single options of a table by their types.
import { badOption, parseDurationMs, parseFlag, parseSizeBytes } from './option-text.ts';

/** Reads single options; a key that is absent gives the default. */
export class OptionReader {
  private readonly options: Readonly<Record<string, string>>;

  constructor(options: Readonly<Record<string, string>>) {
    this.options = options;
  }

  text(option: string): string | null {
    return this.options[option] ?? null;
  }

  names(option: string): readonly string[] | null {
    const text = this.text(option);
    return text === null ? null : text.split(',').map((name) => name.trim());
  }

  flag(option: string, missing: boolean): boolean {
    const text = this.text(option);
    return text === null ? missing : parseFlag(text, option);
  }

  /** The first of the options that is set: an option's name and its older ones. */
  firstFlag(options: readonly string[]): boolean {
    const option = options.find((name) => this.text(name) !== null);
    return option !== undefined && this.flag(option, false);
  }

  integer(option: string, missing: number): number {
    return this.optionalInteger(option) ?? missing;
  }

  optionalInteger(option: string): number | null {
    const text = this.text(option);
    if (text === null) return null;
    if (!/^[+-]?\d{1,10}$/.test(text.trim())) throw badOption(option, text);
    return Number(text);
  }

  /** A number without a sign, such as 0.7. */
  ratio(option: string, missing: number): number {
    const text = this.text(option);
    if (text === null) return missing;
    if (!/^\d*\.?\d+$/.test(text.trim())) throw badOption(option, text);
    return Number(text);
  }

  size(option: string, missing: number): number {
    return this.optionalSize(option) ?? missing;
  }

  optionalSize(option: string): number | null {
    const text = this.text(option);
    return text === null ? null : parseSizeBytes(text, option);
  }

  duration(option: string, missing: number): number {
    return this.optionalDuration(option) ?? missing;
  }

  optionalDuration(option: string): number | null {
    const text = this.text(option);
    return text === null ? null : parseDurationMs(text, option);
  }

  /** One of the choices, case-insensitively; the first is the default. */
  choice<Choice extends string>(option: string, choices: readonly Choice[]): Choice {
    const text = this.text(option);
    return text === null ? choices[0] : choiceOf(option, text, choices);
  }

  /** The value of each level that the option names, as in `0:avro,3:parquet`. */
  perLevel<Value>(option: string, parse: (text: string, option: string) => Value): ReadonlyMap<number, Value> {
    const levels = new Map<number, Value>();
    const text = this.text(option);
    for (const item of text === null ? [] : text.split(',')) {
      const [, level, value] = /^\s*(\d{1,9})\s*:\s*([^:]*\S)\s*$/.exec(item) ?? [];
      if (level === undefined || levels.has(Number(level))) throw badOption(option, text ?? '');
      levels.set(Number(level), parse(value, option));
    }
    return levels;
  }
}

/** The choice that a text means, in any case. Throws `E3105`. */
export function choiceOf<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const chosen = choices.find((choice) => choice === text.trim().toLowerCase().replaceAll('_', '-'));
  if (chosen === undefined) throw badOption(option, text);
  return chosen;
}
