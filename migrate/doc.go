// Package migrate says of Connected Apps and External Client Apps which can
// move, what stands in the way and what is unsafe about them.
//
// [Audit] takes what was read, asks every one of [Rules] about every app, and
// makes a [Report] of the answers. Rules are data; a rule whose evidence is
// missing answers unknown and never passes in silence. The verdict of an app
// follows from its findings alone, by [Judge].
package migrate
