// Texts that are made of the names of a source table: those of lake tables, and values that tell shards apart.

/** What templates may use. */
export interface TemplateNames {
  /** The pipeline's name. */
  readonly source: string;
  /** The source database. */
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/** The template with `{source}`, `{database}`, `{schema}` and `{table}` replaced; everything else stays. */
export function filledTemplate(template: string, names: TemplateNames): string {
  return template.replace(/\{(source|database|schema|table)\}/g, (_, name: keyof TemplateNames) => names[name]);
}
