// What the inputs and outputs of a training's graphs are called, beside batches and state, which have their own names.

/** Fed: the schedule's rate. */
export const LEARNING_RATE = "session/learningRate";
/** Fed: the factor of the loss. */
export const LOSS_SCALE = "session/lossScale";
/** The output that says how a step went. */
export const REPORT = "session/report";
/** Fed: a number of the optimizer. */
export const scalarName = (name: string): string => `session/optimizer/${name}`;
/** The sum of the gradients of the batches so far. */
export const sumName = (name: string): string => `session/sum/${name}`;
/** The output that holds a state after the step. */
export const nextName = (name: string): string => `next/${name}`;
/** A parameter's gradient. */
export const gradientName = (name: string): string => `gradient/${name}`;
/** The output that holds a watched value. */
export const watchName = (name: string): string => `watch/${name}`;
/** The output of an evaluation that holds an output of the model. */
export const outputName = (name: string): string => `output/${name}`;
/** The output of an evaluation that holds a loss. */
export const lossName = (name: string): string => `loss/${name}`;
/** An output of the forward pass while it is rewritten. */
export const forwardName = (name: string): string => `session/forward/${name}`;
