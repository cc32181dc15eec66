/** Renders the description as an HTML page. It has no script, so the strictest content security policy allows it. */
import type { Json, JsonObject } from './document.ts';

const METHOD_ORDER = ['post', 'put', 'get', 'head', 'options'] as const;

/**
 * The page as HTML.
 * @param document the description; only references inside it are followed
 */
export function renderReference(document: JsonObject): string {
  const { info, paths, components } = document as {
    readonly info: JsonObject;
    readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
    readonly components: { readonly schemas: Readonly<Record<string, JsonObject>> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    METHOD_ORDER.flatMap((method) => {
      const operation = methods[method];
      return operation === undefined ? [] : [{ method, path, operation }];
    }),
  );
  const operationLinks = operations.map(
    ({ method, path, operation }) =>
      `<a href="#${operation.operationId}"><b class="${method}">${method.toUpperCase()}</b> ${escaped(path)}</a>`,
  );
  const shapeLinks = Object.keys(components.schemas).map((name) => `<a href="#${name}">${name}</a>`);
  const title = escaped(info.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>API reference · ${title}</title>
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/look.css">
<link rel="stylesheet" href="reference.css">
<!-- Made by \`npm run openapi\`. -->
</head>
<body>
<a class="skip" href="#reference">Skip to the reference</a>
<header class="top">
<p class="wordmark"><img src="/console/icon.svg" alt="" width="28" height="28"> ${title}</p>
<nav aria-label="Site"><a href="/console/">Console</a></nav>
</header>
<div class="page">
<nav aria-label="Contents">
${contentsHtml('Operations', operationLinks)}
${contentsHtml('Shapes', shapeLinks)}
</nav>
<main id="reference" tabindex="-1">
<h1>API reference</h1>
${prose(info.description)}
<p>Version ${escaped(info.version)} · on this site below <code>/api</code>, as in <code>/api/images</code> · <a href="/openapi.yaml">openapi.yaml</a> (OpenAPI ${escaped(document.openapi)})</p>
${operations.map(({ method, path, operation }) => operationHtml(method, path, operation)).join('\n')}
<h2>Shapes</h2>
${Object.entries(components.schemas)
  .map(([name, schema]) => schemaHtml(name, schema))
  .join('\n')}
</main>
</div>
</body>
</html>
`;
}

function contentsHtml(heading: string, links: readonly string[]): string {
  return `<h2>${heading}</h2>
<ul>
${links.map((link) => `<li>${link}</li>`).join('\n')}
</ul>`;
}

function operationHtml(method: string, path: string, operation: JsonObject): string {
  const { parameters, requestBody, responses } = operation as {
    readonly parameters?: readonly JsonObject[];
    readonly requestBody?: JsonObject;
    readonly responses: Readonly<Record<string, JsonObject>>;
  };
  return `<section id="${operation.operationId}" aria-labelledby="${operation.operationId}-title">
<h2 id="${operation.operationId}-title"><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> <small>${escaped(operation.summary)}</small></h2>
${prose(operation.description)}
${parameters ? `<h3>Parameters</h3>\n${membersHtml(parameters.map(parameterRow))}` : ''}
${requestBody ? bodyHtml(requestBody) : ''}
<h3>Responses</h3>
${Object.entries(responses)
  .map(([status, response]) => responseHtml(status, response))
  .join('\n')}
</section>`;
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: Json | undefined;
}

function parameterRow({ name, in: where, required, schema, description }: JsonObject): Row {
  const its = (schema ?? {}) as JsonObject;
  return {
    name: String(name),
    type: `${typeOf(its)}, in the ${escaped(where)}`,
    isRequired: required === true,
    description: description ?? its.description,
  };
}

function rowsOf(schema: JsonObject): readonly Row[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, member]) => ({
    name,
    type: typeOf(member),
    isRequired: required.includes(name),
    description: member.description,
  }));
}

/** The members of a shape as a list: a table of three columns does not fit on a phone. */
function membersHtml(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, type, isRequired, description }) =>
      `<div><dt><code>${escaped(name)}</code>${isRequired ? '' : ' <i>optional</i>'}</dt><dd class="type">${type}</dd><dd>${inline(description ?? '')}</dd></div>`,
  );
  return `<dl class="members">
${lines.join('\n')}
</dl>`;
}

function bodyHtml(body: JsonObject): string {
  const [[type, { schema, examples }] = ['', {}]] = Object.entries(
    body.content as Readonly<Record<string, JsonObject>>,
  );
  return `<h3>Body, ${escaped(type)}</h3>
<p>${inline(body.description ?? '')}</p>
${membersHtml(rowsOf(schema as JsonObject))}
${examplesHtml(examples as JsonObject | undefined)}`;
}

function responseHtml(status: string, { description, headers, content }: JsonObject): string {
  const names = Object.keys((headers ?? {}) as JsonObject);
  const [[type, media] = ['', undefined]] = Object.entries(
    (content ?? {}) as Readonly<Record<string, JsonObject>>,
  );
  const kind = Number(status) < 300 ? 'success' : Number(status) < 400 ? 'same' : 'failure';
  return `<details class="${kind}"><summary><b>${status}</b> <span>${inline(description)}</span></summary>
<p>${type === '' ? 'No body' : `${escaped(type)}: ${typeOf((media?.schema ?? {}) as JsonObject)}`}. Headers: ${names.map((name) => `<code>${name}</code>`).join(' ')}</p>
${examplesHtml(media?.examples as JsonObject | undefined)}
</details>`;
}

function examplesHtml(examples: JsonObject | undefined): string {
  return Object.values((examples ?? {}) as Readonly<Record<string, JsonObject>>)
    .map(({ summary, value }) => {
      const json = escaped(JSON.stringify(value, null, 2));
      return `<figure><figcaption>${escaped(summary)}</figcaption><pre tabindex="0">${json}</pre></figure>`;
    })
    .join('\n');
}

function schemaHtml(name: string, schema: JsonObject): string {
  const rows = rowsOf(schema);
  const body = rows.length > 0 ? membersHtml(rows) : `<p>${typeOf(schema)}</p>`;
  return `<section id="${name}" aria-labelledby="${name}-title">
<h3 id="${name}-title">${name}</h3>
${prose(schema.description)}
${body}
</section>`;
}

/** The type of a schema in words, with links to the shapes. */
function typeOf(schema: JsonObject): string {
  const { $ref, enum: values, const: only, anyOf, allOf, type, items } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return `<a href="#${name}">${name}</a>`;
  }
  if (only !== undefined) return `<code>${escaped(JSON.stringify(only))}</code>`;
  if (Array.isArray(values)) return values.map((value) => `<code>${escaped(value)}</code>`).join(' ');
  if (Array.isArray(anyOf)) return anyOf.map((each) => typeOf(each as JsonObject)).join(' or ');
  if (Array.isArray(allOf)) return typeOf(allOf[0] as JsonObject);
  if (type === 'array') return `list of ${typeOf((items ?? {}) as JsonObject)}`;
  return escaped(type ?? 'anything');
}

const prose = (text: Json | undefined) =>
  String(text ?? '')
    .split('\n\n')
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('\n');

/** A description as HTML. Of Markdown, descriptions use only backticks. */
const inline = (text: Json | undefined) => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

function escaped(text: Json | undefined): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return String(text ?? '').replaceAll(/[&<>"]/g, (letter) => named[letter] ?? letter);
}
