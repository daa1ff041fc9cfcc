/**
 * What the SBOMs of a release have in common: CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json), made of what `npm sbom` says
 * of the whole lock file. Nothing in a document is of the moment or the machine.
 */
import { createHash } from 'node:crypto';

/**
 * A document about `component`. `of` is a digest of what the document describes; the serial number is made of it. `packages` are
 * components of npm, `others` what is in there besides.
 */
export function documentOf(npm, { of, timestamp, component, packages, others = [] }) {
  return {
    $schema: npm.$schema,
    bomFormat: npm.bomFormat,
    specVersion: npm.specVersion,
    serialNumber: `urn:uuid:${uuidOf(of)}`,
    version: 1,
    metadata: { timestamp, lifecycles: [{ phase: 'build' }], tools: npm.metadata.tools, component },
    components: [...others, ...packages],
    dependencies: dependenciesOf(npm, component['bom-ref'], packages, others),
  };
}

/** A UUID of the kind that RFC 9562 leaves to the application (version 8). */
function uuidOf(digest) {
  const hex = createHash('sha256').update(`stasis sbom of ${digest}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The components of npm for packages that are named as name@version. Throws if npm does not know one. */
export function npmComponents(npm, names) {
  const wanted = new Set(names);
  const found = npm.components.filter(({ name, version }) => wanted.delete(`${name}@${version}`));
  if (wanted.size > 0) throw new Error(`npm sbom does not know ${[...wanted].join(', ')}`);
  // npm calls a package that a tool needs as well optional, and names no page for those of a lock file.
  return found.map(({ scope: _scope, properties: _properties, externalReferences: _references, ...rest }) => rest);
}

function dependenciesOf(npm, ref, packages, others) {
  const refs = new Set([ref, ...packages.map((component) => component['bom-ref'])]);
  const known = npm.dependencies.filter((entry) => refs.has(entry.ref));
  return known.map((entry) => {
    const dependsOn = entry.dependsOn.filter((other) => refs.has(other));
    const direct = entry.ref === ref ? others.map((component) => component['bom-ref']) : [];
    return { ref: entry.ref, dependsOn: [...direct, ...dependsOn] };
  });
}
