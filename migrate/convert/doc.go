// Package convert makes External Client Apps of Connected Apps, and accounts for
// every element on the way.
//
// The mapping is one table, [Mapping]: a row for each element that a Connected
// App can have, with where it goes and by which rule. [Convert] walks the rows,
// "explain" and docs/reference print them. Nothing is dropped in silence: each
// leaf of the input has exactly one [Field] in the result, which says whether it
// was copied, renamed, transformed, left out or lost, and what to do then. What
// the input does not say and the result does is there too, as defaulted.
//
// Two conventions are known: the tool's own, which is what generate would name
// and what lint finds no error in, and with [Options.LikeSetup] that of
// Salesforce's own migration, Setup's button, values and names included.
package convert
