/** The part of an API server's validation of a structural schema that a status can violate. */
export interface Schema {
  readonly type: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
}

/** Lists what the server would refuse. Server-side apply also refuses fields that the schema does not declare. */
export function schemaViolations(schema: Schema, value: unknown, path = ''): string[] {
  switch (schema.type) {
    case 'object':
      return objectViolations(schema, value, path);
    case 'array': {
      if (!Array.isArray(value)) return [`${path}: not an array`];
      const tooLong = value.length > (schema.maxItems ?? Infinity) ? [`${path}: ${value.length} items`] : [];
      const { items } = schema;
      return [
        ...tooLong,
        ...(items === undefined
          ? []
          : value.flatMap((item, index) => schemaViolations(items, item, `${path}[${index}]`))),
      ];
    }
    case 'string':
      return typeof value === 'string' ? textViolations(schema, value, path) : [`${path}: not a string`];
    case 'integer': {
      if (!Number.isSafeInteger(value)) return [`${path}: not an integer`];
      if ((value as number) > (schema.maximum ?? Infinity)) return [`${path}: ${String(value)} is too large`];
      return (value as number) < (schema.minimum ?? -Infinity) ? [`${path}: ${String(value)} is too small`] : [];
    }
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: not a boolean`];
    default:
      return [`${path}: unknown type ${schema.type}`];
  }
}

function objectViolations(schema: Schema, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: not an object`];
  const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => `${path}.${name}: missing`);
  const tooMany =
    Object.keys(value).length > (schema.maxProperties ?? Infinity) ? [`${path}: too many properties`] : [];
  const inside = Object.entries(value).flatMap(([name, item]) => {
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    return known === undefined ? [`${path}.${name}: not declared`] : schemaViolations(known, item, `${path}.${name}`);
  });
  return [...missing, ...tooMany, ...inside];
}

function textViolations(schema: Schema, value: string, path: string): string[] {
  const length = Array.from(value).length;
  const wrong: string[] = [];
  if (length > (schema.maxLength ?? Infinity) || length < (schema.minLength ?? 0))
    wrong.push(`${path}: ${length} characters`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    wrong.push(`${path}: ${value} does not match`);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    wrong.push(`${path}: ${value} is not one of the values`);
  if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) wrong.push(`${path}: ${value} is not a time`);
  return wrong;
}
