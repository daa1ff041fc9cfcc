/**
 * Bundles a program to one CommonJS text of which little is compiled at its start.
 *
 * The libraries for connections are four fifths of the plugin. V8 reads all of a file before it runs the first line, 30 ms for
 * those libraries. So what the program imports with `import()` becomes a second bundle, and that is a string in the first one:
 * a string costs nothing until it is compiled, at the first of these imports.
 */
import { relative } from 'node:path';
import { build } from 'esbuild';

const OPTIONS = {
  bundle: true,
  platform: 'node',
  // The oldest Node that is supported (package.json, engines).
  target: 'node20',
  format: 'cjs',
  minify: true,
  legalComments: 'external',
  metafile: true,
  write: false,
  // Only a name: nothing is written.
  outfile: 'bundle.js',
  logLevel: 'warning',
};

/** Resolves to the text, to what esbuild says of both bundles, and to the comments with licences that they no longer have. */
export async function bundle(entry, define) {
  const later = new Set();
  const first = await build({ ...OPTIONS, define, entryPoints: [entry], plugins: [postpone(later)] });
  // esbuild finds them in any order.
  const modules = [...later]
    .sort()
    .map((path) => `${JSON.stringify(nameOf(path))}: () => require(${JSON.stringify(path)})`);
  const contents = `module.exports = { ${modules.join(', ')} };`;
  const second = await build({ ...OPTIONS, stdin: { contents, resolveDir: '/' }, plugins: [withoutModels] });
  const text = `var later = (() => {
  let modules;
  return (name) => {
    if (modules === undefined) {
      const module = {};
      new Function('module', 'require', ${JSON.stringify(output(second, 'bundle.js'))})(module, require);
      modules = module.exports;
    }
    return modules[name]();
  };
})();
${output(first, 'bundle.js')}`;
  const comments = [first, second].map((built) => output(built, '.LEGAL.txt'));
  return { text, metafiles: [first.metafile, second.metafile], comments: comments.join('') };
}

function output({ outputFiles }, ending) {
  return outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
}

/** The same wherever the repository lies. */
function nameOf(path) {
  return relative(process.cwd(), path);
}

/** Puts a call of later() in place of each module that is imported with `import()`, and its path into the set `paths`. */
function postpone(paths) {
  return {
    name: 'postpone',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^\./ }, async ({ kind, path, importer, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const found = await resolve(path, { kind: 'import-statement', importer, resolveDir });
        paths.add(found.path);
        return { path: found.path, namespace: 'later' };
      });
      onLoad({ filter: /./, namespace: 'later' }, ({ path }) => ({
        contents: `module.exports = later(${JSON.stringify(nameOf(path))});`,
      }));
    },
  };
}

/**
 * The part of the Kubernetes library that reads kubeconfigs imports two names from an index that also has a class for each kind of
 * Kubernetes, a quarter of the bundle. esbuild fails if that part ever needs a third name.
 */
const withoutModels = {
  name: 'without-models',
  setup({ onLoad }) {
    onLoad({ filter: /\/@kubernetes\/client-node\/dist\/gen\/index\.js$/ }, () => ({
      contents: `export { createConfiguration } from './configuration.js';\nexport { ServerConfiguration } from './servers.js';`,
    }));
  },
};
