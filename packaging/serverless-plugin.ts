// What the Serverless Framework (osls) needs to package this project, as a plugin of its own:
// - bundles, and `${pipelines:<address>}`: what follows from the definitions in `statemachines/`, compiled afresh;
// - packaging a layer without asking AWS for the last deployed one (`serverless package` must work without an account);
// - `custom.httpApi.authorisation`: who may call the HTTP API.
import { bundle } from './bundle.ts';
import { type Authorisation, finishTemplate, type Template } from './finish-template.ts';

interface Serverless {
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: Template };
    readonly custom?: { readonly httpApi?: Authorisation };
  };
  readonly pluginManager: { readonly plugins: readonly object[] };
}

interface LayerCompiler {
  compareWithLastLayer: (layer: string) => Promise<void>;
}

export default class SeriatimPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void> | void>>;
  readonly configurationVariablesSources = {
    pipelines: {
      resolve: async ({ address }: { address: string }) => ({ value: await fromPipelines(address) }),
    },
  };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    this.hooks = {
      initialize: () => this.#packageOffline(),
      'before:package:createDeploymentArtifacts': () => this.#bundle(),
      'before:package:finalize': () => this.#finishTemplate(),
    };
  }

  /** The comparison saves an upload when deploying; when only packaging it would need credentials. */
  #packageOffline(): void {
    const isPackaging = this.#serverless.processedInput.commands[0] === 'package';
    const compiler = this.#serverless.pluginManager.plugins.find(isLayerCompiler);
    if (!isPackaging || compiler === undefined) return;
    compiler.compareWithLastLayer = async () => {};
  }

  async #bundle(): Promise<void> {
    if (process.env.SERIATIM_BUNDLED !== '1') await bundle({ projectFolder: this.#serverless.serviceDir });
  }

  #finishTemplate(): void {
    const { provider, custom } = this.#serverless.service;
    finishTemplate(provider.compiledCloudFormationTemplate, custom?.httpApi ?? {});
  }
}

function isLayerCompiler(plugin: object): plugin is LayerCompiler {
  return 'compareWithLastLayer' in plugin;
}

async function fromPipelines(address: string): Promise<unknown> {
  const [{ pipelinesVariable }, { PIPELINE_DEFINITIONS }, { selectPipelines }] = await Promise.all([
    import('./pipelines/variables.ts'),
    import('../statemachines/index.ts'),
    import('../statemachines/selection.ts'),
  ]);
  return pipelinesVariable(address, selectPipelines(PIPELINE_DEFINITIONS, process.env));
}
