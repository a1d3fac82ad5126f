// Package waves turns an audit into a plan of migration: which apps move when,
// each with its runbook, and says by what was seen in an org where each stands.
//
// # A plan is data
//
// A [Plan] is the only truth that is kept. It says what was known when it was
// made; where an app stands is read of the org and of the files beside the plan,
// every time ([Stand]). The steps of a runbook are a table, one row a step, and
// so is what a step is recognised by.
//
// # What goes together
//
// Apps that one client uses move in one wave, or in waves that follow each other
// where one has no room; each such tie names the evidence that it was read from.
package waves
