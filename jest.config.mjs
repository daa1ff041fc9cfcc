/** Jest runs what tsc compiled: no transform, ES modules as they are. Start it through `npm run` or make (it needs a flag of Node). */
const common = { transform: {}, testEnvironment: 'node', injectGlobals: false };

export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/build/test/unit/**/*.test.js'] },
    { ...common, displayName: 'dashboards', testMatch: ['<rootDir>/build/test/{dashboards,report}/**/*.test.js'] },
    { ...common, displayName: 'image', testMatch: ['<rootDir>/build/test/image/**/*.test.js'] },
    { ...common, displayName: 'cluster', testMatch: ['<rootDir>/build/test/cluster/*.test.js'] },
    { ...common, displayName: 'e2e', testMatch: ['<rootDir>/build/test/cluster/e2e/**/*.test.js'] },
    { ...common, displayName: 'kernel', testMatch: ['<rootDir>/build/test/kernel/**/*.test.js'] },
  ],
};
