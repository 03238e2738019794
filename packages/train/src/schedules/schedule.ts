// Learning rates as functions of the update, counted from 0. A schedule has no state: a training that is resumed at an
// update goes on with its rate.

/** The learning rate of an update. */
export type Schedule = (step: number) => number;

/** The same rate for every update. */
export function constantSchedule(rate: number): Schedule {
  return () => rate;
}

/**
 * The rate of the update before; the first one twice. Training loops that set the rate after each update from its index
 * (the classification recipe of InternVL) are one behind.
 */
export function oneUpdateBehind(schedule: Schedule): Schedule {
  return (step) => schedule(Math.max(step - 1, 0));
}
