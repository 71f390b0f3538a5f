// Runs tf.layers.gru on what stands on standard input, and prints output and state as JSON.
const [core, layers] = ["tfjs-core", "tfjs-layers"].map((name) => require(`@tensorflow/${name}`));
require("@tensorflow/tfjs-backend-cpu");

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (given.version) {
  console.log(JSON.stringify(layers.version_layers));
} else {
  const { kernel, recurrent_kernel, bias, ...arguments_ } = given.layout;
  const layer = layers.layers.gru({
    units: recurrent_kernel.length,
    resetAfter: false,
    returnSequences: true,
    returnState: true,
    recurrentInitializer: "zeros",
    ...arguments_,
  });
  const x = core.tensor(given.x);
  layer.apply(x); // builds the layer
  const weights = [kernel, recurrent_kernel, ...(bias ? [bias] : [])];
  layer.setWeights(weights.map((array) => core.tensor(array)));
  const start = given.initial_state ? { initialState: [core.tensor(given.initial_state)] } : {};
  const [output, state] = layer.apply(x, start);
  console.log(JSON.stringify([output.arraySync(), state.arraySync()]));
}
