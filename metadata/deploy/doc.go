// Package deploy carries a plan out: it reads what an org has, sends a deploy,
// watches it, and says what became of it.
//
// # Never twice
//
// A deploy is not idempotent, and the network may drop after the org has it and
// before the answer is back. Such a deploy is looked for among those of the same
// user, by its content, and watched like any other. It is sent again only if the
// org surely has none; if that cannot be told, Run says so and stops.
//
// # Never left behind
//
// When the context ends, the org's work goes on: Run returns an error that knows
// the deploy's id, so that it can be resumed or cancelled.
package deploy
